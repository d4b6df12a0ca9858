"""How many machines of a job are paid for at once: those that work together, its copies, or what its declared load
takes between the least and the most that its file allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.cost import machines
from gpuspec.planning.replicas import Count, autoscaled, count, up_share
from gpuspec.words import figure, percent

if TYPE_CHECKING:
    from gpuspec.planning.case import Case


class MachinesPaid(NamedTuple):
    """`mean` on average over the hours that are paid, `most` at once; `up` is the share of the time in which one is
    up at all, None where its load does not say; `why` is "" where the file gives the number."""

    mean: float
    most: int
    up: float | None = None
    why: str = ""


def machines_paid(case: Case, gpu: Gpu | None, gpus: int) -> MachinesPaid:
    """Machines with so many of a GPU."""
    nodes, told = machines(case.job), dict(case.settings.usage).get("machines")
    if told is not None:
        return MachinesPaid(told, max(1, round(told)), 1.0, "machines of per-file-usage")
    scaling = case.job.scaling
    if case.workload.task != "serve":
        copies = scaling.replicas[1] if scaling else 1
        return MachinesPaid(nodes * copies, nodes * copies)
    least, most = scaling.replicas if scaling else (1, None)
    loaded = _for_load(case, gpu, gpus) if gpu and least != most else None
    if loaded:
        return loaded._replace(mean=loaded.mean * nodes, most=loaded.most * nodes)
    return MachinesPaid(nodes * max(1, least), nodes * max(1, least))


def _for_load(case: Case, gpu: Gpu, gpus: int) -> MachinesPaid | None:
    """What the declared load takes; None where there is none, or the speed is not known."""
    measure, scaling = case.market.measure, case.job.scaling
    found = count(case.job, measure.answers(gpu, gpus), measure.at_once(gpu, gpus))
    if found is None:
        return None
    if scaling is None:
        said = f"{found.peak} for the declared load" if found.peak > 1 else "one for the declared load"
        return MachinesPaid(found.peak, found.peak, 1.0, said)
    least, most = scaling.replicas
    most = scaling.max or max(found.peak, most)
    mean = min(autoscaled(found, max(1, least), most), most)
    if least:
        return MachinesPaid(
            mean, min(found.peak, most), 1.0, f"{figure(mean)} on average for the declared load"
        )
    up = _up(case, found)
    return MachinesPaid(
        mean, min(found.peak, most), up, f"up {percent(up)} of the time for the declared load"
    )


def _up(case: Case, found: Count) -> float:
    """The share of the time in which a service that goes to zero is up."""
    idle = case.job.scaling.idle_minutes if case.job.scaling else None
    if idle is None:
        idle = case.job.keep_alive_minutes or 0.0
    return up_share(found.demand, found.best, idle) if found.demand.mean else 1.0
