"""How a job's items stand against a deadline, from what an earlier run has measured or the user says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.errors import UserError
from gpuspec.planning.case import Case
from gpuspec.planning.plan import Plan
from gpuspec.planning.spread import ItemTime, Spread, spread

if TYPE_CHECKING:  # launching costs 60 modules, which a plan without items has no use for
    from gpuspec.launch.launcher import Run


def against_deadline(
    case: Case, plan: Plan, *, deadline: float | None = None, seconds: float | None = None
) -> Spread | None:
    """The items on one machine or more; None where the job has none, or nothing is known of them and nobody asked.

    `deadline` is in hours (None: the job's time limit); `seconds` of one item, None for what the newest run of this
    job measured. UserError where a deadline is asked for that has no items, or whose items cannot be read."""
    asked = deadline is not None or seconds is not None
    if case.job.items is None:
        if asked:
            hint = "`--deadline` is about a job's `items`"
            raise UserError("no-items", f"{case.path}: the job has no `items`", hint)
        return None
    from gpuspec.launch import items

    try:
        count = len(items.resolve(case.job, case.workdir))
    except UserError:
        if asked:
            raise
        return None
    each = None
    if seconds is None:
        each = _measured(case, plan)
    elif plan.choice is not None:
        each = ItemTime(seconds, plan.choice.gpu.name, plan.choice.offer.gpu_count, "as you say")
    if each is None and not asked:
        return None
    limit = plan.max_hours if deadline is None else deadline
    return spread(case, plan, items=count, each=each, deadline=limit)


def _measured(case: Case, plan: Plan) -> ItemTime | None:
    """The time of one item in the newest run of this job whose GPU, and whose items' time, are known."""
    from gpuspec.launch.records import Records

    for run in Records().all():
        same = (run.name, run.workdir) == (case.job.name or "job", case.workdir)
        if same and run.item_seconds and run.gpu and run.gpu_count:
            return ItemTime(run.item_seconds, _gpu(run, case, plan), run.gpu_count, f"run {run.id}")
    return None


def _gpu(run: Run, case: Case, plan: Plan) -> str:
    """Our name of a run's GPU: its instance tells more than SkyPilot's word, which several may share ("H100")."""
    for candidate in plan.candidates:
        if (candidate.offer.cloud, candidate.offer.instance) == (run.cloud, run.instance):
            return candidate.gpu.name
    known = case.catalog.resolve_gpu(run.gpu or "").gpu
    return known.name if known else run.gpu or ""
