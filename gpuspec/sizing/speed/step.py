"""One step, which writes a token of each sequence: what takes time in it.

Every weight that a token passes through is read once, and the cache of each sequence; many sequences need arithmetic
as well (roofline model, Williams et al. 2009). Beside that each layer launches its kernels, GPUs that share a layer
wait for each other twice in it, and what is on the host is read there. The parts are added up: matrix products and
attention take turns, and each kernel ends before the next begins.
"""

from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.speed.deployment import Deployment
from gpuspec.sizing.speed.links import all_reduce
from gpuspec.sizing.speed.matmul import peak_tflops
from gpuspec.sizing.speed.on_host import HANDED_OVER, HOST_CACHE_GBS, HOST_GBS, HostShare, host_share
from gpuspec.sizing.speed.rates import Range, StepPart

RECURRENT = 2.0
"""Blocks of attention that one with a state takes as long to launch as beside itself: a gated delta rule or a state
space is a convolution, norms, gates and the scan, three times the kernels (llama.cpp: 71 µs of such a layer's mixer
where attention takes 23)."""
ROUTED = 1.2
"""The same of a feed-forward block with experts: scores, the choice, and products that gather (llama.cpp 53 µs where
a dense one takes 23, vLLM 40 of 19)."""
LATENT = 1.0
"""The same of attention with latent vectors (MLA): projections down and up again."""
CONVOLUTION = 0.64
"""Blocks of attention that a convolution of a few tokens takes (LFM2): 9 kernels in llama.cpp's graph, not 14."""
VENDORS = {"nvidia": Range(1.0, 1.0, 1.0), "amd": Range(1.0, 1.4, 3.0)}
"""How much longer launches take than on NVIDIA's GPUs: on an RX 7900 XT 30 µs a block in llama.cpp, not 21."""
RECURRENT_SLOWER = {"amd": 2.2}
"""How much longer again those of a state: RX 7900 XT and XTX with Qwen3.5 and 3.6."""
UNKNOWN_VENDOR = Range(1.0, 2.0, 6.0)
"""Assumed."""
HANDED_ON = Range(20e-6, 100e-6, 500e-6)
"""Seconds to hand a step from GPU to GPU where each holds some of the layers: 2 × RTX 3060 beside one."""
EXCHANGED = Range(10e-6, 95e-6, 600e-6)
"""Seconds to send tokens to the GPUs that hold their experts, or back, where copies share them: 77 and 114 µs for 8
GPUs (DeepEP, performance of its first version); with other libraries several times as many, as in vLLM's recipe of
Qwen3-Coder-480B."""

UNKNOWN_CACHE = 0.1
"""Of a model whose layers nobody knows, the part of the cache that there is at least: a few layers may attend, and
the others keep a state."""


class Blocks(NamedTuple):
    """What the layers of a model are made of: blocks of attention, with a state, feed-forward, of a convolution."""

    attention: int
    recurrent: int
    feed_forward: int
    routed: bool
    latent: bool
    convolutions: int = 0

    def launched(self, recurrent_slower: float = 1.0) -> float:
        """Blocks of plain attention that take as long to launch."""
        return (
            self.attention * (1 + LATENT * self.latent)
            + self.convolutions * CONVOLUTION
            + self.recurrent * (1 + RECURRENT) * recurrent_slower
            + self.feed_forward * (1 + ROUTED * self.routed)
        )


def blocks_of(shape: Shape) -> Blocks:
    """The blocks of a model. Where layers with attention and with a state are fewer than all, the others are a
    feed-forward network alone (Nemotron-H); else each layer has one beside."""
    states = [cache for cache in shape.caches if cache.state]
    recurrent = max((cache.layers for cache in states), default=0)
    looking = sum(cache.layers for cache in shape.caches if cache.kind in ("full", "window", "latent"))
    attention = min(looking, shape.layers - recurrent) if recurrent else shape.layers
    alone = shape.layers - attention - recurrent
    latent = any(cache.kind == "latent" for cache in shape.caches)
    # What remembers a few tokens alone is a convolution.
    quick = len(states) == 1 and states[0].state * states[0].layers < 1e6
    return Blocks(
        attention,
        0 if quick else recurrent,
        alone if recurrent and alone > 0 else shape.layers,
        shape.experts_used > 0,
        latent,
        recurrent if quick else 0,
    )


def step_parts(at: Deployment) -> tuple[StepPart, ...]:
    """What takes time in a step of one copy. Needs a GPU whose bandwidth is known."""
    host = host_share(at)
    parts = [
        _weights(at, host),
        _cache(at, host),
        *_arithmetic(at),
        *_host(at, host),
        *_between(at),
    ]
    return (*parts, _launches(at, parts), _choosing(at))


def step_seconds(parts: tuple[StepPart, ...]) -> Range:
    """All parts one after another."""
    return Range(
        sum(part.seconds.low for part in parts),
        sum(part.seconds.expected for part in parts),
        sum(part.seconds.high for part in parts),
    )


def _read(size: float, share: tuple[float, float, float], bandwidth: float) -> Range:
    """Seconds to read so many bytes at shares of so many GB/s."""
    return Range(*(size / (part * bandwidth * 1e9) for part in (share[2], share[1], share[0])))


def _weights(at: Deployment, host: HostShare) -> StepPart:
    """Weights on GPUs. GPUs that share a layer read each their part; those that hold layers, one after another."""
    assert at.gpu.bandwidth_gbs
    size = 0.0
    for row, stored in at.stored:
        if row.part == "experts":
            many = at.batch * (at.copies if at.workload.expert_parallel else 1)
            spread = at.tensor_parallel * (at.copies if at.workload.expert_parallel else 1)
            size += stored * at.touched(row, many) * (1 - host.layers) * (1 - host.experts) / spread
        else:
            size += (
                stored * (1 if row.part in ("embedding", "head") else 1 - host.layers) / at.tensor_parallel
            )
    share = at.engine.decode.bandwidth
    why = f"{size / 1e9:,.2f} GB ÷ ({share[1]:g} × {at.gpu.bandwidth_gbs:,.0f} GB/s)"
    why += f", each of {at.tensor_parallel} GPUs its part" if at.tensor_parallel > 1 else ""
    why += f", {at.stages} groups of GPUs in turn" if at.stages > 1 else ""
    return StepPart("weights", _read(size, share, at.gpu.bandwidth_gbs), why)


def _cache(at: Deployment, host: HostShare) -> StepPart:
    assert at.gpu.bandwidth_gbs
    size = at.cache_read * (1 - host.layers)
    share = at.engine.decode.cache
    why = (
        f"{size / 1e9:,.2f} GB of {at.batch:,.0f} × {at.cached:,.0f} tokens ÷ ({share[1]:g} × the bandwidth)"
    )
    seconds = _read(size, share, at.gpu.bandwidth_gbs)
    if not at.shape.exact:
        seconds = seconds._replace(low=UNKNOWN_CACHE * seconds.low)
    return StepPart("cache", seconds, why)


def _arithmetic(at: Deployment) -> list[StepPart]:
    """Two operations for each weight that a token passes through. Those of the first token are done while its weights
    are on their way; nothing where the TFLOPS are not known."""
    more = at.batch - 1
    if not at.gpu.fp16_tflops or more <= 0:
        return []
    flops = sum(
        2 * row.active * more / peak_tflops(row, at.gpu, at.engine.prefill.weights_only)
        for row, _ in at.stored
        if row.part != "embedding" or at.shape.tied
    )
    share, least = at.engine.decode.compute, flops / 1e12 / at.tensor_parallel
    why = f"2 operations × {at.shape.active / 1e9:,.2f} B parameters × {more:,.0f} more tokens"
    return [StepPart("arithmetic", Range(least / share[2], least / share[1], least / share[0]), why)]


def _host(at: Deployment, host: HostShare) -> list[StepPart]:
    """What the host reads, of its own memory, and computes."""
    if not host.why:
        return []
    size, cached = 0.0, at.cache_read * host.layers
    for row, stored in at.stored:
        if row.part in ("embedding", "head"):
            continue
        part = host.layers + (1 - host.layers) * (host.experts if row.part == "experts" else 0.0)
        size += stored * at.touched(row, at.batch) * part
    handed = at.shape.layers * min(host.layers + host.experts, 1.0)
    seconds = Range(
        *(
            size / (gbs * 1e9) + cached / (looked * 1e9) + handed * wait
            for gbs, looked, wait in zip(
                reversed(HOST_GBS), reversed(HOST_CACHE_GBS), HANDED_OVER, strict=True
            )
        )
    )
    if not host.surely:
        seconds = seconds._replace(low=0.0)
    why = f"{host.why}: {size / 1e9:,.2f} GB ÷ {HOST_GBS.expected:g} GB/s, {handed:.0f} layers handed over"
    why += f", {cached / 1e9:,.2f} GB of cache ÷ {HOST_CACHE_GBS.expected:g} GB/s" if cached else ""
    return [StepPart("host", seconds, why)]


def _between(at: Deployment) -> list[StepPart]:
    """GPUs that share a layer add up what each has, after attention and after the feed-forward network (Megatron-LM,
    Shoeybi et al. 2019)."""
    parts = []
    if at.tensor_parallel > 1:
        link, size = at.link, at.batch * at.shape.hidden * 2
        times = 2 * at.shape.layers
        why = (
            f"{times} all-reduces of {size / 1e3:,.0f} kB between {at.tensor_parallel} GPUs over {link.name}"
        )
        parts.append(StepPart("all-reduce", all_reduce(link, at.tensor_parallel, size).times(times), why))
    if at.copies > 1 and at.workload.expert_parallel:
        times = 2 * at.shape.layers
        why = f"{times} exchanges of tokens between {at.gpus} GPUs that hold each some of the experts"
        parts.append(StepPart("exchange", EXCHANGED.times(times), why))
    if at.stages > 1:
        why = f"handed on to {at.stages - 1} more groups of GPUs"
        parts.append(StepPart("handing on", HANDED_ON.times(at.stages - 1), why))
    return parts


def _launches(at: Deployment, others: list[StepPart]) -> StepPart:
    """Kernels of each layer. Recorded as CUDA graphs they only follow each other; a host that launches each by itself
    does so while the GPU works, so that only what it takes longer counts."""
    decode, blocks = at.engine.decode, blocks_of(at.shape)
    slower = VENDORS.get(at.gpu.vendor, UNKNOWN_VENDOR)
    units = blocks.launched(RECURRENT_SLOWER.get(at.gpu.vendor, 1.0))
    eager = decode.eager_block is not None and (not decode.cuda_graphs or bool(at.workload.eager))
    each = decode.eager_block if eager and decode.eager_block else decode.block
    more = _of_scheme(at)
    seconds = [units * each[i] * (1.0 if eager else slower[i]) + at.shape.layers * more[i] for i in range(3)]
    why = f"{at.shape.layers} layers as {units:,.0f} blocks of {each[1] * slower.expected * 1e6:.0f} µs"
    if eager:
        working = step_seconds(tuple(others))
        seconds = [max(seconds[i] - working[i], 0.0) for i in range(3)]
        why = f"{at.shape.layers} layers as {units:,.0f} blocks, each launched by the host in {each[1] * 1e6:.0f} µs"
        why += ", less the time in which the GPU works"
    elif more[1]:
        why += f" and {more[1] * 1e6:.0f} µs a layer of {at.scheme}"
    return StepPart("launches", Range(*seconds), why)


def _of_scheme(at: Deployment) -> tuple[float, float, float]:
    """Seconds a layer that kernels of the scheme take beside: FP8 by how many scales it has; unsaid, either."""
    decode = at.engine.decode
    one = decode.in_scheme.get(at.scheme, (0.0, 0.0, 0.0))
    newest = (at.gpu.compute_capability or "").startswith("10.")
    blocks = decode.in_blocks_newest if newest else decode.in_blocks
    known = at.in_blocks
    if blocks is None or known is False:
        return one
    return blocks if known else (one[0], (one[1] + blocks[1]) / 2, blocks[2])


def _choosing(at: Deployment) -> StepPart:
    return StepPart(
        "choosing", Range(*at.engine.decode.step), "the next tokens, and what the host does between"
    )
