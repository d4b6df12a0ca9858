"""Every fix of a bad golden spec mends what was found, leaves a spec that parses, and has nothing left to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.lint.files import lint_data
from gpuspec.lint.fixing import fix_data
from gpuspec.lint.registry import collect
from gpuspec.lint.runner import Linter
from gpuspec.lint.selection import Selection
from gpuspec.lint.settings import Settings
from gpuspec.testing import prices_in
from gpuspec.text import parse

REGISTRY = collect()
BAD = sorted(path for path in Path(__file__).parent.glob("GS???/bad-*.jsonc") if path.parent.name != "GS001")


@pytest.mark.parametrize("path", BAD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_fix_mends(path: Path) -> None:
    data = path.read_bytes()
    prices = prices_in(data) or "seed-2025"
    settings = Settings(Selection((path.parent.name,)), prices=prices, preview=True, pedantic=True)
    linter = Linter(REGISTRY, debug=True)
    before = lint_data(linter, str(path), data, settings)
    fixed = fix_data(linter, str(path), data, settings, unsafe=True)
    assert not parse(fixed.data.decode()).problems
    assert [found.finding.message for found in fixed.findings if found.finding.fix] == []
    if any(found.finding.fix for found in before):
        assert fixed.titles
        assert fixed.data != data
    again = fix_data(linter, str(path), fixed.data, settings, unsafe=True)
    assert again.data == fixed.data
