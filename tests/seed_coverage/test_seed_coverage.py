"""docs/seed-coverage.md, executed: each row's rule fires on its bad spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.rules import collect
from gpuspec.testing import prices_in

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "seed-coverage.md"
REGISTRY = collect()


def lines() -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in text.splitlines()
        if line.startswith("| S")
    ]


@pytest.mark.parametrize("row", lines(), ids=lambda row: f"{row[0]}: {row[1]}")
def test_the_rule_fires_on_the_bad_spec(row: list[str]) -> None:
    _, _, rule, name, _ = row
    path = HERE / name.strip("`")
    data = path.read_bytes()
    settings = Settings(job=JobSettings(prices=prices_in(data) or "seed-2025"), preview=True, pedantic=True)
    found = lint_data(Linter(REGISTRY, debug=True), str(path), data, settings)
    assert rule in {f"{one.finding.code} {one.finding.name}" for one in found}
    assert "GS003" not in {one.finding.code for one in found}, "the spec itself is valid"


def test_every_article_is_there_and_every_spec_is_used() -> None:
    assert {row[0][:2] for row in lines()} == {"S0", "S1", "S2", "S3", "S4"}
    assert {row[3].strip("`") for row in lines()} == {
        path.name for path in HERE.iterdir() if path.is_file() and path != Path(__file__)
    }
