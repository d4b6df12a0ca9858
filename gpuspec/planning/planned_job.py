"""One job in a table of plans: the machine that its plan takes, and what it costs an hour, a run and a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import JobBill
from gpuspec.planning.job_bill import BilledMachine, job_bill
from gpuspec.planning.plan import Candidate
from gpuspec.planning.rank import over_budget
from gpuspec.words import dollars

if TYPE_CHECKING:
    from gpuspec.planning.case import Case


class PlannedJob(NamedTuple):
    """`bill` is of the machine that the plan takes. `choice` is that machine, None where nothing is taken: `why_not`
    then says why, as it does where the worst case of a run is over the job's budget. `worst` is in dollars, of one
    run with idle minutes and disk; None where nothing ends it. `needs_nothing`: it asks for no GPU and no model."""

    bill: JobBill
    choice: Candidate | None
    worst: float | None
    why_not: str = ""
    needs_nothing: bool = False


def planned_job(case: Case, path: str) -> PlannedJob:
    """The plan of a job, in a line."""
    plan = case.kept_plan
    choice = plan.choice
    machine = choice and BilledMachine(choice.gpu, choice.offer.gpu_count, choice.price, choice.offer)
    total = plan.cost.total if plan.cost else None
    over = over_budget(case.job, total)
    why_not = ""
    if over and total is not None and case.job.budget:
        why_not = (
            f"{dollars(total)} at worst is over budget.max_total of {dollars(case.job.budget.max_total or 0)}"
        )
    return PlannedJob(
        bill=job_bill(case, path, priced=True, machine=machine),
        choice=choice,
        worst=total,
        why_not=why_not,
        needs_nothing=choice is None and not case.plan.candidates,
    )
