"""`fit`: a Need against one GPU."""

from __future__ import annotations

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.sizing.memory import Fit, Need, Part

OF_THE_PROCESS = frozenset({"CUDA context", "CUDA graphs", "workspace", "NCCL", "fragmentation"})


def usable(gpu: Gpu, engine: str, utilization: float | None = None, version: str | None = None) -> float:
    """GiB of a GPU an engine may take: what the driver shows × its utilization (vLLM 0.92)."""
    if utilization is None:
        utilization = engine_of(engine).default(version, gpu.name, gpu.vram_gib).utilization
    return gpu.vram_gib * utilization


def fit(need: Need, gpu: Gpu, utilization: float | None = None) -> Fit:
    """Whether each GPU's share fits. `utilization`: share of the memory in use (None: the engine's own)."""
    room = roomy = usable(gpu, need.engine, utilization, need.engine_version)
    if beside := _outside(need, gpu):
        roomy = min(gpu.vram_gib, room + sum(part.high for part in beside))
        room = min(gpu.vram_gib, room + sum(part.low for part in beside))
    if need.low > room:
        return Fit("does not fit", gpu, need, room, _overflowing(need, room))
    if need.high > roomy:
        return Fit(
            "borderline", gpu, need, roomy, max(need.parts, key=lambda part: part.high - part.low).name
        )
    return Fit("fits", gpu, need, roomy, max(need.parts, key=lambda part: part.expected).name)


def _outside(need: Need, gpu: Gpu) -> list[Part]:
    """Parts that do not count to the share of the memory that the engine may take: they stand in what it leaves."""
    engine = engine_of(need.engine)
    if engine.memory.static:
        return [part for part in need.parts if part.name not in ("weights", "KV cache", "draft model")]
    if engine.default(need.engine_version, gpu.name, gpu.vram_gib).graphs_inside:
        return []
    return [part for part in need.parts if part.name == "CUDA graphs"]


def _overflowing(need: Need, room: float) -> str:
    """The first part that no longer has room for its least; where that is one of the process itself, which nobody
    chooses, the largest."""
    for part in need.parts:
        room -= part.low
        if room < 0 and part.name not in OF_THE_PROCESS:
            return part.name
    return max(need.parts, key=lambda part: part.low).name
