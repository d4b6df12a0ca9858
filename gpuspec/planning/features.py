"""What a job needs of a GPU beside memory: arithmetic for the precision that it asks for, and kernels."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.engines.barrier import Barrier
from gpuspec.engines.engine import before
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import find_scheme
from gpuspec.workload.workload import Workload

if TYPE_CHECKING:
    from gpuspec.commands.steps import Step
    from gpuspec.workload.cuda import GpuBuild


class Lack(NamedTuple):
    """What a GPU lacks, so that the job does not start: in words, what came with it, what to do without, and the
    field of the Workload that asks for it."""

    what: str
    since: str
    instead: str
    field: str = "quantization"
    whole: bool = False
    """It is the engine, which is in `what`, that has no kernels for older GPUs."""
    slow: bool = False
    """The job starts all the same, and does without."""


BF16 = Lack("BF16", "Ampere (compute capability 8.0)", 'use "fp16"', "dtype", slow=True)
FP8 = Lack("kernels for FP8 weights", "Ampere", "use AWQ or GPTQ")
FP4 = Lack("FP4 arithmetic", "Blackwell", "use FP8 or AWQ")

LEAST_CUDA = {"Blackwell": (12, 8), "Blackwell Ultra": (12, 8), "Hopper": (11, 8)}
"""First CUDA release that compiles for the architecture, where older kernels do not run on it. Source: NVIDIA CUDA
Toolkit release notes, 11.8 and 12.8. Ada runs the kernels of Ampere (NVIDIA Ada GPU Architecture Compatibility
Guide)."""
UPWARD = 999.0
"""As the highest compute capability of what newer GPUs run as well."""
VENDORS = {"amd": "AMD", "intel": "Intel", "nvidia": "NVIDIA"}
LAST_CUDA = {"Volta": (12, 9), "Pascal": (12, 9), "Maxwell": (12, 9)}
"""Last CUDA release that compiles for the architecture. Source: NVIDIA CUDA Toolkit release notes, 13.0, "Deprecated
Architectures"."""


def lacks(workload: Workload, gpu: Gpu) -> Lack | None:
    """What a GPU lacks for the job; None where it lacks nothing, or is not known well enough."""
    asked = workload.origin("dtype").kind in ("spec", "command", "file")
    engine, capability = engine_of(workload.engine), capability_of(gpu)
    if capability is not None:
        for barrier in engine.barriers:
            if capability < barrier.least and _applies(barrier, workload, asked=asked):
                whole = not (barrier.scheme or barrier.dtype)
                return Lack(
                    barrier.what, _since(barrier.least), barrier.instead, _field(barrier), whole=whole
                )
    if workload.dtype == "bf16" and asked and gpu.bf16 is False and not engine.halves_bf16:
        return BF16  # PyTorch itself computes it in 32 bit
    if capability is None:
        return None
    scheme = find_scheme(workload.quantization)
    if scheme.family == "FP8" and capability < _least(workload):
        return FP8
    if scheme.family == "NVFP4" and gpu.fp4 is False and not unpacks(workload, gpu):
        return FP4
    return None


def _applies(barrier: Barrier, workload: Workload, *, asked: bool) -> bool:
    """Whether a job is one that a barrier is for."""
    stated = workload.engine_version
    if barrier.since is not None and (stated is None or before(stated, barrier.since)):
        return False
    if barrier.before is not None and not before(stated, barrier.before):
        return False
    if barrier.scheme and barrier.scheme != workload.quantization:
        return False
    if barrier.dtype and not (asked and barrier.dtype == workload.dtype):
        return False
    return not barrier.experts or bool(workload.model and workload.model.experts)


def _least(workload: Workload) -> float:
    """The compute capability from which the job's weights can be used: what its engine says, else as in general."""
    scheme = find_scheme(workload.quantization)
    rows = [one for one in engine_of(workload.engine).barriers if one.scheme == scheme.name]
    mine = [one.least for one in rows if _applies(one, workload, asked=False)]
    return max(mine) if mine else 0.0 if rows else scheme.least_capability


def _since(capability: float) -> str:
    names = {7.0: "Volta", 7.5: "Turing", 8.0: "Ampere", 8.9: "Ada", 9.0: "Hopper", 10.0: "Blackwell"}
    name = names.get(capability)
    return f"{name} (compute capability {capability:.1f})" if name else f"compute capability {capability:.1f}"


def _field(barrier: Barrier) -> str:
    return "quantization" if barrier.scheme else "dtype" if barrier.dtype else "engine"


def unpacks(workload: Workload, gpu: Gpu) -> bool:
    """Whether the job's weights are unpacked to 16 bit for each multiplication, since the GPU does not compute in
    their precision."""
    scheme, capability = find_scheme(workload.quantization), capability_of(gpu)
    if capability is None:
        return False
    if scheme.family == "FP8":
        return gpu.fp8 is False and capability >= _least(workload)
    emulated = engine_of(workload.engine).quantizing.emulates.get(scheme.name)
    return scheme.family == "NVFP4" and gpu.fp4 is False and emulated is not None and capability >= emulated


def capability_of(gpu: Gpu) -> float | None:
    """Its CUDA compute capability as a number; None where it has none, or it is not known."""
    return float(gpu.compute_capability) if gpu.compute_capability else None


def newer_kernels(workload: Workload, gpu: Gpu) -> tuple[float, str, str] | None:
    """What the engine's kernels for the job's weights need, if the GPU is older: the compute capability, the kernels
    in words, what to use instead."""
    family, capability = find_scheme(workload.quantization).family, capability_of(gpu)
    needed = engine_of(workload.engine).quantizing.needs.get(family)
    return needed if needed and capability is not None and capability < needed[0] else None


def why_not(workload: Workload, gpu: Gpu, builds: "Sequence[GpuBuild]" = ()) -> str:
    """Why the job does not start on a GPU, as far as precision, kernels and the CUDA of its builds decide that; ""
    where it does, or that is not known."""
    if lack := lacks(workload, gpu):
        return f"no kernels of {lack.what}" if lack.whole else f"no {lack.what}"
    if kernels := newer_kernels(workload, gpu):
        least, what, _ = kernels
        return f"{what} need compute capability {least:g}"
    return next(filter(None, (unfit(build, gpu) for build in builds)), "")


def not_rented(place: str, gpu: Gpu) -> str:
    """Why nobody gets the GPU where the jobs of a format run ("modal"); "" where that is not known."""
    from gpuspec.catalog.rented_gpus import rented_at

    return "" if rented_at(place, gpu.name) else f"{place} rents no {gpu.name}"


def builds_by_gpu(
    job: Job, steps: "Sequence[Step]", workload: Workload
) -> "Callable[[Gpu], tuple[GpuBuild, ...]]":
    """What of a job is built for some GPUs alone, by the GPU on which that matters. Nothing is read for it, but once,
    where nothing hints at it and the GPU takes nearly all that is built for CUDA: it is neither new nor old."""
    hinted = bool(job.image) or "+" in workload.origin("engine_version").text
    hinted = hinted or any(word in step.text for step in steps for word in ("rocm", "attn", "attention"))
    nothing = not (hinted or steps or workload.engine_version)
    read: list[tuple[GpuBuild, ...]] = []

    def builds(gpu: Gpu) -> "tuple[GpuBuild, ...]":
        picky = gpu.architecture in LEAST_CUDA or gpu.architecture in LAST_CUDA or gpu.vendor != "nvidia"
        if nothing or not (hinted or picky):
            return ()
        if not read:
            from gpuspec.workload.cuda import gpu_builds

            read.append(tuple(gpu_builds(job, steps, workload)))
        return read[0]

    return builds


def old_cuda(build: "GpuBuild", gpu: Gpu) -> tuple[int, int] | None:
    """The first CUDA release that compiles for a GPU, where a build's is older. Builds for Arm hosts are others."""
    least = LEAST_CUDA.get(gpu.architecture)
    return least if least and build.cuda and build.cuda < least and not gpu.arm_host else None


def new_cuda(build: "GpuBuild", gpu: Gpu) -> tuple[int, int] | None:
    """The last CUDA release that compiles for a GPU, where a build's is newer."""
    last = LAST_CUDA.get(gpu.architecture)
    return last if last and build.cuda and build.cuda > last and not gpu.arm_host else None


def unfit(build: "GpuBuild", gpu: Gpu) -> str:
    """Why what is built for some GPUs is not for this one, in words; "" where it is."""
    capability = capability_of(gpu)
    if build.vendor and build.vendor != gpu.vendor:
        return f"{build.what} is for GPUs of {VENDORS.get(build.vendor, build.vendor)}"
    if build.capabilities and capability is not None:
        least, most = build.capabilities
        if not least <= capability <= most:
            upward = " and later" if most == UPWARD else "" if least == most else f" to {most:.1f}"
            return f"{build.what} is built for compute capability {least:.1f}{upward}"
    wrong = build.cuda if old_cuda(build, gpu) or new_cuda(build, gpu) else None
    return f"{build.what} has CUDA {wrong[0]}.{wrong[1]}" if wrong else ""
