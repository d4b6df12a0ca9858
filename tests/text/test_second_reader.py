"""json5 as second reader: it agrees with gpuspec's reader, or says where it does not, or that it was not asked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import json5
import pytest

from gpuspec.text import parse
from gpuspec.text.second_reader import LONGEST, NotRead, disagreement

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.jsonc")), ids=lambda path: path.name)
def test_it_agrees_on_examples(path: Path) -> None:
    assert disagreement(parse(path.read_text())) is None


@pytest.mark.parametrize(
    "text",
    [
        "{'a': 1, b: +.5, c: [0x1F, NaN, -Infinity, 1e400], 'd': 'x\\\ny',} // end",
        '\ufeff{"a": "\\ud83d\\ude00", "\\ud83d\\ude00": "\\ud83d"}',
        '{"a": 1, "a": 2}',
    ],
)
def test_it_agrees_on_all_of_json5(text: str) -> None:
    assert disagreement(parse(text)) is None


@pytest.mark.parametrize(
    ("read", "place"),
    [
        ({"a": [1, {"b": True}]}, None),
        ({"a": [1, {"b": 1}]}, "/a/1/b"),
        ({"a": [1.0, {"b": True}]}, "/a/0"),
        ({"a": [1]}, "/a"),
        ({"a": [1, {"b": True}], "c/d": 2}, "/c~1d"),
        ({}, "/a"),
        ([], "its root"),
    ],
)
def test_it_says_where_it_differs(read: Any, place: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json5, "loads", lambda text: read)
    said = disagreement(parse('{"a": [1, {"b": true}]}'))
    assert said == (place and f"json5 reads another value at {place}")


def test_it_says_what_json5_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(text: str) -> Any:
        raise ValueError("<string>:1 Unexpected\n x")

    monkeypatch.setattr(json5, "loads", refuses)
    assert disagreement(parse("{}")) == "json5 cannot read it: <string>:1 Unexpected x"


def test_what_it_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotRead, match="has 100,001 characters"):
        disagreement(parse("[" + " " * (LONGEST - 1) + "]"))
    with pytest.raises(NotRead, match="nested too deep"):
        disagreement(parse("[" * 500 + "]" * 500))
    monkeypatch.setattr("gpuspec.text.second_reader.SECONDS", 0.05)
    monkeypatch.setattr(json5, "loads", lambda text: time.sleep(60))
    with pytest.raises(NotRead, match=r"not done after 0\.05 s"):
        disagreement(parse("{}"))
