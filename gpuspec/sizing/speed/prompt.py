"""How fast prompts are read.

Each token is two floating-point operations per parameter that it passes through, and attention four per element of
the query and token before it: arithmetic bounds it, at a share that the engine reaches (`engines/reading.py`). A
prompt is read in passes of a chunk each, and no pass is quicker than a reading of the weights that it touches.
"""

from gpuspec.architectures.parts import BESIDE, TOWERS, StoredWeights
from gpuspec.catalog import Gpu
from gpuspec.engines import Engine, engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import scheme_of, tensor_of
from gpuspec.sizing.memory import Unsized, unknown_scheme
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.weights import in_scheme, sizable
from gpuspec.workload import Workload

CHUNK = 8192
"""Tokens of one pass where the engine takes a whole prompt at once: longer ones gain nothing more."""
_ORDER = (2, 1, 0)
"""A high share is a low time."""


class Prompt(NamedTuple):
    """One prompt read by a machine that does nothing else. `seconds` until its cache is there (without what a server
    adds to each request), `per_second` tokens of it."""

    tokens: float
    seconds: Range
    per_second: Range
    why: str


def prompt(
    workload: Workload, gpu: Gpu, gpus: int = 1, *, tokens: float, before: float = 0.0
) -> Prompt | Unsized:
    """How fast a prompt of so many tokens is read, where `before` others are in the cache already."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    scheme = scheme_of(workload, shape)
    if not sizable(shape, scheme):
        return unknown_scheme(scheme)
    engine = engine_of(workload.engine)
    if not gpu.fp16_tflops:
        return Unsized(f"the TFLOPS of {gpu.name} are not known")
    rows = [row for row in in_scheme(shape, find_scheme(scheme)) if _reads(row)]
    split = _split(workload, gpus)
    passes = _passes(workload, engine, gpu, tokens)
    found = [
        _seconds(rows, shape, engine, gpu, passes=passes, before=before, tokens=tokens, split=split, at=at)
        for at in _ORDER
    ]
    seconds = Range(*found)
    flops = 2 * sum(row.active for row in rows)
    why = f"{flops / 1e9:,.1f} GFLOP a token and attention over {before + tokens / 2:,.0f} on average"
    return Prompt(tokens, seconds, seconds.inverse().times(tokens), why)


def _reads(row: StoredWeights) -> bool:
    """Whether each token of a prompt goes through it: embeddings are looked up, the head is for the last token."""
    return row.part not in (*TOWERS, *BESIDE, "embedding", "head") and row.parameters > 0


def _split(workload: Workload, gpus: int) -> int:
    """GPUs that work on one pass together."""
    return tensor_of(workload, max(gpus // (workload.data_parallel or 1), 1))


def _passes(workload: Workload, engine: Engine, gpu: Gpu, tokens: float) -> tuple[int, float, float]:
    """(whole passes, tokens of each, tokens of the last)."""
    defaults = engine.default(workload.engine_version, gpu.name, gpu.vram_gib)
    chunk = float(workload.max_batched_tokens or defaults.chunk or CHUNK)
    whole = int(tokens // chunk)
    return whole, chunk, tokens - whole * chunk


def _seconds(
    rows: list[StoredWeights],
    shape: Shape,
    engine: Engine,
    gpu: Gpu,
    *,
    passes: tuple[int, float, float],
    before: float,
    tokens: float,
    split: int,
    at: int,
) -> float:
    whole, chunk, rest = passes
    time = whole * _pass(rows, shape, engine, gpu, tokens=chunk, split=split, at=at) if whole else 0.0
    if rest:
        time += _pass(rows, shape, engine, gpu, tokens=rest, split=split, at=at)
    assert gpu.fp16_tflops
    reached = gpu.fp16_tflops * 1e12 * engine.reading.attention[at] * split
    return time + attention_flops(shape, tokens, before) / reached


def _pass(
    rows: list[StoredWeights], shape: Shape, engine: Engine, gpu: Gpu, *, tokens: float, split: int, at: int
) -> float:
    """Seconds of one pass but for attention: arithmetic, or the reading of weights where that takes longer."""
    reading = engine.reading
    computed = read = 0.0
    for row in rows:
        share = reading.experts[at] if row.part == "experts" else reading.dense[at]
        computed += 2 * row.active * tokens / (tflops_of(row, engine, gpu) * 1e12 * share)
        touched = 1 - (1 - row.active / row.parameters) ** tokens
        read += row.parameters * row.bits / 8 * touched
    moved = read / (gpu.bandwidth_gbs * 1e9 * engine.pace.bandwidth[at]) if gpu.bandwidth_gbs else 0.0
    return max(computed, moved) / split + shape.layers * reading.layer[2 - at]


def tflops_of(row: StoredWeights, engine: Engine, gpu: Gpu) -> float:
    """Dense TFLOPS of the precision that weights are computed in: 16 bit, unless activations are quantized too and
    the GPU computes in 8 or 4 bit."""
    half = gpu.fp16_tflops or 0.0
    scheme = find_scheme(row.scheme)
    if row.bits >= 16 or scheme.name in engine.reading.weights_only:
        return half
    if scheme.quantizes == "weights and activations" and gpu.fp8:
        return gpu.fp8_tflops or 2 * half
    if scheme.native_capability >= 10 and gpu.fp4:
        return gpu.fp4_tflops or 4 * half
    return half


def attention_flops(shape: Shape, tokens: float, before: float) -> float:
    """Operations of attention while a prompt is read: scores and the sum over values, two operations each, for every
    token and each one that it may look at (FlashAttention skips those after it)."""
    total = 0.0
    for cache in shape.caches:
        if cache.kind in ("state", "cross", "index") or not cache.width:
            continue
        seen = before * tokens + tokens * tokens / 2
        if cache.window:
            seen = min(seen, tokens * cache.window)
        total += cache.layers * 4 * shape.query_width * seen / max(cache.stride, 1)
    return total
