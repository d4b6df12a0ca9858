"""Weights: what a model's parameters occupy in every scheme."""

from collections.abc import Iterable

from gpuspec.architectures.parts import StoredWeights
from gpuspec.catalog import Model
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import DTYPE_BITS, Scheme, find_scheme
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.workload import Workload

GIB = 2.0**30


class Weights(NamedTuple):
    """Bytes of a model's weights and the arithmetic in words."""

    low: float
    expected: float
    high: float
    why: str


def weights(
    shape: Shape,
    scheme: str,
    *,
    untied_head: bool = False,
    drafts: bool = False,
    leaves: tuple[str, ...] = (),
) -> Weights:
    """Bytes of the weights in a scheme; as the checkpoint keeps them where that is the scheme it has.

    `untied_head`: the engine stores the output head of a tied model a second time (AutoAWQ and FP8 checkpoints in
    transformers). `drafts`: the layers for speculative decoding are there, too. `leaves`: parts that the engine's
    quantizer cannot take. Raises KeyError where it is not `sizable`."""
    row = find_scheme(scheme)
    if not sizable(shape, scheme):
        raise KeyError(scheme)
    rows = in_scheme(shape, row, drafts=drafts, leaves=leaves)
    head = shape.vocab * shape.hidden * 2.0 if untied_head and shape.tied else 0.0
    size = sum(bytes_of(each) for each in rows) + head
    why = _why(rows) + (f" + the output head stored again ({head / GIB:.2f} GiB)" if head else "")
    if row.quantizes == "everything":
        return Weights(size * 0.995, size, size * 1.01, why)
    if all(each.bits >= 16 for each in rows):
        return Weights(size * 0.995, size, size * 1.005, why)
    doubted = bool(shape.why_unsure or shape.storage_unsure)
    spread = 0.01 if shape.exact and (shape.sure or not doubted) else 0.04
    less, more = _left_out(rows) if shape.storage_unsure else (0.0, 0.0)
    # Where nobody read the checkpoint, what kernels pad is not counted: up to 2 % (vLLM's logs of AWQ and FP8).
    padded = spread if _kept_in(shape, row) else max(spread, 0.02)
    return Weights(size * (1 - spread) - less, size, size * (1 + padded) + more, why)


_SOMETIMES = ("attention", "mixer", "shared experts")
"""Parts that the makers of quantized uploads leave out, or keep in 8 bit."""


def _left_out(rows: Iterable[StoredWeights]) -> tuple[float, float]:
    """(bytes less if what is in 16 bit were in 8, bytes more if what is in fewer were in 16) of such parts."""
    those = [row for row in rows if row.linear and row.part in _SOMETIMES]
    less = sum(row.parameters for row in those if row.bits >= 16)
    more = sum(row.parameters * (16 - row.bits) / 8 for row in those if row.bits < 16)
    return float(less), more


def sizable(shape: Shape, scheme: str) -> bool:
    """Whether the size of a scheme is known: its bits, or those that the checkpoint has in it."""
    row = find_scheme(scheme)
    return row.bits is not None or _kept_in(shape, row)


def as_stored(model: Model) -> float:
    """Bytes of all weights, as the model's repository keeps them."""
    return sum(map(bytes_of, model.weights))


def in_named_scheme(model: Model, scheme: str) -> Model:
    """The model as an upload keeps it whose name states a scheme. Where the scheme has no size of its own (a GGUF
    repository holds files of several) its weights are not known."""
    found = shape_of(Workload(model=model))
    if not isinstance(found, Shape) or not sizable(found, scheme):
        return model._replace(native_dtype=scheme, weights=(), weights_gib=None)
    rows = in_scheme(found, find_scheme(scheme), drafts=True) if model.weights else ()
    return model._replace(native_dtype=scheme, weights=tuple(rows), weights_gib=None)


def bytes_of(row: StoredWeights) -> float:
    """Bytes of these weights."""
    return row.parameters * row.bits / 8


def in_scheme(
    shape: Shape, scheme: Scheme, *, drafts: bool = False, leaves: tuple[str, ...] = ()
) -> list[StoredWeights]:
    """The weights by part as they are in a scheme: as they are kept, where the checkpoint has it, else quantized
    while they load, as far as the scheme reaches."""
    bits = scheme.bits or 16.0
    rows = [*shape.weights, *(shape.drafts if drafts else ())]
    if _kept_in(shape, scheme):
        return rows
    if scheme.quantizes == "everything":
        return [_in_gguf(row, scheme, shape) for row in rows]
    if scheme.name in DTYPE_BITS:
        return [row._replace(scheme=scheme.name, bits=bits) for row in rows]
    if scheme.quantizes == "experts" and shape.expert_params:
        taken = {"experts"}
    else:
        taken = {row.part for row in rows} - {"embedding", *scheme.keeps, *leaves}
    return [
        row._replace(scheme=scheme.name, bits=bits)
        if row.part in taken and (row.linear or row.part == "experts")
        else row._replace(scheme="bf16", bits=16.0)
        for row in rows
    ]


def _in_gguf(row: StoredWeights, scheme: Scheme, shape: Shape) -> StoredWeights:
    """Weights in a GGUF file of this type. Experts that are in MXFP4 by birth are copied as they are; types of fewer
    bits take them only where a row of the matrix is made of whole blocks of 256."""
    bits = scheme.bits or 16.0
    if row.scheme == "mxfp4" and (bits > row.bits or shape.hidden % 256):
        return row
    if scheme.by_part:
        once = scheme.by_part.head if shape.tied else scheme.by_part.embedding
        bits = {"embedding": once, "head": scheme.by_part.head}.get(row.part, scheme.by_part.rest)
    return row._replace(scheme=scheme.name, bits=bits)


def _kept_in(shape: Shape, scheme: Scheme) -> bool:
    """Whether the checkpoint is quantized so. Names differ for what is the same in a few weights: a checkpoint called
    AWQ may say of itself that it is int4."""
    quantized = [row for row in shape.weights if row.bits < 16]
    if scheme.quantizes == "everything":
        return bool(quantized) and shape.native == scheme.name
    return any(scheme.name == row.scheme or scheme.width == int(row.bits) for row in quantized)


def _why(rows: Iterable[StoredWeights]) -> str:
    """The arithmetic in words: parameters by bits, and which parts are in the fewer of them."""
    groups: dict[float, list[StoredWeights]] = {}
    for row in rows:
        groups.setdefault(row.bits, []).append(row)
    sizes = {bits: sum(row.parameters for row in group) / 1e9 for bits, group in groups.items()}
    if len(sizes) == 1:
        ((bits, billions),) = sizes.items()
        return f"{billions:.3f} B parameters × {bits:g} bits"
    terms: list[str] = []
    for bits in sorted(sizes, key=lambda each: -sizes[each]):
        parts = list(dict.fromkeys(row.part for row in groups[bits]))
        named = f" ({', '.join(parts[:3])}{' …' if len(parts) > 3 else ''})" if terms else ""
        terms.append(f"{sizes[bits]:.3f} B{named} × {bits:g} bits")
    return " + ".join(terms)
