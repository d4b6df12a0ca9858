"""Pairs of a file and what lint says about it: `NAME.jsonc` (or a script) and `NAME.out`.

A folder named after a rule runs that rule alone, low confidence and preview included: `bad-*` must be
found, `good-*` must not. Other folders run all rules; in `ok/` all must be silent.
`GPUSPEC_UPDATE_GOLDEN=1` rewrites the expectations: read the diff. A first line `// prices: NAME` picks the
price source; without it seed-2025 is used, which never changes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import get_args

import pytest

from gpuspec.job import check
from gpuspec.job.problem import Kind
from gpuspec.lint.files import lint_data
from gpuspec.lint.registry import collect
from gpuspec.lint.runner import Linter
from gpuspec.lint.selection import Selection
from gpuspec.lint.settings import Settings
from gpuspec.report.concise import line
from gpuspec.testing import prices_in
from gpuspec.text import read_file

HERE = Path(__file__).parent
REGISTRY = collect()
CASES = sorted(
    path
    for path in HERE.rglob("*")
    if path.is_file() and path.parent != HERE and path.suffix not in (".out", ".pyc")
)


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(HERE)))
def test_golden(path: Path) -> None:
    folder = path.relative_to(HERE).parts[0]
    single = re.fullmatch(r"[A-Z]+\d+", folder)
    data = path.read_bytes()
    settings = Settings(
        Selection((folder,) if single else None),
        prices=prices_in(data) or "seed-2025",
        preview=True,
        pedantic=bool(single),
    )
    linter = Linter(REGISTRY, debug=True)
    found = lint_data(linter, str(path), data, settings)
    said = "".join(line(item)[len(str(path)) + 1 :] + "\n" for item in found)
    if folder == "ok" or path.name.startswith("good"):
        assert said == ""
        return
    expected = path.with_suffix(".out")
    if os.environ.get("GPUSPEC_UPDATE_GOLDEN"):
        expected.write_text(said, encoding="utf-8")
    assert said, "a bad case must be found"
    assert said == expected.read_text(encoding="utf-8")


def test_every_kind_of_schema_error_has_a_case() -> None:
    kinds = {
        problem.kind
        for path in (HERE / "GS003").glob("bad-*.jsonc")
        for problem in check(read_file(str(path)))
    }
    assert kinds == set(get_args(Kind))


def test_every_expectation_has_its_case() -> None:
    cases = {path.with_suffix(".out") for path in CASES}
    assert [path for path in HERE.rglob("*.out") if path not in cases] == []
