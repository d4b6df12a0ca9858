"""How many idle minutes a machine stays after its work: one table for plans, for GS401 and for new specs."""

from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.workload import Workload


class IdleMinutes(NamedTuple):
    """Idle minutes that suit a kind of work. `usual` applies where the spec gives none."""

    usual: int
    most: float
    least: float = 0.0


LIMITS = {
    "batch": IdleMinutes(usual=3, most=5.0),
    "train": IdleMinutes(usual=3, most=5.0),
    "interactive": IdleMinutes(usual=10, most=15.0),
    "serve": IdleMinutes(usual=30, most=60.0, least=15.0),
}
"""Task → limits. A project changes them with the options of the rule keep-alive."""

TASK_UNKNOWN = LIMITS["batch"].usual
"""Idle minutes where neither the spec nor the task gives any."""


def keep_alive(job: Job, workload: Workload) -> float:
    """The idle minutes that apply to a job."""
    if job.keep_alive_minutes is not None:
        return job.keep_alive_minutes
    task = job.task or workload.task
    return float(LIMITS[task].usual if task in LIMITS else TASK_UNKNOWN)
