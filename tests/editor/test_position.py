"""Places in UTF-16, against the definition: the number of 16-bit units before them on their line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol.types import Position

from gpuspec.editor.position import Positions
from gpuspec.text import Tree

TEXTS = st.text(alphabet="ab\t漢é😀\u2028\x0c\n\r\ufeff", max_size=30)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(0, 30), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_there_and_back(text: str, at: int, encoding: str) -> None:
    at = min(at, len(text))
    if text[at - 1 : at + 1] == "\r\n":
        at -= 1  # no place is between the two
    positions = Positions(Tree(text), encoding)
    place = positions.position(at)
    lines = re.split(r"\r\n|\n|\r", text[:at])
    unit = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    assert place == Position(len(lines) - 1, len(lines[-1].encode(unit)) // size)
    assert positions.offset(place) == at


def test_beyond_the_text() -> None:
    positions = Positions(Tree("ab\r\ncd"))
    assert positions.offset(Position(0, 99)) == 2
    assert positions.offset(Position(9, 0)) == 6


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_a_change_makes_the_one_text_of_the_other(before: str, after: str) -> None:
    positions = Positions(Tree(before))
    edit = positions.change(after)
    if edit is None:
        assert before == after
        return
    start, end = positions.offset(edit.range.start), positions.offset(edit.range.end)
    assert before[:start] + edit.new_text + before[end:] == after


@pytest.mark.parametrize(("before", "after", "text"), [("abc", "axc", "x"), ("a\r\nb", "a\nb", "\n")])
def test_a_change_is_small(before: str, after: str, text: str) -> None:
    edit = Positions(Tree(before)).change(after)
    assert edit is not None
    assert edit.new_text == text
