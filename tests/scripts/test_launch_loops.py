"""Launch loops in whole scripts: those in `flag/` launch a machine per item, those in `silent/` only look like it.

A script to flag says what is expected in a comment: `expect GS301: 5x3 9` is line 5 with 3 items, and line 9 with a
number of items nobody can count.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gpuspec.lint.script import script_kind
from gpuspec.scripts import launches

HERE = Path(__file__).parent


def files(folder: str) -> list[Path]:
    return sorted(path for path in (HERE / folder).rglob("*") if path.is_file())


def found(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    kind = script_kind(str(path))
    assert kind is not None
    return [
        f"{text.count(chr(10), 0, launch.span.start) + 1}" + (f"x{launch.items}" if launch.items else "")
        for launch in launches(str(path), text, kind).repeated
    ]


@pytest.mark.parametrize("path", files("flag"), ids=lambda path: path.name)
def test_launch_per_item_is_found(path: Path) -> None:
    expected = re.search(r"expect GS301: ([\dx ]+)", path.read_text(encoding="utf-8"))
    assert expected
    assert found(path) == expected[1].split()


@pytest.mark.parametrize("path", files("silent"), ids=lambda path: path.name)
def test_no_false_alarm(path: Path) -> None:
    assert found(path) == []


def test_there_are_enough_of_both() -> None:
    assert len(files("flag")) >= 30
    assert len(files("silent")) >= 30
