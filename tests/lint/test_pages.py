"""Every rule's page is complete and its examples are true."""

from __future__ import annotations

import pytest

from gpuspec.lint.deferred import loaded
from gpuspec.lint.page import SECTIONS, page
from gpuspec.lint.registry import Registered
from gpuspec.rules import collect
from gpuspec.testing import check_page

RULES = collect().rules


@pytest.mark.parametrize("entry", RULES, ids=lambda entry: entry.rule.code)
def test_examples(entry: Registered) -> None:
    check_page(type(loaded(entry.rule)))


def test_sections_are_known() -> None:
    headings = {(entry.rule.code, name) for entry in RULES for name, _ in page(loaded(entry.rule)).sections}
    assert [each for each in sorted(headings) if each[1] not in SECTIONS] == []
