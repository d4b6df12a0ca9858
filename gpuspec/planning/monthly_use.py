"""For how much of a month a job is paid: as somebody says, else as jobs of its task usually run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import MonthlyUse
from gpuspec.planning.job_length import does_not_run, goes_to_zero, usual_run, work_hours
from gpuspec.words import HOURS_PER_MONTH, figure

if TYPE_CHECKING:
    from gpuspec.planning.case import Case

INTERACTIVE_HOURS = 160
"""Hours of somebody's work in a month: 40 a week, four weeks."""

SAY_HOURS = "hours_per_run in per-file-usage of gpuspec.toml says it, budget.max_hours what it is at most"
SAY_MONTH = "per-file-usage of gpuspec.toml, or the job's `schedule`, how much of a month"


class RunHours(NamedTuple):
    """Hours of one run, and who says so. None: not known; `at_most`: they are a limit."""

    hours: float | None
    why: str = ""
    at_most: bool = False


def monthly_use(case: Case, per_hour: float | None = None) -> MonthlyUse:
    """What a job's file says of it counts before what the settings of its folder say, and both before what is usual
    for its task. `per_hour`: dollars of all its machines, by which `budget.max_total` is a limit of hours."""
    schedule = case.job.schedule
    written = case.written is not None and case.written.schedule is not None
    each = run_hours(case, per_hour)
    if schedule and schedule.hours_per_month:
        return MonthlyUse(
            schedule.hours_per_month, None, each.hours, _where(case, "hours_per_month", written)
        )
    if schedule and schedule.runs_per_month:
        return _runs(schedule.runs_per_month, each, _where(case, "runs_per_month", written))
    if why := does_not_run(case):
        return MonthlyUse(0.0, None, each.hours, why)
    return _usual(case, each)


def _where(case: Case, word: str, written: bool) -> str:
    """Who says how much of a month: the file, in its own words, or the settings."""
    field = f"schedule.{word}"
    return case.document.format.spelled(field) if written else f"{word} of per-file-usage"


def _usual(case: Case, each: RunHours) -> MonthlyUse:
    """What is usual for the task, where nobody says more."""
    job, task = case.job, case.workload.task
    if task == "serve" and not (job.budget and job.budget.max_hours is not None):
        if goes_to_zero(case) and "machines" not in dict(case.settings.usage):
            why = f"it scales to zero, and how much of a month it is up is not known: {SAY_MONTH} says it"
            return MonthlyUse(None, None, None, why)
        return MonthlyUse(HOURS_PER_MONTH, None, None, "a server runs all month", assumed=True)
    if task == "interactive":
        why = f"{INTERACTIVE_HOURS} hours of work in a month"
        return MonthlyUse(float(INTERACTIVE_HOURS), None, each.hours, why, assumed=True)
    if task is None and job.deployment is not None and job.deployment.stands:
        return MonthlyUse(HOURS_PER_MONTH, None, None, "it stands until somebody takes it down", assumed=True)
    if task is None:
        return MonthlyUse(None, None, None, f"what it does is not known: `task` says it, or {SAY_MONTH}")
    return _runs(1.0, each, "one run a month", assumed=True)


def _runs(number: float, each: RunHours, why: str, *, assumed: bool = False) -> MonthlyUse:
    """So many runs a month."""
    if each.hours is None:
        return MonthlyUse(None, number, None, f"how long one run takes is not known: {SAY_HOURS}", assumed)
    said = f"{why}, {'at most ' * each.at_most}{figure(each.hours)} h each ({each.why})"
    return MonthlyUse(number * each.hours, number, each.hours, said, assumed, each.at_most)


def run_hours(case: Case, per_hour: float | None) -> RunHours:
    """How long one run takes: as the settings say, as runs of it were measured, as its work is at the speed of its
    machine, at most as its limits of time and dollars."""
    usual = usual_run(case)
    if usual is not None and not usual.measured:
        return RunHours(usual.hours, usual.why)
    expected = work_hours(case.job, case.workload, case.selected, case.market.measure.rates.of)
    if usual is not None:
        beside = "" if expected is None else f"; {figure(expected)} h are expected of its work"
        return RunHours(usual.hours, f"{usual.why}{beside}")
    if expected is not None:
        return RunHours(expected, "its work at the expected speed")
    budget, form = case.job.budget, case.document.format
    if budget is not None and budget.max_hours is not None:
        items, why = case.job.items, form.spelled("budget.max_hours")
        if form.runs_items_apart and isinstance(items, tuple) and (number := len(items)) > 1:
            why = f"{figure(number)} of {figure(budget.max_hours)} h: {form.spelled('items')} and {why}"
            return RunHours(number * budget.max_hours, why, at_most=True)
        return RunHours(budget.max_hours, why, at_most=True)
    if budget is not None and budget.max_total is not None and per_hour:
        return RunHours(budget.max_total / per_hour, "budget.max_total", at_most=True)
    return RunHours(None)
