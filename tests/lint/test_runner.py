"""The engine: which rules are asked, in which order, and what happens when one fails."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from rules_for_tests import Broken, NoCloud, NoEcho, Preview, Unsure, lint, registry

from gpuspec import Facts, Finding, Rule
from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.selection import Selection
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect

SPEC = '{\n  "run": "echo hi",\n  "clouds": ["aws", "gcp"]\n}\n'


def test_findings_are_sorted_by_place_then_code() -> None:
    assert lint(SPEC, NoCloud, NoEcho) == ["2:10 T102", "3:14 T101", "3:21 T101"]


def test_low_confidence_and_preview_only_on_request() -> None:
    assert lint(SPEC, Unsure, Preview) == []
    assert lint(SPEC, Unsure, Preview, settings=Settings(pedantic=True)) == ["1:1 T103"]
    assert lint(SPEC, Unsure, Preview, settings=Settings(preview=True)) == ["1:1 T104"]


def test_a_crash_is_named_and_the_rest_go_on() -> None:
    linter = Linter(registry(NoEcho, Broken))
    found = lint_data(linter, "job.gpu.jsonc", SPEC.encode(), Settings(), on_disk=False)
    assert [item.finding.code for item in found] == ["T102"]
    assert [str(problem) for problem in linter.problems] == [
        "rule T105 broken of test failed on job.gpu.jsonc: ZeroDivisionError: division by zero"
    ]


def test_a_crash_while_reading_the_job_is_told_by_the_rules_that_need_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("reader")

    monkeypatch.setattr(importlib.import_module("gpuspec.workload.read"), "read", crash)
    linter = Linter(collect())
    text = '{ "run": "echo hi", "gpu_types": ["RTX 9999"], "max_price": 1, "outputs": ["out/"] }'
    found = lint_data(linter, "job.gpu.jsonc", text.encode(), Settings(), on_disk=False)
    assert "GS004" in {item.finding.code for item in found}
    assert {problem.message for problem in linter.problems} == {"ZeroDivisionError: reader"}


class NotAFinding(Rule):
    """Gives text."""

    code = "T200"
    name = "not-a-finding"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield "oops"  # type: ignore[misc]


def test_a_wrong_type_is_named() -> None:
    linter = Linter(registry(NotAFinding))
    lint_data(linter, "job.gpu.jsonc", SPEC.encode(), Settings(), on_disk=False)
    assert linter.problems[0].message == "TypeError: check gave a str, not a Finding"


class Twice(Rule):
    """Says the same thing twice."""

    code = "T201"
    name = "twice"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield self.finding("/run", "same")
        yield self.finding("/run", "same")


def test_duplicates_are_dropped() -> None:
    assert lint(SPEC, Twice) == ["2:10 T201"]


def test_job_rules_are_not_asked_about_broken_text() -> None:
    assert lint('{"run": "echo"', NoEcho) == []


def test_scripts() -> None:
    assert lint("set -e\necho a; echo b\n", NoEcho, NoCloud, path="go.sh") == ["2:1 T102", "2:9 T102"]
    assert lint("#!/usr/bin/env bash\necho a\n", NoEcho, path="go") == ["2:1 T102"]


def test_options_reach_the_rule() -> None:
    settings = Settings(rules={"no-cloud": {"allowed": ["aws"]}})
    assert lint(SPEC, NoCloud, settings=settings) == ["3:21 T101"]


def test_severity_overrides() -> None:
    settings = Settings(severity={"T1": "info", "no-echo": "warning"})
    linter = Linter(registry(NoCloud, NoEcho))
    found = lint_data(linter, "job.gpu.jsonc", SPEC.encode(), settings, on_disk=False)
    assert [item.finding.severity for item in found] == ["warning", "info", "info"]


def test_per_file_ignores() -> None:
    settings = Settings(Selection(per_file_ignores=(("old/", ("T101",)),)))
    assert lint(SPEC, NoCloud, settings=settings, path="old/job.gpu.jsonc") == []
    assert len(lint(SPEC, NoCloud, settings=settings, path="new/job.gpu.jsonc")) == 2
