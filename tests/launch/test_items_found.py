"""What the items of a job are: a list, the lines of a file, or the files that a pattern finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items


def test_a_glob_finds_files_in_order_and_only_inside(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "data/deep").mkdir(parents=True)
    for name in ("b.wav", "a b.wav", "deep/c.wav", "x.txt"):
        (work / "data" / name).touch()
    assert items.resolve(Job(items="data/*.wav"), str(work)) == ("data/a b.wav", "data/b.wav")
    assert items.resolve(Job(items="data/**/*.wav"), str(work)) == (
        "data/a b.wav",
        "data/b.wav",
        "data/deep/c.wav",
    )
    for outside in ("../*", "/etc/*", "data/../../*"):
        with pytest.raises(UserError) as caught:
            items.resolve(Job(items=outside), str(work))
        assert caught.value.code == "items-outside"


def test_lists_and_files_of_items(tmp_path: Path) -> None:
    assert items.resolve(Job(items=("b", "a", "b")), str(tmp_path)) == ("b", "a")
    (tmp_path / "list.txt").write_text("one\r\ntwo words\n\nthree\n")
    assert items.resolve(Job(items="list.txt"), str(tmp_path)) == ("one", "two words", "three")
    (tmp_path / "list.jsonl").write_text('"line\\nbreak"\n{"prompt": "é", "n": 1}\n')
    assert items.resolve(Job(items="list.jsonl"), str(tmp_path)) == ("line\nbreak", '{"prompt": "é", "n": 1}')
    assert items.resolve(Job(), str(tmp_path)) == ()


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (Job(items="*.none"), "no-items"),
        (Job(items=()), "no-items"),
        (Job(items="gone.txt"), "items-file"),
        (Job(items="broken.jsonl"), "items-file"),
        (Job(items="latin.txt"), "items-file"),
        (Job(items=("a\0b",)), "bad-item"),
    ],
)
def test_items_that_cannot_be_are_refused(tmp_path: Path, job: Job, code: str) -> None:
    (tmp_path / "broken.jsonl").write_text('"a"\n{"b":\n')
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(UserError) as caught:
        items.resolve(job, str(tmp_path))
    assert caught.value.code == code


def test_a_line_break_cannot_stand_in_a_list_of_lines(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        items.manifest(Job(run="x $GPUSPEC_ITEMS"), ("a\nb",), "s", fresh=True)
    assert caught.value.code == "item-newline"
