"""The items of a job against a deadline: how many machines, of which kind, do them in time for the least money."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import speed_of
from gpuspec.planning.case import Case
from gpuspec.planning.cost import cost_at, download_hours
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.sizing import Need


class ItemTime(NamedTuple):
    """How long one item takes, and on what machine that was seen; `origin` says by whom."""

    seconds: float
    gpu: str
    gpu_count: int
    origin: str


class Machines(NamedTuple):
    """All items on so many machines of one kind. `hours` pass until the last is done, downloads included and setup
    not; `total` is what that costs, idle minutes included, and `worst` what it may cost if each machine works until
    the deadline ($)."""

    candidate: Candidate
    number: int
    hours: float
    total: float
    worst: float | None


class Spread(NamedTuple):
    """So many items on one machine or more. `options` make the deadline (hours; None: whenever), the cheapest first;
    empty where nothing makes it, or the time of one item is not known."""

    items: int
    each: ItemTime | None
    deadline: float | None
    options: tuple[Machines, ...] = ()


def spread(case: Case, plan: Plan, *, items: int, each: ItemTime | None, deadline: float | None) -> Spread:
    """What does the items by the deadline.

    Another machine is considered where it is known how fast both do the work: by the model of speed, else, of another
    GPU in the same number, by what bounds it (memory bandwidth or TFLOPS). The time of an item is then in
    proportion."""
    if each is None or plan.choice is None:
        return Spread(items, each, deadline)
    found = []
    for candidate, factor in _kinds(case, plan, each):
        seconds = each.seconds * factor
        option = _machines(case.job, plan, candidate, items=items, seconds=seconds, deadline=deadline)
        if option:
            found.append(option)
    found.sort(key=lambda option: (option.total, option.number))
    return Spread(items, each, deadline, tuple(found))


def _kinds(case: Case, plan: Plan, each: ItemTime) -> Iterator[tuple[Candidate, float]]:
    """The cheapest candidate of each machine, and by how much longer an item takes on it."""
    measure = case.market.measure
    measured = next((one.gpu for one in plan.candidates if one.gpu.name == each.gpu), None)
    rated = measured and measure.unit and measure.rates.of(measured, each.gpu_count)
    seen = set()
    for candidate in plan.kept:
        gpu, gpu_count = candidate.gpu, candidate.offer.gpu_count
        same_number = gpu_count == each.gpu_count
        if (gpu.name, gpu_count) in seen or not (same_number or (rated and case.workload.engine)):
            continue
        seen.add((gpu.name, gpu_count))
        if gpu.name == each.gpu and same_number:
            yield candidate, 1.0
        elif rated:
            if now := measure.rates.of(gpu, gpu_count):
                yield candidate, rated.per_second.expected / now.per_second.expected
        elif measured and isinstance(plan.need, Need):
            before, after = (speed_of(case.workload, one, gpu_count) for one in (measured, gpu))
            if before and after:
                yield candidate, before / after


def _machines(
    job: Job, plan: Plan, candidate: Candidate, *, items: int, seconds: float, deadline: float | None
) -> Machines | None:
    """As few machines as make the deadline; None where not even one item each does."""
    download = download_hours(job, plan.need)
    most = items if deadline is None else min(items, math.floor((deadline - download) * 3600 / seconds))
    if most < 1:
        return None
    machines = math.ceil(items / most)

    def cost(hours: float) -> float:
        total = cost_at(job, plan._replace(max_hours=hours), candidate).total
        return machines * (total or 0.0)

    return Machines(
        candidate,
        machines,
        hours=download + math.ceil(items / machines) * seconds / 3600,
        total=cost(items * seconds / 3600 / machines),
        worst=None if deadline is None else cost(deadline),
    )
