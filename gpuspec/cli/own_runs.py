"""What a job's runs on this machine took, for commands that show it beside what is expected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gpuspec.planning.case import Case
from gpuspec.planning.plan import Plan
from gpuspec.user_folder import user_folder

if TYPE_CHECKING:  # launching costs 60 modules, which a plan has no use for
    from gpuspec.launch.launcher import RunSettings


def with_own_runs(case: Case) -> Case:
    """The case, knowing the runs of its commands that this user's records hold. Where nothing was ever run here, or
    the records cannot be read, as it was: a plan does without. `lint` and `bill` do not ask: what they say is the
    same on every machine."""
    if case.has_job and os.path.exists(os.path.join(user_folder("state"), "runs.sqlite3")):
        from gpuspec.planning.measured import command_digest
        from gpuspec.planning.recorded_runs import measured_runs

        try:
            case.runs_here = tuple(
                measured_runs(case.catalog, command=command_digest(case.written or case.job))
            )
        except OSError:
            case.runs_here = ()
    return case


def work_of(case: Case, plan: Plan, settings: RunSettings, *, rents: bool) -> dict[str, Any]:
    """What a record says of the work, so that later runs of it can be compared."""
    from gpuspec.planning.job_length import length_on
    from gpuspec.planning.measured import command_digest

    work = case.workload
    part = settings.shard is not None or settings.resume  # and not all of it
    found = None if part or not rents else length_on(case.market, plan)
    return {
        "model": work.model.id if work.model else work.model_name,
        "engine": work.engine,
        "task": work.task,
        "command": None if part else command_digest(case.written or case.job) or None,
        "planned_hours": found.length.expected if found else None,
    }
