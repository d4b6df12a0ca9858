"""What a job costs as it is written: its machines, dollars an hour, and dollars per unit of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.cost import machines

if TYPE_CHECKING:
    from gpuspec.planning.case import Case


class JobCost(NamedTuple):
    """`machine` in words, of all machines; `per_hour` dollars of all of them, None where no price is known;
    `per_unit` dollars for as much work as `unit` says ("million tokens"), None where its speed is not known."""

    machine: str
    per_hour: float | None = None
    per_unit: float | None = None
    unit: str = ""


def job_cost(case: Case) -> JobCost | None:
    """What the machine that a job comes down to costs; None where it asks for no GPU that is known."""
    one = case.selected or next(iter(case.choices), None)
    if one is None:
        return None
    number = machines(case.job)
    label = f"{number} × ({one.label})" if number > 1 and one.gpu_count > 1 else one.label
    if number > 1 and one.gpu_count == 1:
        label = f"{number} × {one.label}"
    if not one.price:
        return JobCost(label)
    rate = case.market.measure.rates.of(one.gpu, one.gpu_count)
    if rate is None:
        return JobCost(label, one.per_hour * number)
    from gpuspec.planning.units import SOLD, an_hour

    # Of each machine: as many of them do as many times the work, and cost as many times as much.
    return JobCost(label, one.per_hour * number, one.per_hour / an_hour(rate), SOLD[rate.unit].per)
