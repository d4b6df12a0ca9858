"""The plans of several jobs as one table."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.planning.planned_job import PlannedJob
from gpuspec.planning.reserved import ReservedUse
from gpuspec.printable import one_line
from gpuspec.report.bill_text import BillText, at_most, called, cut, hours_of
from gpuspec.report.ranked_columns import Column, table
from gpuspec.report.summary import plural
from gpuspec.words import dollars, percent


def render(planned: Sequence[PlannedJob], reserved: Sequence[ReservedUse], columns: int) -> str:
    """The table for a person, in the order in which the jobs were found: what each takes, what it costs, and why
    others are not to be had. No line is wider than `columns`, but for words that are."""
    page = BillText(columns, everything=True)
    why = [f"{called(each.bill)}: {each.why_not}" for each in planned if each.why_not]
    unknown = [each.bill for each in planned if each.choice and each.bill.per_month is None]
    blocks = [
        _rows(planned, columns),
        page.listed("not to be launched", why),
        page.unknown(unknown),
        page.reserved(reserved),
        page.prose("", total(planned, reserved)),
    ]
    return "\n\n".join("\n".join(map(one_line, block)) for block in blocks if block) + "\n"


def total(planned: Sequence[PlannedJob], reserved: Sequence[ReservedUse] = ()) -> str:
    """`3 jobs: $6.20/h all at once, $4,526 a month; 1 more of unknown cost; 1 takes nothing`."""
    if all(each.needs_nothing for each in planned):
        return f"{plural(len(planned), 'job')}: nothing is to be rented"
    taken = [each.bill for each in planned if each.choice]
    known = [each.per_month for each in taken if each.per_month is not None]
    text = (
        f"{plural(len(planned), 'job')}: {dollars(sum(each.per_hour or 0.0 for each in taken))}/h all at once"
    )
    if known:
        idle = sum(each.unused for each in reserved)
        text += f", {dollars(sum(known) + idle)} a month" + (
            " with what is reserved and not used" if idle else ""
        )
    if len(known) < len(taken):
        text += f"; what {len(taken) - len(known)} of them cost a month is not known"
    nothing = sum(not each.choice and not each.needs_nothing for each in planned)
    return text + (f"; {nothing} find{'s' * (nothing == 1)} no machine" if nothing else "")


def _rows(planned: Sequence[PlannedJob], columns: int) -> list[str]:
    names = [cut(called(each.bill), max(20, columns // 2)) for each in planned]
    return table(
        [
            Column("a month", [at_most(each.bill) if each.choice else "" for each in planned], 1),
            Column("a run", [_if(each.bill.per_run) for each in planned], 4),
            Column("at worst", [_worst(each) for each in planned], 6),
            Column("$/h", [_if(each.bill.per_hour) if each.choice else "" for each in planned], 3),
            Column("reserved", [_share(each.bill.reserved) for each in planned], 4),
            Column("hours", [hours_of(each.bill) if each.choice else "" for each in planned], 5),
            Column("machine", [_machine(each) for each in planned], 2, numbers=False),
            Column("where", [_where(each) for each in planned], 7, numbers=False),
            Column("job", names, 0, numbers=False),
        ],
        columns,
    )


def _machine(each: PlannedJob) -> str:
    if each.needs_nothing:
        return "no GPU"
    return each.bill.machine if each.choice else "nothing"


def _worst(each: PlannedJob) -> str:
    if not each.choice:
        return ""
    return "no limit" if each.worst is None else dollars(each.worst)


def _where(each: PlannedJob) -> str:
    if not each.choice:
        return ""
    return each.choice.offer.cloud + " spot" * each.choice.spot


def _share(share: float) -> str:
    return percent(share) if share else ""


def _if(amount: float | None) -> str:
    return "" if amount is None else dollars(amount)
