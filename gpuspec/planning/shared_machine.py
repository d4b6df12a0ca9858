"""Jobs of one file that run on GPUs of one machine, which are paid for once: the services of a compose file."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.job.deployment import DeploymentSpec
from gpuspec.planning.bill import JobBill


def paid_once(jobs: Sequence[tuple[JobBill, DeploymentSpec | None]]) -> list[JobBill]:
    """The bills of jobs on one machine: whose GPUs a dearer one has, too, pays nothing beside it. docker gives each
    service that asks for a number of GPUs the first of them. A job of unknown cost pays for nobody."""
    taken: list[tuple[frozenset[str], JobBill]] = []
    made = {}
    for number, (job, deployment) in sorted(enumerate(jobs), key=lambda each: -(each[1][0].per_month or 0.0)):
        gpus = _gpus(job, deployment)
        payer = next((other for theirs, other in taken if gpus and gpus <= theirs), None)
        if payer is None or not job.per_month:
            made[number] = job
            if job.per_month:
                taken.append((gpus, job))
        else:
            made[number] = _beside(job, payer)
    return [made[number] for number in range(len(jobs))]


def _gpus(job: JobBill, deployment: DeploymentSpec | None) -> frozenset[str]:
    """The machine's GPUs that a job gets; none where that is not known."""
    if deployment is None:
        return frozenset()
    if deployment.gpu_devices:
        return frozenset(deployment.gpu_devices)
    return frozenset(map(str, range(job.gpus))) if deployment.first_gpus and job.gpus <= 64 else frozenset()


def _beside(job: JobBill, payer: JobBill) -> JobBill:
    why = f"it runs on the machine of {payer.job}, which is counted there"
    return job._replace(
        use=job.use._replace(why=why, assumed=False),
        per_hour=0.0,
        per_run=None if job.per_run is None else 0.0,
        per_month=0.0,
        machines=0.0,
        savings=(),
    )
