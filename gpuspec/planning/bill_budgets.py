"""What of the budgets the jobs of a bill use. A budget holds for all that lies below the folder of its settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import BudgetLine, JobBill
from gpuspec.planning.cost import exceeds
from gpuspec.planning.monthly_budget import MonthlyBudget, Spender, folder_named, is_for


class FolderBudget(NamedTuple):
    """A budget, and the folder (its full path) of the settings that say it."""

    folder: str
    budget: MonthlyBudget


def budget_lines(jobs: Sequence[JobBill], found: Iterable[FolderBudget]) -> tuple[BudgetLine, ...]:
    """Each budget with what is used of it, those of outer folders first."""
    ordered = sorted(found, key=lambda each: each.folder)
    return tuple(line for each in ordered for line in _lines(jobs, each))


def is_over(line: BudgetLine) -> bool:
    """Whether more is used than there is."""
    return exceeds(line.per_month, line.monthly)


def _lines(jobs: Sequence[JobBill], found: FolderBudget) -> Iterator[BudgetLine]:
    below = _below(jobs, found.folder)
    spenders = [_spender(each, found.folder) for each in below]
    for by, name, monthly in found.budget.limits:
        members = [job for job, spender in zip(below, spenders, strict=True) if is_for(by, name, spender)]
        if by == "folder":
            folder = os.path.normpath(os.path.join(found.folder, folder_named(name)))
            yield _line(found.budget, by, _shown(folder), monthly, members)
        elif by or len(below) == len(jobs):
            yield _line(found.budget, by, name, monthly, members)
        else:
            yield _line(found.budget, "folder", _shown(found.folder), monthly, members)


def _spender(job: JobBill, root: str) -> Spender:
    folder = os.path.relpath(os.path.dirname(os.path.abspath(job.path)), root).replace(os.sep, "/")
    return Spender(folder, job.cloud, job.gpu, job.labels)


def _line(budget: MonthlyBudget, by: str, name: str, monthly: float, jobs: Sequence[JobBill]) -> BudgetLine:
    made = budget.line(by, name, monthly, sum(each.per_month or 0.0 for each in jobs))
    return made._replace(unknown=sum(each.per_month is None for each in jobs), jobs=len(jobs))


def _below(jobs: Iterable[JobBill], folder: str) -> list[JobBill]:
    start = folder.rstrip(os.sep) + os.sep
    return [each for each in jobs if os.path.abspath(each.path).startswith(start)]


def _shown(folder: str) -> str:
    """As jobs are shown, which are seen from where the bill is made."""
    return os.path.relpath(folder).replace(os.sep, "/")
