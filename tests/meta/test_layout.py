"""The house: each room has its tests and its line in docs/architecture.md."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def folders(path: Path) -> list[str]:
    """Folders of Python below a folder."""
    return sorted(each.parent.name for each in path.glob("*/__init__.py"))


def has_tests(path: Path) -> bool:
    return any(path.rglob("test_*.py"))


ROOMS = folders(ROOT / "gpuspec")


def test_every_room_has_its_tests() -> None:
    assert "rules" in ROOMS
    assert [room for room in ROOMS if not has_tests(ROOT / "tests" / room)] == []


def test_every_family_of_rules_has_its_tests() -> None:
    families = folders(ROOT / "gpuspec" / "rules")
    assert "sizing" in families
    assert [family for family in families if not has_tests(ROOT / "tests" / "rules" / family)] == []


def test_the_page_on_the_architecture_names_every_room_and_no_other() -> None:
    table = PAGE.partition("## The rooms")[2].partition("\n## ")[0]
    rows = [line.partition(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([\w/.]+)`", row)}
    assert {name.partition("/")[0] for name in named if "/" in name} == set(ROOMS)
    assert [name for name in named if not (ROOT / "gpuspec" / name).exists()] == []


ASKED = (
    "an engine flag", "a new engine", "a GPU", "a model", "a rule", "a report format", "a file format", "a cloud",
    "a download strategy", "a price source", "a launcher", "the keep-alive limits",
)  # fmt: skip


def test_the_page_answers_where_to_add_each_thing_and_stays_one_page() -> None:
    table = PAGE.partition("## Where would I add")[2]
    answered = re.findall(r"^\| (.+?) \| .*`.*\|$", table, re.M)
    assert [what for what in ASKED if what not in ", ".join(answered).split(", ")] == []
    assert PAGE.count("\n") <= 120


def test_what_the_page_names_in_the_code_is_there() -> None:
    """Names beside a path: `FORMATS` of `gpuspec/report/__init__.py`."""
    found = re.findall(r"`(\w+)` of\s+`(gpuspec/[\w/.]+)`", PAGE)
    assert len(found) >= 3
    assert [pair for pair in found if pair[0] not in (ROOT / pair[1]).read_text(encoding="utf-8")] == []


def test_no_two_rooms_have_a_class_of_the_same_name() -> None:
    """One name, one thing. Names with an underscore are seen in their file alone."""
    rooms: dict[str, set[str]] = {}
    for path in (ROOT / "gpuspec").rglob("*.py"):
        room = path.relative_to(ROOT / "gpuspec").parts[0]
        for name in re.findall(r"^class ([A-Z]\w*)", path.read_text(encoding="utf-8"), re.M):
            rooms.setdefault(name, set()).add(room)
    assert len(rooms) > 200
    assert {name: sorted(found) for name, found in rooms.items() if len(found) > 1} == {}


def test_no_two_modules_of_tests_have_one_name() -> None:
    """pytest takes two of the same name for one, where neither is in a package."""
    found = Counter(
        path.name
        for path in (ROOT / "tests").glob("*/test_*.py")
        if not (path.parent / "__init__.py").exists()
    )
    assert [name for name, number in found.items() if number > 1] == []
