"""Which monthly budgets hold for a folder: those of the settings in it and of all above it, as far as the repository
goes. `gpuspec bill` counts a job to the same ones."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run
from gpuspec.launch.month import folder_of
from gpuspec.planning.monthly_budget import MonthlyBudget, monthly_budget

Budgets = dict[str, MonthlyBudget]
"""Settings file (full path) → its budget, the nearest first."""


def budgets_above(folder: str) -> Budgets:
    """Those of a folder. UserError where a settings file above it is wrong: a budget is never passed over."""
    from gpuspec.lint.config import read_config
    from gpuspec.lint.config_file import NAMES, has_settings

    found: Budgets = {}
    folder = os.path.abspath(folder)
    while True:
        path = next((each for name in NAMES if has_settings(each := os.path.join(folder, name))), None)
        if path is not None:
            config = read_config(path)
            if config.values.get("budget"):
                file = os.path.abspath(config.said_by("budget")[-1])
                found.setdefault(file, _checked(file, config.values["budget"]))
        parent = os.path.dirname(folder)
        if parent == folder or os.path.lexists(os.path.join(folder, ".git")):
            return found
        folder = parent


def budgets_in(files: Iterable[str]) -> Budgets:
    """Those of some settings files as they are now; a file that is gone, or wrong, has none."""
    from gpuspec.lint.config_file import read_one

    found: Budgets = {}
    for file in dict.fromkeys(files):
        with suppress(UserError):
            setting = read_one(file).values.get("budget")
            if setting:
                found[file] = _checked(file, setting)
    return found


def budgets_of_runs(runs: Iterable[Run]) -> Budgets:
    """Those that hold for some runs now: of the settings they were launched under, and of what lies above them."""
    runs = list(runs)
    found = budgets_in(run.budget_file for run in runs if run.budget_file)
    for folder in dict.fromkeys(map(folder_of, runs)):
        with suppress(UserError):
            found.update(budgets_above(folder))
    return found


def _checked(file: str, setting: object) -> MonthlyBudget:
    from gpuspec.lint.budget_config import check_budget
    from gpuspec.lint.config_file import bad_config

    if not isinstance(setting, dict):
        raise bad_config(file, "budget must be a table")
    check_budget(file, setting)
    return monthly_budget(setting)
