"""For how much of a month a job is paid: as somebody says, else as jobs of its task usually run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import MonthlyUse
from gpuspec.words import HOURS_PER_MONTH, figure

if TYPE_CHECKING:
    from gpuspec.planning.case import Case

INTERACTIVE_HOURS = 160
"""Hours of somebody's work in a month: 40 a week, four weeks."""

SAY_HOURS = (
    "hours_per_run in per-file-usage of gpuspec.toml says how long one run takes, budget.max_hours at most"
)
SAY_MONTH = (
    "schedule.hours_per_month or runs_per_month, or per-file-usage of gpuspec.toml, say how much of a month"
)


class RunHours(NamedTuple):
    """Hours of one run, and who says so. None: not known; `at_most`: they are a limit."""

    hours: float | None
    why: str = ""
    at_most: bool = False


def monthly_use(case: Case, told: Mapping[str, float]) -> MonthlyUse:
    """What a job's file says of it counts before what the settings of its folder say (`told`, one table of
    `per-file-usage`), and both before what is usual for its task."""
    job = case.job
    schedule, each = job.schedule, run_hours(case, told)
    if schedule and schedule.hours_per_month:
        return MonthlyUse(schedule.hours_per_month, None, None, "schedule.hours_per_month")
    if schedule and schedule.runs_per_month:
        return _runs(schedule.runs_per_month, each, "schedule.runs_per_month")
    if "hours_per_month" in told:
        return MonthlyUse(told["hours_per_month"], None, None, "hours_per_month of per-file-usage")
    if "runs_per_month" in told:
        return _runs(told["runs_per_month"], each, "runs_per_month of per-file-usage")
    if job.deployment is not None and job.deployment.suspended:
        return MonthlyUse(0.0, None, each.hours, "it is suspended: nothing runs until somebody says so")
    return _usual(case, each)


def _usual(case: Case, each: RunHours) -> MonthlyUse:
    """What is usual for the task, where nobody says more."""
    job, task = case.job, case.workload.task
    if task == "serve" and not (job.budget and job.budget.max_hours is not None):
        if job.scaling is not None and job.scaling.replicas[0] < 1:
            why = f"it scales to zero, and how much of a month it is up is not known: {SAY_MONTH}"
            return MonthlyUse(None, None, None, why)
        return MonthlyUse(HOURS_PER_MONTH, None, None, "a server runs all month", assumed=True)
    if task == "interactive":
        why = f"{INTERACTIVE_HOURS} hours of work in a month"
        return MonthlyUse(float(INTERACTIVE_HOURS), None, each.hours, why, assumed=True)
    if task is None:
        return MonthlyUse(None, None, None, f"what it does is not known: `task` says so; {SAY_MONTH}")
    return _runs(1.0, each, "one run a month", assumed=True)


def _runs(number: float, each: RunHours, why: str, *, assumed: bool = False) -> MonthlyUse:
    """So many runs a month."""
    if each.hours is None:
        said = f"{why}; how long one takes is not known: {SAY_HOURS}"
        return MonthlyUse(None, number, None, said, assumed)
    said = f"{why}, {'at most ' * each.at_most}{figure(each.hours)} h each ({each.why})"
    return MonthlyUse(number * each.hours, number, each.hours, said, assumed, each.at_most)


def run_hours(case: Case, told: Mapping[str, float]) -> RunHours:
    """How long one run takes: as the settings say, as runs of it were measured, as its work is at the speed of its
    machine, at most as its time limit."""
    if "hours_per_run" in told:
        return RunHours(told["hours_per_run"], "hours_per_run of per-file-usage")
    if case.hours.a_run is not None:
        return RunHours(case.hours.a_run, "its work at the expected speed")
    most = case.job.budget.max_hours if case.job.budget else None
    if most is not None:
        return RunHours(most, "budget.max_hours", at_most=True)
    return RunHours(None)
