"""The figures of one job that changed, as text, for the reports of `gpuspec diff`."""

from __future__ import annotations

from collections.abc import Callable

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.job_cost import JobCost
from gpuspec.planning.units import unit_price
from gpuspec.report.what_changed import SAME, JobChange, differ, more_in_percent
from gpuspec.words import dollars

NOTHING = "–"


class ChangeCells(NamedTuple):
    """What happened to a job ("new", "gone", "was jobs/old.jsonc"), and its figures: `$2.50 → $3.00 (+20 %)`, or one
    of them where nothing changed."""

    state: str
    machine: str
    per_hour: str
    per_run: str
    per_month: str
    per_unit: str


def cells(each: JobChange) -> ChangeCells:
    """The figures of a job."""
    before, after = each.before, each.after
    state = "new" if before is None else "gone" if after is None else each.was and f"was {each.was}"
    machines = [None if one is None else one.bill.machine or "no machine" for one in (before, after)]
    return ChangeCells(
        state,
        _change(each, *machines),
        _dollars(each, lambda cost: cost.bill.per_hour),
        _dollars(each, lambda cost: cost.bill.per_run),
        _dollars(each, lambda cost: cost.bill.per_month),
        _per_unit(each),
    )


def month_of(each: JobChange) -> str:
    """Why a month of a job is what it is: what it is counted for, or what is missing."""
    cost = each.after or each.before
    if cost is None:
        return ""
    bill = cost.bill
    return bill.unknown if bill.per_month is None else bill.use.why


def _dollars(each: JobChange, of: Callable[[JobCost], float | None]) -> str:
    one, other = (None if cost is None else of(cost) for cost in (each.before, each.after))
    words = [None if amount is None else dollars(amount) for amount in (one, other)]
    share = "" if one is None or other is None else more_in_percent(one, other)
    return _change(each, *words) + share


def _per_unit(each: JobChange) -> str:
    before, after = each.before, each.after
    prices = [
        None if cost is None or cost.per_unit is None else unit_price(cost.per_unit)
        for cost in (before, after)
    ]
    if before and after and not differ(before.per_unit, after.per_unit, share=SAME):
        prices[0] = prices[1]
    unit = (after and after.unit) or (before.unit if before else "")
    if before and after and before.unit != after.unit and before.per_unit and after.per_unit:
        prices[0] = f"{prices[0]} per {before.unit}"
    words = _change(each, *prices)
    return f"{words} per {unit}" if unit and words != NOTHING else words


def _change(each: JobChange, before: str | None, after: str | None) -> str:
    if each.before is None or each.after is None or before == after:
        return after or before or NOTHING
    return f"{before or 'unknown'} → {after or 'unknown'}"
