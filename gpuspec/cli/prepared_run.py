"""A job on its way to `gpuspec run`: read and planned, then linted and checked; nothing is launched yet."""

from __future__ import annotations

from gpuspec.cli.open_case import CaseOptions
from gpuspec.launch import Launcher, RunSettings
from gpuspec.launch.alert_watch import Notified
from gpuspec.launch.monthly_limit import Launch as MonthLaunch
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case
from gpuspec.planning.plan import Plan


class Prepared(NamedTuple):
    """A job on its way: read, linted and planned; nothing is launched yet."""

    case: Case
    plan: Plan
    where: Launcher
    settings: RunSettings
    again: str
    """The command that does the items which are left."""
    month: MonthLaunch | None
    """What it may cost of this month's budget; None where there is none."""
    notified: Notified
    """Who is told when its budget is nearly used up."""
    over_budget: bool
    """`--over-budget`: go on where that breaks it."""

    @property
    def costs(self) -> bool:
        """Whether anything is paid for: a run on this machine costs nothing."""
        return self.where.name != "local" and self.plan.choice is not None


class Planned(NamedTuple):
    """A job that is read and planned. `given` are the options that hold for it, `launcher` what would run it."""

    spec: str
    given: CaseOptions
    settings: Settings
    case: Case
    launcher: str
    plan: Plan

    @property
    def worst(self) -> float | None:
        """Dollars at most; None where nothing ends it."""
        if self.launcher == "local" or self.plan.choice is None:
            return 0.0
        return self.plan.cost.total if self.plan.cost else None
