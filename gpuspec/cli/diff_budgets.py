"""How much of each budget the jobs use before and after a change."""

from __future__ import annotations

import os

from gpuspec.cli.project_state import State
from gpuspec.planning.bill_budgets import FolderBudget, budget_lines
from gpuspec.planning.monthly_budget import monthly_budget
from gpuspec.report.what_changed import BudgetChange, differ


def budget_changes(base: State, head: State) -> tuple[BudgetChange, ...]:
    """The budgets of HEAD's settings of which the change uses more or less."""
    if head.file is not None:
        return ()
    here = os.getcwd()
    found = [
        FolderBudget(os.path.normpath(os.path.join(here, folder)), monthly_budget(settings.budget))
        for folder, settings in head.budgets().items()
    ]
    before, after = (budget_lines(state.bills(here), found) for state in (base, head))
    return tuple(
        BudgetChange(now, was.per_month)
        for was, now in zip(before, after, strict=True)
        if differ(was.per_month, now.per_month)
    )
