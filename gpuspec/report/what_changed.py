"""What changed between two states of a project: findings that are new or gone, and what its jobs cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from gpuspec.lint.result import Located
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import BudgetLine
from gpuspec.planning.job_cost import JobCost
from gpuspec.planning.monthly_budget import reached_step
from gpuspec.report.summary import plural
from gpuspec.words import dollars, percent

SAME = 0.005
"""A share of the price of a unit of work: what differs by less is the same. Of dollars: half a cent is."""

Per = Literal["hour", "run", "month"]


class JobChange(NamedTuple):
    """A job of which something that costs changed. `before` None: it is new; `after` None: it is gone. `was` is where
    its file was, if it was moved."""

    path: str
    job: str
    before: JobCost | None
    after: JobCost | None
    was: str = ""


class Sum(NamedTuple):
    """Dollars of all jobs of which they are known before and after (or that are new, or gone). `unknown` jobs are not
    in it, `unseen` ones among them have changed."""

    before: float
    after: float
    unknown: int = 0
    unseen: int = 0

    @property
    def more(self) -> float:
        """Dollars that are added; below 0 where some are saved."""
        return self.after - self.before

    @property
    def is_changed(self) -> bool:
        """Whether there is a cent to tell."""
        return abs(self.more) >= SAME


class Exceeded(NamedTuple):
    """A limit of `--fail-above` as it was written, and what the change adds, in words."""

    limit: str
    added: str


class BudgetChange(NamedTuple):
    """A budget with what is used of it after the change, and the dollars that were used `before`."""

    line: BudgetLine
    before: float

    @property
    def is_told(self) -> bool:
        """Whether one of its steps is reached, or was."""
        most = max(self.before, self.line.per_month)
        return reached_step(most, self.line.monthly, self.line.steps or (1.0,)) is not None

    @property
    def in_words(self) -> str:
        """`the budget of team search: 82 % → 104 % of $2,000/month`."""
        line = self.line
        of = f" of {line.by} {line.name}" if line.by else ""
        shares = " → ".join(percent(used / line.monthly) for used in (self.before, line.per_month))
        return f"the budget{of}: {shares} of {dollars(line.monthly)}/month"


class WhatChanged(NamedTuple):
    """`new` findings are shown and were not there before, `fixed` ones are gone, `kept` counts those that were there
    before, `silenced` those of them that a comment silences now. `jobs` are those that changed, the largest
    change of a month first; the sums are of all. `base` and `head` say what is compared, in words, `prices` whose
    prices they are."""

    base: str
    head: str
    new: tuple[Located, ...]
    fixed: tuple[Located, ...]
    kept: int
    silenced: int
    jobs: tuple[JobChange, ...]
    per_hour: Sum
    per_run: Sum
    per_month: Sum
    exceeded: tuple[Exceeded, ...] = ()
    prices: str = ""
    budgets: tuple[BudgetChange, ...] = ()
    """Those of which more or less is used."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.new or self.fixed or self.silenced or self.jobs)

    def sum_of(self, per: Per) -> Sum:
        """What is paid for an hour, a run or a month."""
        return {"hour": self.per_hour, "run": self.per_run, "month": self.per_month}[per]


def total(
    pairs: Iterable[tuple[JobCost | None, JobCost | None]], of: Callable[[JobCost], float | None]
) -> Sum:
    """The sum over jobs as they were and are; None where one was not, or is not, there."""
    before = after = 0.0
    unknown = unseen = 0
    for pair in pairs:
        was, now = (0.0 if each is None else of(each) for each in pair)
        if was is None or now is None:
            unknown += 1
            unseen += differs(*pair)
        else:
            before, after = before + was, after + now
    return Sum(before, after, unknown, unseen)


def differs(before: JobCost | None, after: JobCost | None) -> bool:
    """Whether two costs are told as a change."""
    if before is None or after is None:
        return before is not after
    one, other = before.bill, after.bill
    sums = ((one.per_hour, other.per_hour), (one.per_run, other.per_run), (one.per_month, other.per_month))
    return (
        one.machine != other.machine
        or any(differ(*pair) for pair in sums)
        or differ(before.per_unit, after.per_unit, share=SAME)
    )


def differ(one: float | None, other: float | None, *, share: float = 1e-9) -> bool:
    """Whether two amounts differ by more than a share of the larger."""
    if one is None or other is None:
        return one is not other
    return abs(one - other) > share * max(abs(one), abs(other))


def signed(amount: float) -> str:
    """`+$2.75`, `−$30.00`."""
    return f"{'−' if amount < 0 else '+'}{dollars(abs(amount))}"


def more_in_percent(before: float, after: float) -> str:
    """` (+12 %)`; "" where it was nothing, or is as it was."""
    if before <= 0 or not differ(before, after):
        return ""
    more = (after / before - 1) * 100
    digits = 0 if abs(more) >= 1 else 1
    return f" ({more:+,.{digits}f} %)".replace("-", "−")


def money(found: WhatChanged) -> str:
    """`+$2,007/month (+1,100 %): $182 → $2,190`, else by the hour; "" where nothing is more or less."""
    for per, each in (("month", found.per_month), ("hour", found.per_hour)):
        if each.is_changed:
            change = f"{dollars(each.before)} → {dollars(each.after)}"
            return f"{signed(each.more)}/{per}{more_in_percent(each.before, each.after)}: {change}"
    return ""


def unknown(found: WhatChanged) -> str:
    """How many jobs that changed are in no sum of a month."""
    number = found.per_month.unseen
    return (
        f"{plural(number, 'job')} not counted: what a month of {'it' if number == 1 else 'them'} costs is not known"
        if number
        else ""
    )


def counts(found: WhatChanged) -> str:
    """`2 new findings, 1 fixed, 3 as before`."""
    parts = [plural(len(found.new), "new finding")]
    if found.fixed:
        parts.append(f"{len(found.fixed):,} fixed")
    if found.silenced:
        parts.append(f"{found.silenced:,} silenced")
    if found.kept:
        parts.append(f"{found.kept:,} as before")
    return ", ".join(parts)
