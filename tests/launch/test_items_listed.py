"""Items listed in a file: what cannot be read as a list is said, with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items


def test_a_list_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.txt")
    with pytest.raises(UserError) as caught:
        items.resolve(Job(items="list.txt"), str(tmp_path))
    assert (caught.value.code, caught.value.message) == (
        "items-file",
        "cannot read `items` list.txt: it is a pipe, not a file",
    )


@pytest.mark.parametrize("line", ["[" * 100_000, "1" * 5000, "{", "\ud800"])
def test_a_line_that_is_no_json_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_bytes(b'"a"\n' + line.encode("utf-8", "surrogatepass"))
    with pytest.raises(UserError) as caught:
        items.resolve(Job(items="list.jsonl"), str(tmp_path))
    assert caught.value.code == "items-file"


def test_line_ends_of_any_system_are_no_part_of_an_item(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a\r\nb\rc\n\r\n d ")
    assert items.resolve(Job(items="list.txt"), str(tmp_path)) == ("a", "b", "c", " d ")


def test_an_item_that_no_command_can_be_given_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text(r'"\ud800"')
    with pytest.raises(UserError) as caught:
        items.resolve(Job(items="list.jsonl"), str(tmp_path))
    assert caught.value.code == "bad-item"


@pytest.mark.parametrize(
    ("run", "each"),
    [
        ("# each line of $GPUSPEC_ITEMS is one {item}\ncat $GPUSPEC_ITEMS", False),
        ("do {item} # not $GPUSPEC_ITEMS", True),
        ('do "$GPUSPEC_ITEM" # {item} of $GPUSPEC_ITEMS', True),
        ("do # {item}", True),
        ("do $GPUSPEC_ITEMS", False),
    ],
)
def test_a_comment_does_not_decide_how_a_list_is_used(run: str, each: bool) -> None:
    assert items.manifest(Job(run=run), ("a",), "s", fresh=True)["each"] is each
