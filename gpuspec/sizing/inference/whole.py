"""What each GPU of a tensor-parallel group holds beside its share of the weights."""

from gpuspec.architectures.parts import TOWERS, StoredWeights
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import Answering, tensor_of
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.weights import bytes_of, in_scheme

MOST_POSITIONS = 2**24
"""Beyond it a context is a slip of the pen, or stands for "no limit"; the longest published is 10 million."""
_LATENT_HEADS = ((128, 128), (192, 256), (64, 128), (64, 64))
"""Width of a head's keys without their rotated part, and of its values, in published models with latent attention:
DeepSeek-V2 and V3, Kimi K2; GLM-5; Mistral Small 4; MiniCPM3."""
_INDEX_HEADS = (64, 32)
"""Heads of the indexer of sparse attention: DeepSeek-V3.2; GLM-5. Each is 128 wide."""
_INDEX_HEAD = 128


class Beside(NamedTuple):
    """Bytes that a GPU holds beside its share of the weights."""

    low: float = 0.0
    expected: float = 0.0
    high: float = 0.0


def beside_share(at: Answering) -> Beside:
    """What is not divided, and the tables of rotary embeddings, on one GPU.

    Source: vLLM 0.33.0, with which SGLang 0.5.10 agrees. `ReplicatedLinear`: routers, and in deepseek_v2.py the first
    projections of latent attention and its indexer; `QKVParallelLinear` (layers/linear.py): keys and values of fewer
    heads than GPUs are copied. Towers are divided by some models' code only, and with `--mm-encoder-tp-mode data` by
    none: at most they are whole."""
    shape, tensor = at.shape, tensor_of(at.workload, at.gpus)
    table = _rotary_table(at)
    found = Beside(0.0, table, table * _most_tables(at))
    if tensor == 1 or at.engine.memory.buffers or not shape.exact:
        return found
    rows = in_scheme(shape, find_scheme(at.scheme))
    each = (tensor - 1) / at.gpus
    sure = each * _bytes_in(rows, ("router", "norms")) + _copied_heads(shape, rows, tensor) / at.gpus
    less, usual, most = (each * size for size in _first_projections(shape, rows))
    towers = each * _bytes_in(rows, TOWERS)
    return Beside(sure + less, found.expected + sure + usual, found.high + sure + most + towers)


def _bytes_in(rows: list[StoredWeights], parts: tuple[str, ...]) -> float:
    return sum(bytes_of(row) for row in rows if row.part in parts)


def _bytes_each(rows: list[StoredWeights]) -> float:
    """Of a weight in attention; 0 where weights are not known by part."""
    those = [row for row in rows if row.part == "attention"]
    return sum(map(bytes_of, those)) / max(sum(row.parameters for row in those), 1)


def _copied_heads(shape: Shape, rows: list[StoredWeights], tensor: int) -> float:
    """Bytes, of all GPUs, that copies of key and value heads add to the weights."""
    copied = sum(
        shape.hidden * cache.width * cache.layers * (tensor / cache.heads - 1)
        for cache in shape.caches
        if cache.kind in ("full", "window") and 0 < cache.heads < tensor
    )
    return copied * _bytes_each(rows)


def _first_projections(shape: Shape, rows: list[StoredWeights]) -> tuple[float, float, float]:
    """(least, expected, most) bytes of the matrices that latent attention begins with. That of keys and values is as
    wide as their cache. That of queries is one, a multiple of 64, with which all attention has its known size; where
    none has, it may be missing, or be half of the model wide."""
    layers = sum(cache.layers for cache in shape.caches if cache.kind == "latent")
    width = _latent_width(shape)
    each = _bytes_each(rows)
    if not layers or not each:
        return 0.0, 0.0, 0.0
    known = float(shape.hidden * width * layers)
    indexed = sum(cache.layers for cache in shape.caches if cache.kind == "index") == layers
    total = sum(row.parameters for row in rows if row.part == "attention" and row.linear) / layers
    found = []
    for heads in _INDEX_HEADS if indexed else (0,):
        index = shape.hidden * (_INDEX_HEAD + heads) if heads else 0
        for rank in _query_ranks(shape, total - index, width, heads):
            whole = known + layers * (shape.hidden * rank + index + rank * heads * _INDEX_HEAD)
            found.append(each * whole)
    if found:
        return min(found), sum(found) / len(found), max(found)
    return each * known, each * known, each * (known + layers * shape.hidden**2 / 2)


def _query_ranks(shape: Shape, total: float, width: int, index_heads: int) -> set[int]:
    """The widths that the queries' first projection may have, where a layer's attention has `total` weights."""
    rotated = _rotated(width)
    rank = width - rotated
    found = set()
    for key, value in _LATENT_HEADS:
        rest = total - shape.hidden * width - rank * shape.heads * (key + value)
        rest -= shape.heads * value * shape.hidden
        wide = rest / (shape.hidden + shape.heads * (key + rotated) + index_heads * _INDEX_HEAD)
        if 0 < wide <= shape.hidden / 2 and wide % 64 == 0:
            found.add(int(wide))
    return found


def _latent_width(shape: Shape) -> int:
    """Elements of a token in a layer's cache of latent attention; 0 where the model has none."""
    return max((cache.width for cache in shape.caches if cache.kind == "latent"), default=0)


def _rotated(width: int) -> int:
    """Of a latent cache's width, that of the rotated key: the rank of the rest is a power of two."""
    return int(width - 2 ** (width.bit_length() - 1)) if width else 0


def _rotary_table(at: Answering) -> float:
    """Bytes of the cosines and sines of all positions that the model can have, whatever length is served: one table,
    which all layers share (vLLM rotary_embedding/base.py, `cos_sin_cache`)."""
    shape = at.shape
    if not shape.exact or not shape.max_context:
        return 0.0
    latent = _latent_width(shape)
    wide = _rotated(latent) if latent else shape.head_dim
    if not any(cache.kind in ("full", "window") for cache in shape.caches) and not latent:
        return 0.0
    return float(min(shape.max_context, MOST_POSITIONS) * wide * at.engine.memory.rotary_bytes)


def _most_tables(at: Answering) -> float:
    """By how many times that may be more: positions in pictures have four times as many (`MRotaryEmbedding`); layers
    that look back over a window may have a table of their own (Gemma 3)."""
    if any(cache.kind == "window" for cache in at.shape.caches):
        return 2.0
    model = at.workload.model
    return 4.0 if model and model.task == "vlm" else 1.0
