"""What the settings of a folder say of jobs whose files leave it out: the GPU (`assume-gpu`), and how much of a month
they run (`per-file-usage`)."""

from collections.abc import Sequence

from gpuspec.catalog import Catalog
from gpuspec.job.job import Job, Schedule
from gpuspec.planning.assumed_gpu import with_assumed_gpu


def completed(job: Job, gpu: str | None, usage: Sequence[tuple[str, float]], catalog: Catalog) -> Job:
    """The job with this where it says nothing itself: a CronJob's file says how often it runs."""
    if gpu and not job.gpu_types:
        job = with_assumed_gpu(job, gpu, catalog)
    told = dict(usage)
    hours, runs = told.get("hours_per_month"), told.get("runs_per_month")
    if job.schedule is not None or (hours is None and runs is None):
        return job
    return job._replace(schedule=Schedule(hours, runs))
