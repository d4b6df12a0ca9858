"""The setting `[budget]`: what may be spent in a month, and the steps that are told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.lint.config import Configs
from gpuspec.planning.monthly_budget import MonthlyBudget, monthly_budget, reached_step
from gpuspec.rules import collect


def test_in_all_and_by_group(tmp_path: Path) -> None:
    (tmp_path / "gpuspec.toml").write_text(
        '[budget]\nmonthly = 5000\nat = [1, 0.85, 0.7]\n[budget.team]\nsearch = 2000\n[budget.folder]\n"a/b" = 10.5\n'
    )
    found = Configs(collect()).settings_for(str(tmp_path / "job.jsonc"))
    budget = monthly_budget(found.budget)
    assert budget == MonthlyBudget(5000, (("team", "search", 2000), ("folder", "a/b", 10.5)), (0.7, 0.85, 1))
    assert budget.limits[0] == ("", "", 5000)
    assert found.budget_file == str(tmp_path / "gpuspec.toml")


def test_the_file_that_is_extended_keeps_its_budget(tmp_path: Path) -> None:
    (tmp_path / "gpuspec.toml").write_text("[budget]\nmonthly = 5000\n")
    (tmp_path / "team").mkdir()
    (tmp_path / "team/gpuspec.toml").write_text('extend = "../gpuspec.toml"\n')
    found = Configs(collect()).settings_for(str(tmp_path / "team/job.jsonc"))
    assert (found.budget, found.budget_file) == ({"monthly": 5000}, str(tmp_path / "gpuspec.toml"))


def test_no_budget() -> None:
    assert monthly_budget({}) == MonthlyBudget(None, (), (0.7, 0.9, 1.0))
    assert monthly_budget({}).limits == ()


@pytest.mark.parametrize(
    ("spent", "reached"),
    [(0, None), (69.99, None), (69.995, 0.7), (70, 0.7), (89.9, 0.7), (90, 0.9), (100, 1.0), (1e6, 1.0)],
)
def test_steps(spent: float, reached: float | None) -> None:
    assert reached_step(spent, 100, (0.7, 0.9, 1.0)) == reached
