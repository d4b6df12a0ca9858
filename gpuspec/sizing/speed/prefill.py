"""How fast prompts are read.

Each token is two floating-point operations per parameter that it passes through, and attention four per element of
the query and token before it: arithmetic bounds it, at a share that the engine reaches (`engines/prefill.py`). A
prompt is read in passes of a chunk each, and no pass is quicker than a reading of the weights that it touches.
"""

from gpuspec.architectures.parts import BESIDE, TOWERS, StoredWeights
from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.inference.setup import text_model
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.speed.deployment import Deployment
from gpuspec.sizing.speed.links import all_reduce
from gpuspec.sizing.speed.matmul import matmul_tflops, peak_tflops
from gpuspec.sizing.speed.on_host import HostShare, host_share
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.weights import bytes_of
from gpuspec.workload import Workload

CHUNK = 8192
"""Tokens of one pass where the engine takes a whole prompt at once: longer ones gain nothing more."""
FROM_HOST_GBS = (6.0, 13.0, 24.0)
"""Weights that llama.cpp keeps on the host come over PCIe for each pass; mapped from files they are not pinned, and
so slower than PCIe 4.0 could (a 27B in Q4_K_M on an RTX 4070, runs of 2026-08: 10 to 14)."""
FEW = 8.0
"""Tokens that an expert gets up to which kernels for single tokens read its weights, and hardly compute."""
_ORDER = (2, 1, 0)
"""A high share is a low time."""


class Prefill(NamedTuple):
    """One prompt read by a machine that does nothing else. `seconds` until its cache is there (without what a server
    adds to each request), `per_second` tokens of it."""

    tokens: float
    seconds: Range
    per_second: Range
    why: str
    request: Range = Range(0.0, 0.0, 0.0)
    """Seconds that a request takes beside, until its first token."""


def prefill(
    workload: Workload, gpu: Gpu, gpus: int = 1, *, tokens: float, before: float = 0.0
) -> Prefill | Unsized:
    """How fast a prompt of so many tokens is read, where `before` others are in the cache already."""
    model = text_model(workload)
    if isinstance(model, Unsized):
        return model
    most = matmul_tflops(gpu)
    if most is None:
        return Unsized(f"the TFLOPS of {gpu.name} are not known")
    at = Deployment(
        workload, model.shape, model.scheme, model.engine, gpu, gpus=gpus, sequences=1, cached=before + tokens
    )
    host, engine, shape = host_share(at), at.engine.prefill, model.shape
    seconds = Range(*(_PrefillTime(at, host, most, end).whole(tokens, before) for end in _ORDER))
    flops = 2 * sum(row.active for row, _ in at.stored if _reads(row))
    why = f"{flops / 1e9:,.1f} GFLOP a token and attention over {before + tokens / 2:,.0f} on average"
    why += f"; {host.why} on the host" if host.why else ""
    beside = (
        engine.request[end]
        + shape.layers * engine.request_layer[end]
        + (engine.alone[end] - 1) * seconds[end]
        for end in range(3)
    )
    return Prefill(tokens, seconds, seconds.inverse().times(tokens), why, Range(*beside))


def _reads(row: StoredWeights) -> bool:
    """Whether each token of a prompt goes through it: embeddings are looked up, the head is for the last token."""
    return row.part not in (*TOWERS, *BESIDE, "embedding", "head") and row.parameters > 0


class _PrefillTime(NamedTuple):
    """What reads: a machine, what of the model is on its host, the 16-bit TFLOPS that no kernel exceeds there; `end`:
    which of each range of shares."""

    at: Deployment
    host: HostShare
    most: Range
    end: int

    def whole(self, tokens: float, before: float) -> float:
        """Seconds of all passes."""
        at, engine = self.at, self.at.engine.prefill
        defaults = at.engine.default(at.workload.engine_version, at.gpu.name, at.gpu.vram_gib)
        chunk = float(at.workload.max_batched_tokens or defaults.chunk or CHUNK)
        number, rest = int(tokens // chunk), tokens % chunk
        time = number * self.one_pass(chunk) if number else 0.0
        time += self.one_pass(rest) if rest else 0.0
        half = (at.gpu.fp16_tflops or 0.0) * self._fills
        looks = min(half * engine.attention[self.end], self._most) * 1e12 * at.tensor_parallel
        time += attention_flops(at.shape, tokens, before) / looks
        time += state_flops(at.shape, tokens) / (half * engine.state[self.end] * 1e12 * at.tensor_parallel)
        gain = (0.0, engine.overlaps, min(1.0, engine.overlaps * 1.15))[self.end]
        return time * overlapped(tokens / chunk, at.stages, gain)

    def one_pass(self, tokens: float) -> float:
        """Seconds of one but for what mixes tokens: arithmetic, or the reading of weights where that takes longer;
        what is on the host comes over; GPUs that share layers sum what they have, twice a layer."""
        at = self.at
        computed = read = brought = 0.0
        for row, _ in at.stored:
            if _reads(row):
                computed += 2 * row.active * tokens / (self._tflops(row, tokens) * 1e12)
                size = bytes_of(row) * at.touched(row, tokens)
                away = self.host.experts if row.part == "experts" else 0.0
                read += size
                brought += size * max(away, self.host.layers)
        bandwidth = (at.gpu.bandwidth_gbs or 0.0) * 1e9 * at.engine.decode.bandwidth[self.end]
        time = max(computed, read / bandwidth if bandwidth else 0.0) / at.tensor_parallel
        time += brought / (FROM_HOST_GBS[self.end] * 1e9)
        back = 2 - self.end
        if at.tensor_parallel > 1:
            sums = all_reduce(at.link, at.tensor_parallel, tokens * at.shape.hidden * 2)
            time += 2 * at.shape.layers * sums[back]
        return time + at.shape.layers * at.engine.prefill.layer[back]

    @property
    def _most(self) -> float:
        """TFLOPS that the GPU's power keeps up; nobody knows that so well that nothing could be faster."""
        return float("inf") if self.end == 2 else self.most[self.end]

    @property
    def _fills(self) -> float:
        return self.at.engine.prefill.fills.get(self.at.gpu.compute_capability or "", 1.0)

    def _tflops(self, row: StoredWeights, tokens: float) -> float:
        """What is reached in the products of these weights: a share of the precision that they are computed
        in."""
        engine, gpu = self.at.engine.prefill, self.at.gpu
        half = gpu.fp16_tflops or 0.0
        experts = row.part == "experts"
        whole, share = half, engine.experts if experts else engine.dense
        integer = engine.integer_experts if experts else engine.integer
        if integer and row.bits < 16:
            whole, share = gpu.int8_tops or 2 * half, integer
        else:
            whole = peak_tflops(row, gpu, engine.weights_only)
            if whole != half and not experts:
                share = engine.narrow
        filled = min(1.0, max(tokens * row.active / row.parameters, FEW) / engine.tile) if experts else 1.0
        return min(whole * share[self.end] * self._fills, self._most * whole / half) * filled


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
