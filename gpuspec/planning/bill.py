"""What many jobs cost a month: the types. A bill is made once, and every report of it reads these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.reserved import ReservedUse

SavingKind = Literal["machine", "price", "hours", "work", "instead"]
"""What a saving changes: which machine, what an hour of it costs, for how many hours it is paid, or how much work it
does in an hour. Two of one kind are two ways to save the same dollars; those of different kinds multiply. "instead":
no machine is rented any more (an API, a CPU): nothing adds to it."""


class MonthlyUse(NamedTuple):
    """How much of a month a job is paid for. `hours` are those of a month, of each of its machines; `hours_each`
    those of one run. None: not known. `why` says in words where they come from ("schedule.runs_per_month", "a server
    runs all month"), `assumed` whether it is a default that nobody wrote, `at_most` whether the hours are a limit."""

    hours: float | None
    runs: float | None
    hours_each: float | None
    why: str
    assumed: bool = False
    at_most: bool = False


class SavingStep(NamedTuple):
    """A finding that saves money. Dollars a month: `alone`, if nothing else is done; `adds`, after the steps before
    it, so that the `adds` of a job sum to what all of them save together."""

    code: str
    name: str
    message: str
    line: int
    kind: SavingKind
    alone: float
    adds: float
    advice: str = ""
    """What to do, in short; "" where the rule has no more than its message."""


class JobBill(NamedTuple):
    """A job in the bill. Dollars; None where a price, or how much of a month it runs, is not known: `unknown` then
    says which, and how to say it. `machine` in words, of all machines; `cloud` and `gpu` are "" where not known.
    `share` is of the known total of the bill."""

    path: str
    line: int
    job: str
    format: str
    task: str
    machine: str
    cloud: str
    gpu: str
    gpus: int
    """GPUs of all its machines."""
    labels: Mapping[str, str]
    use: MonthlyUse
    per_hour: float | None
    per_run: float | None
    per_month: float | None
    share: float | None = None
    savings: tuple[SavingStep, ...] = ()
    unknown: str = ""
    machines: float = 0.0
    """Machines that are paid for at once, on average, with `gpus_each` GPUs each."""
    gpus_each: int = 0
    reserved: float = 0.0
    """The share of its hours that is in reserved capacity."""
    needs_cloud: bool = False
    """Whether all that is missing for a price is where its machine is rented."""

    @property
    def gpu_hours(self) -> float | None:
        """GPUs times hours of a month, whatever they cost; None where one of them is not known."""
        if self.use.hours is None:
            return None
        return 0.0 if not self.use.hours else self.gpus_each * self.machines * self.use.hours

    @property
    def saved(self) -> float:
        """Dollars a month that all its savings save together."""
        return sum(step.adds for step in self.savings)


class BillGroup(NamedTuple):
    """Jobs that have something in common: `by` "folder", "team", "cloud", "gpu" …, `name` its value."""

    by: str
    name: str
    jobs: int
    per_month: float
    saved: float
    unknown: int
    """Jobs of it whose cost is not known."""
    gpu_hours: float | None = None
    """Of the jobs of which they are known; None: of none."""


class BudgetLine(NamedTuple):
    """A budget and what is spent of it. `by` and `name` as in BillGroup, "" for that of everything; `reached` is the
    highest of `steps` (shares: 0.7, 0.9, 1.0) that it has come to, None below the first."""

    by: str
    name: str
    monthly: float
    per_month: float
    steps: tuple[float, ...]
    reached: float | None
    unknown: int = 0
    """Jobs that it holds for, and whose cost is not known."""
    jobs: int | None = None
    """Jobs that it holds for; None where runs are counted, not jobs."""

    @property
    def used(self) -> float:
        """The share of the budget."""
        return self.per_month / self.monthly


class Bill(NamedTuple):
    """All jobs that were found, the dearest first, those without a known cost last. `assumptions` are sentences: the
    defaults that were used, and for how many jobs. `prices` names the source and its date. `skipped` are files that
    could not be read, with the reason."""

    jobs: tuple[JobBill, ...]
    groups: tuple[BillGroup, ...]
    budgets: tuple[BudgetLine, ...]
    assumptions: tuple[str, ...]
    prices: str
    skipped: tuple[tuple[str, str], ...] = ()
    reserved: tuple[ReservedUse, ...] = ()
    """Capacity that is paid for all month, and how much of it the jobs take; what nobody takes is a row of `jobs`."""

    @property
    def per_month(self) -> float:
        """Dollars of all jobs whose cost is known."""
        return sum(each.per_month or 0.0 for each in self.jobs)

    @property
    def gpu_hours(self) -> float | None:
        """GPU-hours a month of all jobs of which they are known; None: of none."""
        return gpu_hours_of(self.jobs)

    @property
    def steps(self) -> list[tuple[JobBill, SavingStep]]:
        """All that saves money, the most first; what saves the same dollars another way is left out."""
        found = [(job, step) for job in self.jobs for step in job.savings if step.adds >= 0.005]
        return sorted(found, key=lambda each: (-each[1].adds, each[0].path, each[1].line, each[1].code))

    @property
    def saved(self) -> float:
        """Dollars a month that could be saved."""
        return sum(each.saved for each in self.jobs)


def gpu_hours_of(jobs: Iterable[JobBill]) -> float | None:
    """GPU-hours a month of those of which they are known; None: of none."""
    known = [each.gpu_hours for each in jobs if each.gpu_hours is not None]
    return sum(known) if known else None
