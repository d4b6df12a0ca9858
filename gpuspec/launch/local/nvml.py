"""Whether this machine has the GPU a job asks for, and how much of it a job uses: asked of NVML, the library below
nvidia-smi."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.on_machine.utilization.readings import GpuReading
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import small_number
from gpuspec.sizing import Need, Unsized


class LocalGpu(NamedTuple):
    """An NVIDIA GPU of this machine. `memory` and `free` are bytes."""

    name: str
    memory: int
    free: int


def local_gpus(environment: Mapping[str, str]) -> list[LocalGpu]:
    """The GPUs that a process with this environment sees (CUDA_VISIBLE_DEVICES); empty without a driver."""
    with opened_nvml() as nvml:
        found = []
        for handle in _visible(nvml, environment) if nvml else ():
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            found.append(LocalGpu(nvml.nvmlDeviceGetName(handle), memory.total, memory.free))
        return found


@contextmanager
def opened_nvml() -> Iterator[Any]:
    """NVML while it is open; None where there is no driver, or it fails."""
    import pynvml  # type: ignore[import-untyped]  # 6,000 lines, and nothing else needs it

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _visible(nvml: Any, environment: Mapping[str, str]) -> list[Any]:
    """Handles. As CUDA reads the variable: indices or UUIDs, up to the first that names no GPU."""
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return [nvml.nvmlDeviceGetHandleByIndex(at) for at in range(nvml.nvmlDeviceGetCount())]
    found = []
    for name in (part.strip() for part in named.split(",")):
        try:
            by_index, by_uuid = nvml.nvmlDeviceGetHandleByIndex, nvml.nvmlDeviceGetHandleByUUID
            index = small_number(name)
            found.append(by_uuid(name) if index is None else by_index(index))
        except nvml.NVMLError:
            break
    return found


def wants_gpu(job: Job) -> bool:
    """Whether the spec asks for a GPU at all."""
    return bool(job.gpu_types or job.gpu_count or job.min_vram)


def require_gpu(job: Job, need: Need | Unsized, environment: Mapping[str, str]) -> str:
    """UserError where the job asks for more GPUs, or more memory on one, than this machine has. Else a line on
    memory that other programs hold and the job surely needs; "" where there is enough, or nothing is known."""
    if not wants_gpu(job):
        return ""
    counts = [choice.gpu_count or job.gpu_count or 1 for choice in job.gpu_types]
    count = min(counts) if counts else job.gpu_count or 1
    least = job.min_vram or 0
    here = local_gpus(environment)
    enough = sorted((gpu for gpu in here if gpu.memory >= least * 1e9), key=lambda gpu: -gpu.free)
    if len(enough) < count:
        wanted = f"{count} GPU{'s' if count > 1 else ''}" + (f" of {least:g} GB" if least else "")
        found = ", ".join(f"{gpu.name} ({gpu.memory / 1e9:.0f} GB)" for gpu in here) or "none that NVML shows"
        raise UserError(
            "no-local-gpu",
            f"the job asks for {wanted}; this machine has {found}",
            "rent one with `gpuspec run` (without `--on local`), or try the commands anyway with --allow-no-gpu",
        )
    fullest = enough[count - 1]
    if isinstance(need, Unsized) or need.gpus != count or fullest.free / 2**30 >= need.low:
        return ""
    return (
        f"{fullest.name}: {fullest.free / 2**30:.1f} of {fullest.memory / 2**30:.1f} GiB are free, other programs "
        f"hold the rest; the job needs {need.low:.1f} GiB or more"
    )


class LocalGpus:
    """The GPUs that a process with this environment sees, looked at again and again. What they hold is counted beyond
    what they held at the first look: others hold that. Empty where there is no driver, or it fails."""

    def __init__(self, nvml: Any, environment: Mapping[str, str]) -> None:
        self._nvml = nvml
        self._handles: list[Any] = []
        self._before: list[int] = []
        if nvml:
            with suppress(nvml.NVMLError):
                self._handles = _visible(nvml, environment)
                self._before = [nvml.nvmlDeviceGetMemoryInfo(handle).used for handle in self._handles]

    def look(self) -> list[GpuReading]:
        """Each as it is now."""
        found: list[GpuReading] = []
        for handle, before in zip(self._handles, self._before, strict=False):
            memory = held = used = None
            with suppress(self._nvml.NVMLError):
                told = self._nvml.nvmlDeviceGetMemoryInfo(handle)
                memory, held = told.total / 2**30, max(told.used - before, 0) / 2**30
            with suppress(self._nvml.NVMLError):  # not supported with MIG, and by old cards
                used = float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
            found.append(GpuReading(used, held, memory))
        return found
