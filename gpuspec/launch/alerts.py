"""What is to be told of budgets that are nearly used up: a run's own (dollars or hours), and a month's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gpuspec.launch import run_cost
from gpuspec.launch.launcher import FINAL, Run
from gpuspec.launch.month import Month, Spending, costs_in, counts, in_group, month_of, total
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.monthly_budget import STEPS, MonthlyBudget, reached_step
from gpuspec.printable import one_line
from gpuspec.words import dollars, percent

LATE = 86400.0
"""Seconds after the end of a run in which it is still told that its budget was used up."""


class RunShare(NamedTuple):
    """How much of its own budget a run has used: dollars of `budget.max_total`, or hours of its time limit,
    whichever is nearer its end."""

    run: Run
    used: float
    limit: float
    hours: bool
    """Whether these are hours, and not dollars."""

    @property
    def share(self) -> float:
        """1 is all of it."""
        return self.used / self.limit

    @property
    def in_words(self) -> str:
        """`$18.00 of $20.00`, `7.2 of 8 h`."""
        if self.hours:
            return f"{self.used:.3g} of {self.limit:g} h"
        return f"{dollars(self.used)} of {dollars(self.limit)}"


class MonthShare(NamedTuple):
    """A monthly budget, and what is spent of it. `by` and `name`: the group, "" for that of everything."""

    file: str
    by: str
    name: str
    monthly: float
    at: tuple[float, ...]
    month: Month
    spending: Spending

    @property
    def share(self) -> float:
        """1 is all of it; what may still come is not in it."""
        return self.spending.spent / self.monthly

    @property
    def reached(self) -> float | None:
        """The highest step it has come to."""
        return reached_step(self.spending.spent, self.monthly, self.at)


class Alert(NamedTuple):
    """One thing to be told once. `key` names it: what was told of a lower limit, or of another month, is another.
    `below` are the keys of lower steps, which this one says as well."""

    key: str
    below: tuple[str, ...]
    text: str
    run: Run | None
    """None: it is about a month."""
    file: str | None
    """The settings that have the month's budget."""


def run_share(run: Run, now: float | None = None) -> RunShare | None:
    """How much of its budget a run has used; None where it has none, or that is not known."""
    found = []
    passed, spent = run_cost.hours(run, now), run_cost.so_far(run, now)
    if run.max_hours and passed is not None:
        found.append(RunShare(run, passed, run.max_hours, hours=True))
    if run.max_total and spent is not None and run.launcher != "local":
        found.append(RunShare(run, spent, run.max_total, hours=False))
    return max(found, key=lambda each: each.share, default=None)


def month_shares(budgets: dict[str, MonthlyBudget], runs: Sequence[Run], now: float) -> list[MonthShare]:
    """What is spent of each budget of some settings files in the month of `now`."""
    month, found = month_of(now), []
    costs = costs_in(runs, month, now) if budgets else []
    for file, budget in budgets.items():
        counted = [each for each in costs if counts(each.run, file)]
        for by, name, monthly in budget.limits:
            spent = total(each for each in counted if in_group(each.run, by, name, file))
            found.append(
                MonthShare(
                    file=file, by=by, name=name, monthly=monthly, at=budget.at, month=month, spending=spent
                )
            )
    return found


def run_alert(run: Run, at: tuple[float, ...] = STEPS, now: float | None = None) -> Alert | None:
    """What is to be told of a run's own budget. Of one that has ended only that it was used up."""
    used = run_share(run, now)
    if used is None:
        return None
    steps = at
    if run.is_over:
        if run.ended is None or now is None or now - run.ended > LATE:
            return None
        steps = tuple(step for step in at if step >= 1)
    if run.state in FINAL and run.state != "timeout" and used.hours:
        return None  # it ended by itself within its time
    reached = reached_step(used.used, used.limit, steps)
    if reached is None and run.state == "timeout" and steps:
        reached = min(steps)  # its limit ended it: the clock here may say a second less
    if reached is None:
        return None
    what = "of its time" if used.hours else "of its budget"
    text = f"{run.name} ({run.id}) has used {percent(used.share)} {what}: {used.in_words}"
    if run.state == "timeout":
        text += "; its time limit ended it"
    return _alert(lambda step: f"run {run.id} {step:g}", reached, at, text, run, None)


def month_alert(share: MonthShare) -> Alert | None:
    """What is to be told of a month's budget."""
    if share.reached is None:
        return None
    whose = f" of {share.by} {share.name}" if share.by else ""
    text = f"{percent(share.share)} of this month's budget{whose} is spent: "
    text += f"{dollars(share.spending.spent)} of {dollars(share.monthly)} ({share.month.name}, {share.file})"
    if share.spending.to_come:
        many = share.spending.going_on
        text += f"; {many} run{'s' * (many > 1)} going on may take {dollars(share.spending.to_come)} more"
    head = f"month {share.file} {share.month.name} {share.by} {share.name} {share.monthly:g}"
    return _alert(lambda step: f"{head} {step:g}", share.reached, share.at, text, None, share.file)


def _alert(
    key: Callable[[float], str],
    reached: float,
    at: tuple[float, ...],
    text: str,
    run: Run | None,
    file: str | None,
) -> Alert:
    below = tuple(key(step) for step in at if step < reached)
    return Alert(key=key(reached), below=below, text=one_line(text), run=run, file=file)
