"""The table of built-in rules says the truth: what a row states is what its class has, and a rule that `when` keeps
from being asked would have said nothing."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from gpuspec.formats import read
from gpuspec.lint.facts import Facts
from gpuspec.lint.rule import Rule
from gpuspec.lint.suppression import in_tree
from gpuspec.planning.case import Case
from gpuspec.rules import RULES

ROOT = Path(__file__).parents[2]
SPECS = [
    path
    for folder in ("examples", "tests/golden", "tests/judgement", "tests/seed_coverage", "tests/rules")
    for path in sorted((ROOT / folder).rglob("*.jsonc"))
]


def test_a_row_is_its_class() -> None:
    fields = ("code", "name", "needs", "preview", "asks_for")
    for row in RULES:
        assert [getattr(row, field) for field in fields] == [getattr(row.rule, field) for field in fields]
        assert row.scripts == (type(row.rule).check_script is not Rule.check_script), row.code


def test_a_rule_that_gives_errors_says_so() -> None:
    # Fixes are judged by the rules that may find errors after them: one that does not say so is not asked.
    for row in RULES:
        gives = '"error"' in inspect.getsource(type(row.rule))
        assert not gives or row.rule.severity == "error" or row.rule.may_be_error, row.code


def test_rows_are_in_order_and_unlike() -> None:
    codes = [row.code for row in RULES]
    assert codes == sorted(set(codes))
    assert len({row.name for row in RULES}) == len(codes)


def test_what_is_not_asked_would_have_been_silent() -> None:
    spared = 0
    for path in SPECS:
        (document,) = read(str(path), path.read_bytes())
        tree, job = document.tree, document.job
        facts = Facts(Case(document), suppressions=in_tree(tree))
        for row in RULES:
            if row.needs == "script" or (row.needs == "job" and job is None):
                continue
            if not row.when or any(facts.has(word) for word in row.when):
                continue
            facts.options = {option.name: option.default for option in row.rule.options}
            assert list(row.rule.check(facts)) == [], f"{row.code} on {path}"
            spared += 1
    assert spared > 1000


def test_the_prose_of_a_rule_holds_no_name_of_the_code() -> None:
    # A renamed variable once took a word of a rule's page along: "where a cache that outlives the machine is in_env".
    for row in RULES:
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", type(row.rule).__doc__ or "", flags=re.DOTALL)
        assert prose.strip(), row.code
        assert re.findall(r"\b[A-Za-z]+_\w+", prose) == [], row.code
