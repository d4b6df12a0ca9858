"""How fast a machine does the work, whatever the work is."""

from gpuspec.catalog import Gpu
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.speed.rates import WorkRate
from gpuspec.workload import Workload


def work_rate(workload: Workload, gpu: Gpu, gpus: int = 1) -> WorkRate | Unsized:
    """Units of work a second on `gpus` of a GPU; Unsized where that is not known."""
    if workload.modality in (None, "text") and workload.task == "train":
        from gpuspec.sizing.speed.training import training_rate

        return training_rate(workload, gpu, gpus)
    if workload.task == "train" or workload.modality not in (None, "text"):
        return Unsized("how fast this is done is not known")
    from gpuspec.sizing.speed.text import speed

    found = speed(workload, gpu, gpus)
    if isinstance(found, Unsized):
        return found
    if found.decode is None:
        return Unsized(f"the memory bandwidth of {gpu.name} is not known")
    return WorkRate("tokens written", found.decode, found.why)
