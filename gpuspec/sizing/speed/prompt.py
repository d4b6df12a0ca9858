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
FEW = 8.0
"""Tokens that an expert gets up to which kernels for single tokens read its weights, and hardly compute."""
_ORDER = (2, 1, 0)
"""A high share is a low time."""


class Prompt(NamedTuple):
    """One prompt read by a machine that does nothing else. `seconds` until its cache is there (without what a server
    adds to each request), `per_second` tokens of it."""

    tokens: float
    seconds: Range
    per_second: Range
    why: str
    request: Range = Range(0.0, 0.0, 0.0)
    """Seconds that a request takes beside, until its first token."""


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
    of_copy = max(gpus // (workload.data_parallel or 1), 1)
    split = tensor_of(workload, of_copy)
    passes = _passes(workload, engine, gpu, tokens)
    gain = (0.0, engine.reading.overlaps, min(1.0, engine.reading.overlaps * 1.15))
    number = passes[0] + (passes[2] > 0)
    seconds = Range(
        *(
            _Reader(rows, shape, engine, gpu, at).whole(passes, before)
            / split
            * overlapped(number, of_copy // split, gain[at])
            for at in _ORDER
        )
    )
    flops = 2 * sum(row.active for row in rows)
    why = f"{flops / 1e9:,.1f} GFLOP a token and attention over {before + tokens / 2:,.0f} on average"
    reading = engine.reading
    beside = (
        reading.request[at] + shape.layers * reading.request_layer[at] + (reading.alone[at] - 1) * seconds[at]
        for at in range(3)
    )
    return Prompt(tokens, seconds, seconds.inverse().times(tokens), why, Range(*beside))


def _reads(row: StoredWeights) -> bool:
    """Whether each token of a prompt goes through it: embeddings are looked up, the head is for the last token."""
    return row.part not in (*TOWERS, *BESIDE, "embedding", "head") and row.parameters > 0


def _passes(workload: Workload, engine: Engine, gpu: Gpu, tokens: float) -> tuple[int, float, float]:
    """(whole passes, tokens of each, tokens of the last)."""
    defaults = engine.default(workload.engine_version, gpu.name, gpu.vram_gib)
    chunk = float(workload.max_batched_tokens or defaults.chunk or CHUNK)
    whole = int(tokens // chunk)
    return whole, chunk, tokens - whole * chunk


class _Reader(NamedTuple):
    """What reads: the rows of weights that tokens go through, on one GPU; `at`: of each range."""

    rows: list[StoredWeights]
    shape: Shape
    engine: Engine
    gpu: Gpu
    at: int

    def whole(self, passes: tuple[int, float, float], before: float) -> float:
        """Seconds of all passes."""
        number, chunk, rest = passes
        time = number * self.one_pass(chunk) if number else 0.0
        time += self.one_pass(rest) if rest else 0.0
        tokens = number * chunk + rest
        reading, half = self.engine.reading, (self.gpu.fp16_tflops or 0.0) * 1e12
        half *= reading.fills.get(self.gpu.compute_capability or "", 1.0)
        looking = attention_flops(self.shape, tokens, before) / (half * reading.attention[self.at])
        return time + looking + state_flops(self.shape, tokens) / (half * reading.state[self.at])

    def one_pass(self, tokens: float) -> float:
        """Seconds of one but for what mixes tokens: arithmetic, or the reading of weights where that takes longer."""
        computed = read = 0.0
        for row in self.rows:
            computed += 2 * row.active * tokens / (self._tflops(row, tokens) * 1e12)
            touched = 1 - (1 - row.active / row.parameters) ** tokens
            read += row.parameters * row.bits / 8 * touched
        bandwidth = (self.gpu.bandwidth_gbs or 0.0) * 1e9 * self.engine.pace.bandwidth[self.at]
        moved = read / bandwidth if bandwidth else 0.0
        return max(computed, moved) + self.shape.layers * self.engine.reading.layer[2 - self.at]

    def _tflops(self, row: StoredWeights, tokens: float) -> float:
        """What is reached in the products of these weights: a share of the precision that they are computed in, 16
        bit unless activations are quantized too and the GPU computes in 8 or 4 bit."""
        reading, gpu = self.engine.reading, self.gpu
        half = gpu.fp16_tflops or 0.0
        experts = row.part == "experts"
        whole, share = half, reading.experts if experts else reading.dense
        scheme = find_scheme(row.scheme)
        integer = reading.integer_experts if experts else reading.integer
        if integer and row.bits < 16:
            whole, share = gpu.int8_tops or 2 * half, integer
        elif row.bits < 16 and scheme.name not in reading.weights_only:
            if scheme.quantizes == "weights and activations" and gpu.fp8:
                whole = gpu.fp8_tflops or 2 * half
            elif scheme.native_capability >= 10 and gpu.fp4:
                whole = gpu.fp4_tflops or 4 * half
            if whole != half and not experts:
                share = reading.narrow
        if experts:
            used = row.active / row.parameters
            whole *= min(1.0, max(tokens * used, FEW) / reading.tile)
        return whole * share[self.at] * reading.fills.get(gpu.compute_capability or "", 1.0)


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


def state_flops(shape: Shape, tokens: float) -> float:
    """Operations of layers that keep a state: to let it decay, to add to it and to read it, two each for every
    element and token."""
    return 6 * tokens * sum(cache.layers * cache.state for cache in shape.caches)


def overlapped(passes: float, stages: int, gain: float) -> float:
    """The part of the time that passes take through `stages` GPUs one after another, where those work on different
    passes at once: (passes + stages − 1) ÷ (passes × stages) at best, of which a share of `gain` is had."""
    if stages <= 1 or passes <= 1 or not gain:
        return 1.0
    return 1 - gain * (1 - (passes + stages - 1) / (passes * stages))
