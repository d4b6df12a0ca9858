"""What a job needs of a GPU beside memory: arithmetic for the precision that it asks for, and kernels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import find_scheme
from gpuspec.workload.workload import Workload

if TYPE_CHECKING:
    from gpuspec.workload.cuda import CudaBuild


class Lack(NamedTuple):
    """What a GPU lacks, so that the job does not start: in words, what came with it, what to do without, and the
    field of the Workload that asks for it."""

    what: str
    since: str
    instead: str
    field: str = "quantization"


BF16 = Lack("BF16", "Ampere (compute capability 8.0)", 'use "fp16"', "dtype")
FP8 = Lack("kernels for FP8 weights", "Ampere", "use AWQ or GPTQ")
FP4 = Lack("FP4 arithmetic", "Blackwell", "use FP8 or AWQ")

LEAST_CUDA = {"Blackwell": (12, 8), "Blackwell Ultra": (12, 8), "Hopper": (11, 8)}
"""First CUDA release that compiles for the architecture, where older kernels do not run on it. Source: NVIDIA CUDA
Toolkit release notes, 11.8 and 12.8. Ada runs the kernels of Ampere (NVIDIA Ada GPU Architecture Compatibility
Guide)."""


def lacks(workload: Workload, gpu: Gpu) -> Lack | None:
    """What a GPU lacks for the job; None where it lacks nothing, or is not known well enough."""
    asked = workload.origin("dtype").kind in ("spec", "command", "file")
    if workload.dtype == "bf16" and asked and gpu.bf16 is False:
        return BF16
    capability = capability_of(gpu)
    if capability is None:
        return None
    scheme, can = find_scheme(workload.quantization), engine_of(workload.engine).quantizing
    if scheme.family == "FP8" and capability < scheme.least_capability:
        return FP8
    least = can.experts_need.get(scheme.name)
    if least and capability < least and workload.model and workload.model.experts:
        name = engine_of(workload.engine).called
        return Lack(
            f"{scheme.family} arithmetic, as {name} needs it for experts",
            f"compute capability {least:g}",
            "use AWQ, GPTQ or an engine that unpacks FP8",
        )
    if scheme.family == "NVFP4" and gpu.fp4 is False and not unpacks(workload, gpu):
        return FP4
    return None


def unpacks(workload: Workload, gpu: Gpu) -> bool:
    """Whether the job's weights are unpacked to 16 bit for each multiplication, since the GPU does not compute in
    their precision."""
    scheme, capability = find_scheme(workload.quantization), capability_of(gpu)
    if capability is None:
        return False
    if scheme.family == "FP8":
        return gpu.fp8 is False and capability >= scheme.least_capability
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


def why_not(workload: Workload, gpu: Gpu, builds: "Sequence[CudaBuild]" = ()) -> str:
    """Why the job does not start on a GPU, as far as precision, kernels and the CUDA of its builds decide that; ""
    where it does, or that is not known."""
    if lack := lacks(workload, gpu):
        return f"no {lack.what}"
    if kernels := newer_kernels(workload, gpu):
        least, what, _ = kernels
        return f"{what} need compute capability {least:g}"
    old = next((build for build in builds if too_old(build, gpu)), None)
    return f"{old.what} has CUDA {old.cuda[0]}.{old.cuda[1]}" if old else ""


def too_old(build: "CudaBuild", gpu: Gpu) -> bool:
    """Whether what brings CUDA along has no kernels for a GPU. Builds for Arm hosts are others."""
    least = LEAST_CUDA.get(gpu.architecture)
    return least is not None and not gpu.arm_host and build.cuda < least


def not_rented(place: str, gpu: Gpu) -> str:
    """Why nobody gets the GPU where the jobs of a format run ("modal"); "" where that is not known."""
    from gpuspec.catalog.rented_gpus import rented_at

    return "" if rented_at(place, gpu.name) else f"{place} rents no {gpu.name}"
