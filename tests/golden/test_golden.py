"""What one rule says about one file, and what its fixes make of it: a folder a rule.

`bad-*` must be found: `NAME.out` holds what the rule says, and, where it has a fix, `NAME.fixed` the file after
`--fix --unsafe-fixes`. `good-*` must not be found. The rule runs alone, low confidence and preview included.
`GPUSPEC_UPDATE_GOLDEN=1` rewrites the expectations: read the diff. A first line `// prices: NAME` picks the
price source; without it seed-2025 is used, which never changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from gpuspec.job import check
from gpuspec.job.problem import Kind
from gpuspec.lint.deferred import loaded
from gpuspec.lint.rule import Rule
from gpuspec.rules import collect
from gpuspec.testing import check_golden, golden_cases, lint_text, prices_in
from gpuspec.testing.rule_tester import fix_text
from gpuspec.text import parse, read_file

HERE = Path(__file__).parent
RULES = {entry.rule.code: type(loaded(entry.rule)) for entry in collect().rules}
BESIDE = {"GS008": "GS002"}
"""Rules that are judged by what another rule finds: that one runs, too."""
CASES = [Path(path) for path in golden_cases(HERE)]
FIXED = sorted(HERE.rglob("*.fixed"))


def rules_of(path: Path) -> list[type[Rule]]:
    code = path.parent.name
    return [RULES[each] for each in (code, BESIDE.get(code)) if each]


def case_id(path: Path) -> str:
    return str(path.relative_to(HERE))


@pytest.mark.parametrize("path", CASES, ids=case_id)
def test_golden(path: Path) -> None:
    prices = prices_in(path.read_bytes()) or "seed-2025"
    check_golden(path, rules_of(path), prices=prices, on_disk=True)


@pytest.mark.parametrize("path", FIXED, ids=case_id)
def test_a_fixed_text_parses_and_has_nothing_left_to_fix(path: Path) -> None:
    data = path.read_bytes()
    rules, prices = rules_of(path), prices_in(data) or "seed-2025"
    assert not parse(data.decode()).problems
    assert [
        found.finding.message for found in lint_text(data, rules, prices=prices) if found.finding.fix
    ] == []
    assert fix_text(data, rules, prices=prices) == data


def test_every_rule_that_fixes_has_a_fixed_text() -> None:
    """And no other has one."""
    fixing = {code for code, rule in RULES.items() if rule.fixable != "never"}
    assert fixing == {path.parent.name for path in FIXED}


def test_every_kind_of_schema_error_has_a_case() -> None:
    kinds = {
        problem.kind
        for path in (HERE / "GS003").glob("bad-*.jsonc")
        for problem in check(read_file(str(path)))
    }
    assert kinds == set(get_args(Kind))


def test_every_expectation_has_its_case() -> None:
    cases = {path.with_suffix("") for path in CASES}
    expectations = [path for path in HERE.rglob("*") if path.suffix in (".out", ".fixed")]
    assert [path for path in expectations if path.with_suffix("") not in cases] == []
