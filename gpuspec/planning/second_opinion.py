"""Two opinions on how fast one machine serves a workload: ours, and another program's of the same load."""

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.aiconfigurator import Estimated, estimated
from gpuspec.planning.case import Case
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.serving import Served, served


class Opinions(NamedTuple):
    """Of so many of a GPU; `theirs` or both are Unsized, with the reason, where nothing can be said."""

    gpu: Gpu
    gpu_count: int
    ours: Served | Unsized
    theirs: Estimated | Unsized


def opinions(case: Case, machine: tuple[Gpu, int] | None) -> Opinions | None:
    """Both on a machine that always has as many requests as it answers at once; None where none holds the work."""
    if machine is None:
        return None
    gpu, count = machine
    workload = case.workload
    if workload.task == "train" or workload.modality not in (None, "text"):
        return Opinions(gpu, count, Unsized("it writes no tokens"), Unsized("it writes no tokens"))
    ours = served(workload, gpu, count, need=case.need(count, gpu))
    if isinstance(ours, Unsized):
        return Opinions(gpu, count, ours, ours)
    theirs = estimated(workload, gpu, count, ours.request, sequences=ours.sequences)
    return Opinions(gpu, count, ours, theirs)
