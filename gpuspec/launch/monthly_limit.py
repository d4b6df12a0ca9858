"""What a launch may cost against what the month's budgets have left: said before it; one that breaks a budget is
refused."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.errors import UserError
from gpuspec.launch.budget_files import Budgets
from gpuspec.launch.launcher import Run
from gpuspec.launch.month import Month, Spending, costs_in, counts, in_group, may_cost, total
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.cost import exceeds
from gpuspec.words import dollars, listed

MOST_NAMED = 5
"""Runs that a line names."""


class Launch(NamedTuple):
    """A run that is to be launched, on each of `machines`. `as_run` has what budgets are by: labels, cloud, GPU.
    Dollars: `total` at most in `hours`, both None without a time limit; `price` for an hour, at most."""

    as_run: Run
    budgets: Budgets
    """Those that hold for it, the nearest first."""
    total: float | None
    hours: float | None
    price: float
    machines: int = 1

    def may_cost(self, month: Month, now: float) -> float:
        """Dollars that it may cost in a month."""
        return self.machines * may_cost(self.total, self.hours, self.price, month, now)


class Standing(NamedTuple):
    """A monthly budget, what of it is spent, and what the launches at hand may take (`wanted`, dollars)."""

    by: str
    name: str
    limit: float
    file: str
    spending: Spending
    wanted: float
    launches: int
    unlimited: int
    """Those of them without a time limit."""

    @property
    def at_worst(self) -> float:
        """Dollars by the month's end."""
        return self.spending.spent + self.spending.to_come + self.wanted

    @property
    def is_over(self) -> bool:
        """Whether the launches would break it. What costs nothing breaks nothing."""
        return self.wanted > 0 and exceeds(self.at_worst, self.limit)

    def in_words(self, month: Month) -> str:
        """`this month (2026-11) $4,700 of $5,000 are spent; this run may cost $400`."""
        whose = f" of {self.by} {self.name}" if self.by else ""
        words = f"this month ({month.name}) {dollars(self.spending.spent)} of {dollars(self.limit)}{whose} are spent"
        if self.spending.to_come:
            many = self.spending.going_on
            going = "1 run that goes on" if many == 1 else f"{many} runs that go on"
            words += f", {going} may take {dollars(self.spending.to_come)} more"
        these = "this run" if self.launches == 1 else f"these {self.launches} runs"
        words += f"; {these} may cost {dollars(self.wanted)}"
        if self.unlimited:
            words += " by the month's end, without a time limit"
        if self.spending.unknown:
            words += f" (what {listed(self.spending.unknown, MOST_NAMED)} cost is not known, and not counted)"
        return words


def standings(launches: Sequence[Launch], runs: Sequence[Run], month: Month, now: float) -> list[Standing]:
    """Every budget that the launches are in, with what is spent of it."""
    found = []
    costs = costs_in(runs, month, now)
    budgets = {file: budget for each in launches for file, budget in each.budgets.items()}
    for file, budget in budgets.items():
        under = [each for each in launches if file in each.budgets]
        counted = [each for each in costs if counts(each.run, file)]
        for by, name, limit in budget.limits:
            mine = [each for each in under if in_group(each.as_run, by, name, file)]
            if mine:
                found.append(
                    Standing(
                        by=by,
                        name=name,
                        limit=limit,
                        file=file,
                        spending=total(each for each in counted if in_group(each.run, by, name, file)),
                        wanted=sum(each.may_cost(month, now) for each in mine),
                        launches=sum(each.machines for each in mine),
                        unlimited=sum(each.hours is None for each in mine),
                    )
                )
    return found


def refusal(standing: Standing, month: Month) -> UserError:
    """What is said of launches that would break a budget."""
    over = dollars(standing.at_worst - standing.limit)
    setting = f"budget.{standing.by}.{standing.name}" if standing.by else "budget.monthly"
    limit = (
        "give the job a `budget.max_hours`" if standing.unlimited else "lower the job's `budget.max_hours`"
    )
    return UserError(
        "over-monthly-budget",
        f"{standing.in_words(month)}: {over} over the budget",
        f"{limit}, end runs (`gpuspec ps`), raise {setting} in {standing.file}, or go on with --over-budget",
    )
