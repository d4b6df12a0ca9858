"""Weights: what a model's parameters occupy in every scheme."""

from typing import NamedTuple

from gpuspec.quantization import find_scheme
from gpuspec.sizing.shape import Shape

GIB = 2.0**30


class Weights(NamedTuple):
    """Bytes of a model's weights and the arithmetic in words."""

    low: float
    expected: float
    high: float
    why: str


def weights(shape: Shape, scheme: str, *, untied_head: bool = False) -> Weights:
    """Bytes of the weights in a scheme.

    `untied_head`: the engine stores the output head of a tied model a second time (AutoAWQ and FP8
    checkpoints in transformers). Embeddings stay in 16 bit in every scheme but GGUF, whose bits are
    those of the whole file. Raises KeyError for a scheme that has no bits."""
    row = find_scheme(scheme)
    bits = row.bits
    if bits is None:
        raise KeyError(scheme)
    billions = shape.params / 1e9
    head = shape.vocab * shape.hidden * 2.0 if untied_head and shape.tied else 0.0
    again = f" + the output head stored again ({head / GIB:.2f} GiB)" if head else ""
    file = row.quantizes == "everything"
    if file or bits >= 16:
        size = shape.params * bits / 8 + head
        note = f"{billions:.3f} B parameters × {bits:g} bits{again}"
        return Weights(size * 0.995, size, size * (1.01 if file else 1.005), note)
    whole = row.quantizes == "experts" and shape.expert_params
    quantized = shape.expert_params if whole else max(shape.params - shape.embedding, 0.0)
    kept = shape.params - quantized
    size = quantized * bits / 8 + kept * 2 + head
    rest = "all but the experts" if whole else "embeddings"
    note = f"{quantized / 1e9:.3f} B × {bits:g} bits + {kept / 1e9:.3f} B ({rest}) × 16 bits{again}"
    spread = 0.01 if shape.exact else 0.04
    return Weights(size * (1 - spread), size, size * (1 + spread), note)
