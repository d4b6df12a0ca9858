"""What a job costs as it is written: its bill, and dollars per unit of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.named_tuple import NamedTuple

if TYPE_CHECKING:
    from gpuspec.planning.bill import JobBill
    from gpuspec.planning.case import Case


class JobCost(NamedTuple):
    """`per_unit` dollars for as much work as `unit` says ("million tokens"), None where its speed or its price is not
    known."""

    bill: JobBill
    per_unit: float | None = None
    unit: str = ""


def job_cost(case: Case, bill: JobBill) -> JobCost:
    """The bill of a job, and what a unit of its work costs on the machine that it names."""
    one = case.selected or next(iter(case.choices), None)
    if one is None or not one.price or bill.per_hour is None:
        return JobCost(bill)
    rate = case.market.measure.rates.of(one.gpu, one.gpu_count)
    if rate is None:
        return JobCost(bill)
    from gpuspec.planning.units import SOLD, an_hour

    # Of each machine: as many of them do as many times the work, and cost as many times as much.
    return JobCost(bill, one.per_hour / an_hour(rate), SOLD[rate.unit].per)
