"""`pytest --gpuspec`: the rules of the plugin under test are checked, and the examples in their docstrings run.

The plugin under test is the one whose pyproject.toml lies in pytest's root folder. Loaded by pytest wherever
gpuspec is installed, so that nothing of gpuspec is imported before it is asked for.
"""

from __future__ import annotations

import os
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--gpuspec`."""
    group = parser.getgroup("gpuspec")
    group.addoption(
        "--gpuspec",
        action="store_true",
        help="check the rules of this gpuspec plugin, and run their examples",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one test for each rule."""
    if config.getoption("--gpuspec"):
        from gpuspec.plugin.check import Project, ProjectError

        try:
            rules = Project(str(config.rootpath)).rules()
        except ProjectError as error:
            raise pytest.UsageError(f"--gpuspec: {error}") from None
        items.extend(
            RuleExamples.from_parent(session, name=f"gpuspec::{rule.code}", rule=rule) for rule in rules
        )


class RuleExamples(pytest.Item):
    """The page and the examples of one rule."""

    def __init__(self, *, rule: Any, **more: Any) -> None:
        super().__init__(**more)
        self.rule = rule
        self.funcargs: dict[str, Any] = {}  # pytest-lsp 1.0 fails on items that have none

    def runtest(self) -> None:
        """Fail with the first thing that is wrong."""
        from gpuspec.plugin.check import rule_faults

        before = os.getcwd()
        os.chdir(self.config.rootpath)  # a rule may look for files beside a spec, and finds the project's own
        try:
            faults = rule_faults(self.rule)
        finally:
            os.chdir(before)
        assert not faults, "; ".join(faults)

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:
        """One line: a traceback would show gpuspec's own code."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[str, None, str]:
        """Where and what."""
        return self.rule.__module__, None, f"rule {self.rule.code} {self.rule.name}"
