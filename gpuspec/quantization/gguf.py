"""GGUF: how many bits a weight takes in each type of file, by the part of the model it belongs to."""

from gpuspec.named_tuple import NamedTuple

GGUF_BITS = {
    "F32": 32.0, "BF16": 16.0, "F16": 16.0005, "Q8_0": 8.5008, "Q6_K": 6.5633, "Q5_K_M": 5.7036, "Q5_K_S": 5.5704,
    "Q5_1": 6.06, "Q5_0": 5.58, "Q4_K_M": 4.8944, "Q4_K_S": 4.6672, "Q4_1": 5.12, "Q4_0": 4.64, "Q3_K_L": 4.2979,
    "Q3_K_M": 3.9960, "Q3_K_S": 3.6429, "Q2_K": 3.1593, "Q2_K_S": 2.9697, "IQ4_NL": 4.6818, "IQ4_XS": 4.4597,
    "IQ3_M": 3.7628, "IQ3_S": 3.6606, "IQ3_XS": 3.4977, "IQ3_XXS": 3.2548, "IQ2_M": 2.9294, "IQ2_S": 2.7403,
    "IQ2_XS": 2.5882, "IQ2_XXS": 2.3824, "IQ1_M": 2.1460, "IQ1_S": 2.0042, "TQ1_0": 1.98, "TQ2_0": 2.33,
}  # fmt: skip
"""Whole-file bits per parameter. Source: llama.cpp tools/quantize/README.md, Llama-3.1-8B table."""
GGUF_TYPES = frozenset(kind.lower() for kind in GGUF_BITS) | frozenset(
    "q2_k_l q2_k_xl q3_k q3_k_xl q4_k q4_k_l q4_k_xl q5_k q5_k_l q5_k_xl q6_k_l q6_k_xl q8_k_xl".split()  # noqa: SIM905
)
"""Types that file names state; of the second half nobody publishes a size."""

_OF_BLOCKS = {
    "Q2_K": 2.625, "Q3_K": 3.4375, "Q4_K": 4.5, "Q5_K": 5.5, "Q6_K": 6.5625, "Q8_0": 8.5, "Q4_0": 4.5, "Q4_1": 5.0,
    "Q5_0": 5.5, "Q5_1": 6.0, "IQ4_NL": 4.5, "IQ4_XS": 4.25, "IQ3_S": 3.4375,
}  # fmt: skip
"""Bits of a weight in one matrix of a type: its block with the scales (ggml-common.h)."""

_EIGHT_BIT_ENDS = {"Q2_K_L": "Q2_K", "Q4_K_L": "Q4_K_M", "Q5_K_L": "Q5_K_M", "Q6_K_L": "Q6_K"}
"""Types whose embedding and head are in Q8_0 → the type of the rest (the model cards of bartowski's uploads)."""

_MEASURED_ON = 8_030_261_248
_ITS_EMBEDDING = 128_256 * 4096
"""Parameters of Llama-3.1-8B, and of its embedding; its head is as large."""


class PartBits(NamedTuple):
    """Bits of a weight in a GGUF file."""

    embedding: float
    """Of the input embedding where the head is another matrix."""
    head: float
    """Of the head; of the embedding where that is the head, too."""
    rest: float


def part_bits(kind: str) -> PartBits | None:
    """Bits by part in a type of file ("Q4_K_M"); None where its size is not known.

    Which type embedding and head get is llama_tensor_get_type of llama.cpp's llama-quant.cpp. The rest is what is
    left of the whole file that was measured."""
    if kind in _EIGHT_BIT_ENDS:
        rest = part_bits(_EIGHT_BIT_ENDS[kind])
        return rest and rest._replace(embedding=_OF_BLOCKS["Q8_0"], head=_OF_BLOCKS["Q8_0"])
    whole = GGUF_BITS.get(kind)
    if whole is None:
        return None
    if whole >= 8:
        return PartBits(whole, whole, whole)
    head, embedding = "Q6_K", "_".join(kind.split("_")[:2])
    if kind.startswith(("IQ1", "IQ2", "IQ3_XXS")):
        head, embedding = "Q5_K", "Q2_K" if kind.startswith(("IQ1", "IQ2_X")) else "IQ3_S"
    elif kind.startswith("IQ3"):
        embedding = "IQ3_S"
    elif kind.startswith("TQ"):
        embedding = "Q4_K"
    once, twice = _OF_BLOCKS[embedding], _OF_BLOCKS[head]
    left = whole * _MEASURED_ON - _ITS_EMBEDDING * (once + twice)
    return PartBits(once, twice, left / (_MEASURED_ON - 2 * _ITS_EMBEDDING))


def whole_bits(kind: str) -> float | None:
    """Bits of a weight over the whole file, as they are in Llama-3.1-8B."""
    known, parts = GGUF_BITS.get(kind), part_bits(kind)
    if known or parts is None:
        return known
    ends = _ITS_EMBEDDING * (parts.embedding + parts.head)
    return (ends + (_MEASURED_ON - 2 * _ITS_EMBEDDING) * parts.rest) / _MEASURED_ON
