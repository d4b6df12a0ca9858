"""Items where other things than files lie about, or take the place of the runner's own: nothing is waited for,
nothing is written through, and only what is concerned is lost."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from waiting import PATIENCE

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items

STATUS = ".gpuspec/items-0123456789ab.jsonl"


def run(folder: Path, job: Job, *found: str, kept: Path | None = None) -> tuple[int, str]:
    wanted = items.manifest(job, found, STATUS, fresh=False, folder=str(kept) if kept else None)
    done = subprocess.run(
        items.local_command(wanted, str(folder)),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("odd", "pattern"),
    [("ln -s gone out/latest", "out/"), ("mkfifo out/pipe", "out/"), ("mkfifo out/pipe", "out/**/*")],
)
def test_one_odd_file_costs_no_other_its_place(tmp_path: Path, odd: str, pattern: str) -> None:
    kept, first, second = tmp_path / "kept", tmp_path / "first", tmp_path / "second"
    job = Job(
        run=f"echo {{item}} >>../began; mkdir -p out; [ -e out/a ] || {odd}; echo {{item}} >out/{{item}}",
        outputs=(pattern,),
    )
    for folder in (first, second):
        folder.mkdir()
        code, said = run(folder, job, "a", "b", "c", kept=kept)
        assert code == 0, said
        assert said.count("is not kept in") == (folder == first)
    assert (tmp_path / "began").read_text().split() == ["a", "b", "c"]
    assert sorted(os.listdir(second / "out")) == ["a", "b", "c"]


def test_outputs_linked_into_themselves_are_kept_once(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    # 2^40 paths until the system says that it is a loop
    job = Job(
        run="mkdir -p out; ln -sfn . out/one; ln -sfn . out/two; echo {item} >out/{item}",
        outputs=("out/**/*",),
    )
    code, said = run(tmp_path, job, "a", kept=kept)
    assert (code, (kept / "out" / "a").read_text()) == (0, "a\n"), said
    assert (kept / STATUS).exists()


def test_a_file_that_cannot_be_copied_costs_only_the_items_that_brought_it(tmp_path: Path) -> None:
    kept, first, second = tmp_path / "kept", tmp_path / "first", tmp_path / "second"
    (kept / "out" / "b" / "in the way").mkdir(parents=True)
    job = Job(
        run="echo {item} >>../began; mkdir -p out; echo {item} >out/{item}",
        outputs=("out/",),
    )
    first.mkdir()
    code, said = run(first, job, "a", "b", "c", kept=kept)
    assert (code, said.count("not kept in")) == (0, 1), said
    assert "'out/b' (Is a directory)" in said
    shutil.rmtree(kept / "out" / "b")
    second.mkdir()
    assert run(second, job, "a", "b", "c", kept=kept)[0] == 0
    assert (tmp_path / "began").read_text().split() == ["a", "b", "c", "b"]


@pytest.mark.parametrize(
    "mess",
    [
        'rm "$GPUSPEC_ITEMS_DONE"; mkdir "$GPUSPEC_ITEMS_DONE"',
        'rm "$GPUSPEC_ITEMS_DONE"; mkfifo "$GPUSPEC_ITEMS_DONE"',
        'ln -sf /dev/zero "$GPUSPEC_ITEMS_DONE"',
        'rm "$GPUSPEC_ITEMS"',
        'rm "$GPUSPEC_ITEMS" "$GPUSPEC_ITEMS_DONE"',
        "rm -rf .gpuspec/*.todo .gpuspec/*.done",
    ],
)
def test_what_the_command_does_to_its_own_files_is_not_its_failure(tmp_path: Path, mess: str) -> None:
    for _ in range(2):  # what is left of it is not in the way of the next run, either
        code, said = run(tmp_path, Job(run=f"{mess}; echo $GPUSPEC_ITEMS >>began"), "a", "b")
        assert code == 0, said
        lines = (tmp_path / STATUS).read_text().splitlines()
        assert [json.loads(line)["exit"] for line in lines] == [0, 0]
    assert len((tmp_path / "began").read_text().split()) == 1


def test_a_command_that_takes_the_notes_away_is_told_which_are_lost(tmp_path: Path) -> None:
    code, said = run(tmp_path, Job(run="echo {item} >>began; rm -rf .gpuspec"), "a", "b")
    assert (tmp_path / "began").read_text().split() == ["a", "b"]
    assert (code, said.count("how it ended could not be noted (No such file or directory)")) == (0, 2), said


def test_a_runner_that_cannot_go_on_ends_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it goes on with its items beside those of the next runner."""
    from gpuspec.launch.on_machine.item_runner import runner

    def broken(*_: object) -> None:
        raise OSError("no more")

    monkeypatch.setattr(runner, "reported", broken)
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.05)
    monkeypatch.chdir(tmp_path)
    wanted = items.manifest(Job(run="sleep 600 & sleep 600"), ("a",), STATUS, fresh=True)
    (tmp_path / "items.json").write_text(json.dumps(wanted))
    codes: list[int] = []
    # In a thread: it goes on holding back its thread's signals.
    thread = threading.Thread(target=lambda: codes.append(runner.main(["items.json"])))
    thread.start()
    thread.join(PATIENCE)
    assert codes == [1]
    assert runner.marked(f"{runner.MARK}={runner.identity(STATUS)}") == set()


@pytest.mark.parametrize("end", ["", ".before", ".lock"])
@pytest.mark.parametrize("odd", ["link", "dangling link", "pipe", "folder"])
@pytest.mark.parametrize("command", ["touch ran # {item}", "touch ran"])
def test_what_lies_in_the_place_of_notes_is_refused(tmp_path: Path, end: str, odd: str, command: str) -> None:
    (tmp_path / ".gpuspec").mkdir()
    mine, path = tmp_path / "mine", tmp_path / (STATUS + end)
    mine.write_text("mine")
    {
        "link": lambda: path.symlink_to(mine),
        "dangling link": lambda: path.symlink_to(tmp_path / "gone"),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }[odd]()
    code, said = run(tmp_path, Job(run=command), "a")
    kind = "a link" if "link" in odd else f"a {odd}"
    assert (code, said) == (1, f"items: cannot go on: {STATUS}{end} is {kind}, not a file: move it away\n")
    assert sorted(os.listdir(tmp_path)) == [".gpuspec", "item_runner.pyz", "items.json", "mine"]
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("end", ["todo", "done"])
@pytest.mark.parametrize("odd", ["link", "pipe", "folder"])
def test_what_lies_where_a_command_reports_is_neither_read_nor_written(
    tmp_path: Path, end: str, odd: str
) -> None:
    (tmp_path / ".gpuspec").mkdir()
    mine, path = tmp_path / "mine", tmp_path / f"{STATUS}.7.{end}"
    mine.write_text("a\n")
    {"link": lambda: path.symlink_to(mine), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[odd]()
    code, said = run(tmp_path, Job(run="touch ran"), "a")
    assert (code, (tmp_path / "ran").exists()) == (0, True), said
    assert mine.read_text() == "a\n"


@pytest.mark.parametrize("out", [True, False])
def test_notes_are_not_written_through_a_link_out_of_the_workdir(tmp_path: Path, out: bool) -> None:
    work, target = tmp_path / "work", tmp_path / ("elsewhere" if out else "work/elsewhere")
    work.mkdir()
    target.mkdir()
    (work / ".gpuspec").symlink_to(target)
    code, said = run(work, Job(run="true {item}"), "a")
    assert (code, os.listdir(target) == []) == ((1, True) if out else (0, False)), said
    assert ("cannot go on: .gpuspec is a link out of the workdir: move it away" in said) == out


def test_notes_that_are_gone_at_the_end_are_missed(tmp_path: Path) -> None:
    code, said = run(tmp_path, Job(run="[ {item} = a ] || rm -rf .gpuspec"), "a", "b")
    assert "what was noted of the items is gone: `--resume` would do all of them again" in said
    assert code == 0


@pytest.mark.parametrize("what", ["dangling link", "file"])
def test_a_folder_of_notes_that_is_none_is_said_before_anything_starts(tmp_path: Path, what: str) -> None:
    path = tmp_path / ".gpuspec"
    path.symlink_to("gone") if what == "dangling link" else path.touch()
    with pytest.raises(UserError, match="which is no folder") as caught:
        items.set_aside(Job(run="true {item}"), str(tmp_path), None)
    assert caught.value.code == "items-not-noted"
    if what == "dangling link":
        code, said = run(tmp_path, Job(run="true {item}"), "a")
        assert (code, "cannot go on: .gpuspec is a link that leads to no folder" in said) == (1, True)


def test_a_file_system_without_locks_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gpuspec.launch.on_machine.item_runner import runner

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    lock = runner.claim(str(tmp_path / "s"))
    assert lock is not None
    lock.close()
    assert capsys.readouterr().out == (
        f"items: cannot lock {tmp_path}/s.lock (No locks available): a second run would do the same items\n"
    )


def test_a_name_that_is_not_utf_8_arrives_and_is_reported(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode(b"\xff")).touch()
    found = items.resolve(Job(items="in/*"), str(tmp_path))
    code, said = run(tmp_path, Job(run='cat "$GPUSPEC_ITEMS" >"$GPUSPEC_ITEMS_DONE"; exit 3'), *found, "b")
    assert "2 of 2 done" in said
    assert code == 0
