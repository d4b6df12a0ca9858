"""Jobs of one file that run on one machine, which is paid for once: the services of a compose file, the containers of
a pod."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.planning.bill import JobBill

if TYPE_CHECKING:
    from gpuspec.planning.case import Case

LARGEST = 16
"""GPUs of the largest machine that is looked for."""


def paid_once(cases: Sequence[Case], jobs: Sequence[JobBill]) -> list[JobBill]:
    """The bills of the jobs of a file. Where several run on one machine, the one that costs most pays for it, and the
    others nothing beside it; it is one with the GPUs of them all. A job of unknown cost pays for nobody."""
    made = _held_once(cases, jobs)
    places: dict[str, list[int]] = {}
    for number, case in enumerate(cases):
        place = case.document.format.shares_machine(case.document)
        if place is not None and jobs[number].per_month:
            places.setdefault(place, []).append(number)
    for numbers in places.values():
        if len(numbers) > 1:
            numbers.sort(key=lambda number: -(jobs[number].per_month or 0.0))
            together = [cases[each] for each in numbers]
            bills = _pay_once(together, [jobs[each] for each in numbers])
            for number, bill in zip(numbers, bills, strict=True):
                made[number] = bill
    return made


def _held_once(cases: Sequence[Case], jobs: Sequence[JobBill]) -> list[JobBill]:
    """The bills, in which the GPU-hours of jobs of unknown cost that have the same GPUs are those of the largest."""
    made, held = list(jobs), list[tuple[str, frozenset[str]]]()
    gpus = _gpus(cases, jobs)
    for number in sorted(range(len(jobs)), key=lambda number: -(jobs[number].gpu_hours or 0.0)):
        place = cases[number].document.format.shares_machine(cases[number].document)
        job, theirs = jobs[number], gpus[number]
        if place is None or job.per_month is not None or not job.gpu_hours or not theirs:
            continue
        if any(place == other and theirs <= taken for other, taken in held):
            made[number] = job._replace(machines=0.0)
        held.append((place, theirs))
    return made


def _pay_once(cases: Sequence[Case], jobs: list[JobBill]) -> list[JobBill]:
    """The bills of jobs on one machine, the dearest first: on one that has all their GPUs, where such a one is sold;
    else whose GPUs a dearer one has pays nothing."""
    gpus = _gpus(cases, jobs)
    wanted = frozenset[str]().union(*gpus)
    if all(gpus) and len({job.gpu for job in jobs}) == 1 and len(wanted) > jobs[0].gpus_each:
        whole = _on_all(cases[0], jobs[0], len(wanted))
        if whole is not None:
            jobs, gpus = [whole, *jobs[1:]], [wanted, *gpus[1:]]
    paying: list[tuple[frozenset[str], JobBill]] = []
    made = []
    for job, theirs in zip(jobs, gpus, strict=True):
        payer = next((other for held, other in paying if theirs and theirs <= held), None)
        if payer is None:
            paying.append((theirs, job))
        made.append(job if payer is None else _beside(job, payer))
    return made


def _on_all(case: Case, job: JobBill, gpus: int) -> JobBill | None:
    """The bill of a job on the smallest machine with so many of its GPU, or more, that is sold where it may run. What
    its own findings would save is not known there."""
    from gpuspec.planning.job_bill import BilledMachine, job_bill, machine_of

    alone = machine_of(case, priced=True)
    if alone is None or alone.gpus >= gpus:  # its machine has room for them all
        return job
    for number in range(gpus, LARGEST + 1):
        price = case.market.cheapest(alone.gpu.name, number)
        if price is not None:
            machine = BilledMachine(alone.gpu, number, price.per_hour, price.offer)
            return job_bill(case, job.path, priced=True, machine=machine)
    return None


def _gpus(cases: Sequence[Case], jobs: Sequence[JobBill]) -> list[frozenset[str]]:
    """The machine's GPUs that each job gets: those it names, the first ones (docker gives each service that asks for
    a number of GPUs the first of them), or ones of its own (a pod's containers)."""
    found = []
    for number, (case, job) in enumerate(zip(cases, jobs, strict=True)):
        said, count = case.job.deployment, job.gpus_each
        if said is not None and said.gpu_devices:
            found.append(frozenset(said.gpu_devices))
        elif count > 64 or (case.document.format.own_machine and not (said and said.first_gpus)):
            found.append(frozenset())
        else:
            own = "" if said is not None and said.first_gpus else f"{number}/"
            found.append(frozenset(f"{own}{each}" for each in range(count)))
    return found


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
