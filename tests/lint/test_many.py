"""Files with very many of something: the work grows with the file, not with its square; what is left out is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from rules_for_tests import NoCloud, lint, registry

from gpuspec.lint.facts import Facts
from gpuspec.lint.files import lint_data
from gpuspec.lint.finding import Finding
from gpuspec.lint.one_file import MOST
from gpuspec.lint.result import Report
from gpuspec.lint.rule import Rule
from gpuspec.lint.runner import Linter
from gpuspec.lint.selection import matches, selectors_of
from gpuspec.lint.settings import Settings
from gpuspec.report import render
from gpuspec.rules.spec.duplicate_key import DuplicateKey
from gpuspec.rules.spec.json5_extension import Json5Extension
from gpuspec.rules.spec.schema import Schema
from gpuspec.rules.spec.suppressions import SuppressionWithoutReason, UnusedSuppression
from tests.operations import growth

SUPPRESSED = (NoCloud, UnusedSuppression, SuppressionWithoutReason)


class EachOutput(Rule):
    """One finding for each output."""

    code = "T106"
    name = "each-output"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for at, name in enumerate(facts.job.outputs):
            yield self.finding(f"/outputs/{at}", name)


def spec(before: str, line: Callable[[int], str], n: int) -> str:
    return '{"run": "x",\n' + before + "".join(map(line, range(n))) + '\n"name": "a"}'


def clouds(n: int) -> str:
    listed = "".join(f'"c{i}", // gpuspec: ignore[T101] why\n' for i in range(n))
    return f'{{"run": "x", "clouds": [\n{listed}"z"]}}'


MANY = {
    "the same key": (lambda n: spec("", lambda i: '"a": {"b": 1}, ', n), (DuplicateKey,)),
    "keys that stand twice": (lambda n: spec("", lambda i: f'"a{i}": {{"b": 1}}, "a{i}": 2,', n), (DuplicateKey,)),
    "suppressions above one line": (lambda n: spec("", lambda i: "// gpuspec: ignore[T101] why\n", n), SUPPRESSED),
    "suppressions of the file": (lambda n: spec("", lambda i: "// gpuspec: ignore-file[T101]\n", n), SUPPRESSED),
    "suppressions in one line": (lambda n: spec("", lambda i: "/* gpuspec: ignore[T101] */", n), SUPPRESSED),
    "suppressions of nothing": (lambda n: spec("", lambda i: f"// gpuspec: ignore[no-{i}] why\n", n), SUPPRESSED),
    "suppressions and findings": (lambda n: clouds(n), SUPPRESSED),
    "unknown keys": (lambda n: spec("", lambda i: f'"k{i}": 1,\n', n), (Schema,)),
    "findings on one line": (lambda n: spec("", lambda i: f"k{i}: 1, ", n), (Json5Extension,)),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_twice_as_many_are_twice_the_work(name: str) -> None:
    text, rules = MANY[name]
    linter = Linter(registry(*rules))
    settings = Settings()

    def work(n: int) -> None:
        lint_data(linter, "job.gpu.jsonc", text(n).encode(), settings, on_disk=False)

    assert growth(work, 60) < 2.5


@pytest.mark.parametrize(
    "kind", ["text", "json", "sarif", "github", "gitlab", "junit", "markdown", "concise"]
)
def test_reports_of_many_findings_on_one_line(kind: str) -> None:
    linter = Linter(registry(Json5Extension))
    settings = Settings()

    def work(n: int) -> None:
        text = spec("", lambda i: f"k{i}: 1, ", n)
        found = lint_data(linter, "job.gpu.jsonc", text.encode(), settings, on_disk=False)
        render(kind, Report(("job.gpu.jsonc",), tuple(found)), (False, None), statistics=False)

    assert growth(work, 60) < 2.5


def outputs(n: int, comment: str = "") -> str:
    listed = ",\n".join(f'"o{i}/"' for i in range(n))
    return f'{{"run": "x", {comment}\n"outputs": [\n{listed}]}}'


def test_no_more_findings_than_anyone_reads_and_it_is_said() -> None:
    assert len(lint(outputs(MOST), EachOutput)) == MOST
    many = '{"run": "x",' + "".join(f'\n"a{i}": 1, "a{i}": 2,' for i in range(MOST + 1)) + '\n"name": "x"}'
    found = lint(many, DuplicateKey)
    assert len(found) == MOST + 1
    assert found[0] == "1:1 GS002"
    linter = Linter(registry(DuplicateKey))
    first = lint_data(linter, "a.gpu.jsonc", many.encode(), Settings(), on_disk=False)[0]
    assert first.finding.message == (
        "there are more than 1,000 findings of duplicate-key in this file; the first are shown"
    )


def test_that_there_is_more_is_not_silenced_by_the_suppression_of_a_line() -> None:
    pairs = "".join(f'\n"a{i}": 1, "a{i}": 2, // gpuspec: ignore[GS002] why' for i in range(MOST + 1))
    many = '{"run": "x", // gpuspec: ignore[GS002] why' + pairs + '\n"name": "x"}'
    assert lint(many, DuplicateKey) == ["1:1 GS002"]
    whole = many.replace("ignore[", "ignore-file[", 1)
    assert lint(whole, DuplicateKey) == []
    # Those that silence what was not looked at are not called unused.
    assert lint(whole, DuplicateKey, UnusedSuppression) == []


@pytest.mark.parametrize(("code", "name"), [("GS101", "over-provisioned-gpu"), ("ACME7", "x"), ("AB10", "b")])
def test_selectors_of_a_rule_are_those_that_match_it(code: str, name: str) -> None:
    words = {code[:end] for end in range(1, len(code) + 1)} | {
        code + "1",
        "ALL",
        name,
        name + "s",
        "G",
        "ZZ1",
        "",
    }
    assert {word for word in words if matches(word, code, name)} == set(selectors_of(code, name))
