"""`fit`: a Need against one GPU."""

from collections.abc import Callable
from typing import Literal

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.memory import Fit, Need, Phase

OF_THE_PROCESS = frozenset({"CUDA context", "CUDA graphs", "workspace", "NCCL", "fragmentation"})
Estimate = Literal["low", "expected", "high"]


class Tight(NamedTuple):
    """The phase that leaves least on a GPU, by one estimate: what it leaves (below zero where it does not fit), and
    what it may take. GiB."""

    left: float
    usable: float
    phase: Phase


def usable(gpu: Gpu, engine: str, utilization: float | None = None, version: str | None = None) -> float:
    """GiB of a GPU an engine may take: what the driver shows × its utilization (vLLM 0.92)."""
    if utilization is None:
        utilization = engine_of(engine).default(version, gpu.name, gpu.vram_gib).utilization
    return gpu.vram_gib * utilization


def fit(need: Need, gpu: Gpu, utilization: float | None = None) -> Fit:
    """Whether each GPU's share fits. `utilization`: share of the memory in use (None: the engine's own)."""
    high = tightest(need, gpu, "high", utilization)
    if high.left >= 0:
        part = max(high.phase.parts, key=lambda part: part.expected).name
        return Fit("fits", gpu, need, high.usable, part, high.phase.name)
    low = tightest(need, gpu, "low", utilization)
    if low.left >= 0:
        part = max(high.phase.parts, key=lambda part: part.high - part.low).name
        return Fit("borderline", gpu, need, high.usable, part, high.phase.name)
    part = _overflowing(low.phase, low.usable)
    return Fit("does not fit", gpu, need, low.usable, part, low.phase.name)


def tightest(need: Need, gpu: Gpu, estimate: Estimate, utilization: float | None = None) -> Tight:
    """The phase that leaves least of what the engine may take, where each part is as large as estimated."""
    room = usable(gpu, need.engine, utilization, need.engine_version)
    outside, static = _outside(need, gpu), engine_of(need.engine).memory.static
    found = []
    for phase in need.phases:
        taken = beside = drafted = 0.0
        for part in phase.parts:
            size: float = getattr(part, estimate)
            taken += size
            beside += size if outside(part.name) else 0.0
            drafted += size if part.name == "draft model" else 0.0
        most = min(gpu.vram_gib, room + beside)
        if drafted and static and utilization is not None:
            # It is loaded last, into what the pool, which takes all of a share that is given, leaves: SGLang 0.5.10
            # managers/scheduler.py, init_model_worker; model_runner_kv_cache_mixin.py, profile_max_num_token.
            most = min(most, taken + gpu.vram_gib - room - drafted)
        found.append(Tight(most - taken, most, phase))
    return min(found, key=lambda tight: tight.left)


def _outside(need: Need, gpu: Gpu) -> Callable[[str], bool]:
    """Whether a part of this name does not count to the share of the memory that the engine may take: it stands in
    what that leaves."""
    engine = engine_of(need.engine)
    if engine.memory.static:
        return lambda name: name not in ("weights", "KV cache")
    if engine.default(need.engine_version, gpu.name, gpu.vram_gib).graphs_inside:
        return lambda name: False
    return lambda name: name == "CUDA graphs"


def _overflowing(phase: Phase, room: float) -> str:
    """The first part that no longer has room for its least; where that is one of the process itself, which nobody
    chooses, the largest."""
    for part in phase.parts:
        room -= part.low
        if room < 0 and part.name not in OF_THE_PROCESS:
            return part.name
    return max(phase.parts, key=lambda part: part.low).name
