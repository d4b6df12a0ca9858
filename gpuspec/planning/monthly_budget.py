"""What may be spent in a month, as the setting `[budget]` has it: in all, and for each group."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import BudgetLine
from gpuspec.planning.bill_groups import UNNAMED

STEPS = (0.7, 0.9, 1.0)
"""Shares of a budget that are told of, where the setting names none."""


class MonthlyBudget(NamedTuple):
    """Dollars a month: of everything (None: no limit), and by group: (what it is grouped by, name, dollars)."""

    monthly: float | None = None
    groups: tuple[tuple[str, str, float], ...] = ()
    at: tuple[float, ...] = STEPS

    @property
    def limits(self) -> tuple[tuple[str, str, float], ...]:
        """All of them: that of everything first, as ("", "", dollars)."""
        return (*((("", "", self.monthly),) if self.monthly is not None else ()), *self.groups)

    def line(self, by: str, name: str, monthly: float, per_month: float) -> BudgetLine:
        """One budget, and what of it is spent."""
        reached = reached_step(per_month, monthly, self.at)
        return BudgetLine(
            by=by, name=name, monthly=monthly, per_month=per_month, steps=self.at, reached=reached
        )


def monthly_budget(setting: Mapping[str, Any]) -> MonthlyBudget:
    """The budget that a setting says (`Settings.budget`, which is checked)."""
    groups = [
        (by, name, float(dollars))
        for by, names in setting.items()
        if by not in ("monthly", "at")
        for name, dollars in names.items()
    ]
    monthly = setting.get("monthly")
    return MonthlyBudget(
        monthly=None if monthly is None else float(monthly),
        groups=tuple(groups),
        at=tuple(sorted({float(step) for step in setting.get("at", STEPS)})),
    )


def reached_step(spent: float, limit: float, steps: tuple[float, ...]) -> float | None:
    """The highest of some shares of a limit that was reached; None below the first. Dollars are shown in cents, so
    what rounds to a step has reached it."""
    return max((step for step in steps if spent + 0.005 >= step * limit), default=None)


class Spender(NamedTuple):
    """A job or a run, by what budgets are for. `folder` is seen from the settings that say the budget ("." is
    theirs); "" where it has no cloud or GPU, or that is not known."""

    folder: str
    cloud: str
    gpu: str
    labels: Mapping[str, str]


def is_for(by: str, name: str, spender: Spender) -> bool:
    """Whether the budget of a group counts a job, or a run: by folder (and those in it), cloud, GPU, or a label. The
    case of letters does not matter, a GPU has all its names, and "none" are those that do not say."""
    if not by:
        return True
    if by == "folder":
        return within(spender.folder, name)
    if by == "gpu" and spender.gpu:
        return _same_gpu(spender.gpu, name)
    said = {"cloud": spender.cloud, "gpu": spender.gpu}.get(by, spender.labels.get(by))
    return (said or UNNAMED).casefold() == name.casefold()


def folder_named(name: str) -> str:
    """A folder of `[budget.folder]`, as it is seen from the settings."""
    return name.strip("/").removeprefix("./") or "."


def within(folder: str, name: str) -> bool:
    """Whether a folder is the one of that name, or in it; both are seen from the same place, "." for it."""
    wanted = folder_named(name)
    return wanted == "." or folder == wanted or folder.startswith(wanted + "/")


@lru_cache(maxsize=4096)
def _same_gpu(one: str, other: str) -> bool:
    from gpuspec.plugin.installed_catalog import installed_catalog

    catalog = installed_catalog()
    return bool(set(catalog.resolve_gpu(one).accepts) & set(catalog.resolve_gpu(other).accepts))
