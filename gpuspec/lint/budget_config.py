"""The setting `[budget]`, checked: `monthly`, `at`, and a table of names and dollars for each kind of group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.lint.config_file import MOST_ENTRIES, bad_config, number_in, said, type_in_words

MOST_DOLLARS = 1e9
"""A month. Nobody's budget for GPUs is more."""
LEAST_DOLLARS = 0.01
"""Of a smaller one no share could be told."""
HIGHEST_STEP = 10.0
"""Ten times the budget."""
MOST_STEPS = 20


def check_budget(path: str, budget: Mapping[str, Any]) -> None:
    """UserError `bad-config` where `[budget]` is not what it should be."""
    for key, value in budget.items():
        if key == "monthly":
            _check_dollars(path, "budget.monthly", value)
        elif key == "at":
            check_steps(path, "budget.at", value)
        elif not isinstance(value, dict):
            meant = f"[budget.{key}] is a table: name → dollars a month."
            raise bad_config(path, f"budget.{key} must be a table, not {type_in_words(type(value))}", meant)
        elif len(value) > MOST_ENTRIES:
            raise bad_config(path, f"budget.{key} has more than {MOST_ENTRIES:,} entries")
        else:
            for name, dollars in value.items():
                _check_dollars(path, f"budget.{key}.{name!r}", dollars)


def check_steps(path: str, where: str, value: Any) -> None:
    """UserError `bad-config` unless it is a list of shares of a budget."""
    if not isinstance(value, list):
        hint = "at = [0.7, 0.9, 1.0] tells at 70, 90 and 100 %."
        raise bad_config(path, f"{where} must be a list, not {type_in_words(type(value))}", hint)
    if not 1 <= len(value) <= MOST_STEPS:
        raise bad_config(path, f"{where} must have 1 to {MOST_STEPS} shares, not {len(value):,}")
    for step in value:
        share = number_in(path, where, step)
        if not 0 < share <= HIGHEST_STEP:
            meant = f"{share:g} % is {share / 100:g}" if HIGHEST_STEP < share <= 1000 else "0.7 is 70 %"
            allowed = f"must be more than 0 and at most {HIGHEST_STEP:g}"
            raise bad_config(path, f"{where}: {said(step)} {allowed}", f"{meant}.")


def _check_dollars(path: str, where: str, value: Any) -> None:
    if not LEAST_DOLLARS <= number_in(path, where, value) <= MOST_DOLLARS:
        allowed = f"must be more than 0 and at most {MOST_DOLLARS:,.0f}"
        raise bad_config(path, f"{where} = {said(value)} {allowed}", "give dollars a month.")
