"""Items whose run was ended from outside: what was done stays done, and one runner at a time has them."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from waiting import PATIENCE, until

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.on_machine.item_runner import runner as item_runner
from gpuspec.launch.on_machine.item_runner.status import finished
from gpuspec.launch.outputs import brought_back

TOGETHER = Job(
    name="x",
    items=("a", "ab", "c"),
    run="""
while read -r item; do
    echo "$item" >>began
    [ -e go ] || [ "$item" != c ] || { printf a >>"$GPUSPEC_ITEMS_DONE"; : >stuck; exec sleep 600; }
    echo "$item" >>"$GPUSPEC_ITEMS_DONE"
done <"$GPUSPEC_ITEMS"
""",
)
"""Stops in the middle of its last item, when "a" is a line of what is done and half a line too. The shell itself
makes the file `stuck`: a program that did would be found beside it, and be gone when it is to be killed."""

EACH = TOGETHER._replace(
    run="echo {item} >>began; [ -e go ] || [ {item} != c ] || { : >stuck; exec sleep 600; }"
)


def start(job: Job, folder: Path, *, resume: bool = False) -> subprocess.Popen[str]:
    found = items.resolve(job, str(folder))
    wanted = items.manifest(job, found, items.status_path(job), fresh=not resume)
    return subprocess.Popen(
        items.local_command(wanted, str(folder)),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(runner: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = runner.communicate(timeout=PATIENCE)
    return runner.returncode, said


@pytest.fixture
def stuck(tmp_path: Path, request: pytest.FixtureRequest) -> subprocess.Popen[str]:
    runner = start(request.param, tmp_path)
    until((tmp_path / "stuck").exists)
    return runner


BOTH = pytest.mark.parametrize("stuck", [TOGETHER, EACH], indirect=True, ids=["together", "each"])


@BOTH
@pytest.mark.parametrize("how", ["stopped", "killed", "the runner killed", "the job killed"])
def test_what_was_done_stays_done_whatever_ends_the_run(
    tmp_path: Path, stuck: subprocess.Popen[str], how: str
) -> None:
    job = EACH if (tmp_path / "items.json").read_text().count('"each": true') else TOGETHER
    if how == "stopped":
        os.killpg(stuck.pid, signal.SIGTERM)
    elif how == "killed":
        os.killpg(stuck.pid, signal.SIGKILL)
    elif how == "the runner killed":
        stuck.kill()
    else:
        mark = f"{item_runner.MARK}={item_runner.identity(str(tmp_path / items.status_path(job)))}"
        for pid in item_runner.marked(mark):
            os.kill(pid, signal.SIGKILL)
    stuck.wait(PATIENCE)
    assert items.unfinished(job, str(tmp_path), None) == ("c",)  # also where nobody ran since
    (tmp_path / "go").touch()
    code, said = finish(start(job, tmp_path, resume=True))
    assert code == 0, said
    assert "items: 2 of 3 were done before" in said
    assert (tmp_path / "began").read_text().split() == ["a", "ab", "c", "c"]
    assert ("commands of an earlier run were left, and are ended" in said) == (how == "the runner killed")
    assert items.unfinished(job, str(tmp_path), None) == ()
    assert {path.suffix for path in (tmp_path / ".gpuspec").iterdir()} == {".jsonl", ".lock"}


def test_what_is_reported_is_noted_as_it_comes(tmp_path: Path) -> None:
    runner = start(TOGETHER, tmp_path)
    status = tmp_path / items.status_path(TOGETHER)
    until(lambda: finished(str(status)) == {"a", "ab"})
    os.killpg(runner.pid, signal.SIGKILL)
    finish(runner)


def test_a_run_that_begins_anew_does_all_even_what_was_never_noted(tmp_path: Path) -> None:
    (tmp_path / ".gpuspec").mkdir()
    unheard = tmp_path / f"{items.status_path(TOGETHER)}.1.done"
    (tmp_path / "go").touch()
    unheard.write_text("a\nab\n")
    items.set_aside(TOGETHER, str(tmp_path), None)
    assert items.unfinished(TOGETHER, str(tmp_path), None) == ("a", "ab", "c")
    unheard.write_text("a\nab\n")  # on the machine nobody has put it aside
    code, said = finish(start(TOGETHER, tmp_path))
    assert (code, "items: 3 of 3 done in" in said) == (0, True), said


@pytest.mark.parametrize(
    "mess",
    [
        'rm "$GPUSPEC_ITEMS_DONE"',
        'mkdir "$GPUSPEC_ITEMS_DONE.d"',
        'printf "\\xff\\n\\n" >>"$GPUSPEC_ITEMS_DONE"',
    ],
)
def test_a_report_that_is_gone_or_garbled_costs_only_itself(tmp_path: Path, mess: str) -> None:
    job = TOGETHER._replace(run=mess + '; echo "a" >>"$GPUSPEC_ITEMS_DONE"; exit 3')
    assert finish(start(job, tmp_path))[0] == 1
    assert items.unfinished(job, str(tmp_path), None) == ("ab", "c")


def test_a_report_with_line_ends_of_windows_counts(tmp_path: Path) -> None:
    job = TOGETHER._replace(run='printf "a\\r\\nc\\r\\n" >>"$GPUSPEC_ITEMS_DONE"; exit 3')
    finish(start(job, tmp_path))
    assert items.unfinished(job, str(tmp_path), None) == ("ab",)


# Two at once


@BOTH
def test_a_second_runner_leaves_the_items_to_the_first(tmp_path: Path, stuck: subprocess.Popen[str]) -> None:
    job = EACH if (tmp_path / "items.json").read_text().count('"each": true') else TOGETHER
    code, said = finish(start(job, tmp_path, resume=True))
    assert (code, said) == (75, f"items: process {stuck.pid} is doing these items: nothing was started\n")
    for begin in (items.set_aside, lambda *each: items.alone_with_items(*each).__enter__()):
        with pytest.raises(UserError) as caught:
            begin(job, str(tmp_path), None)
        assert (caught.value.code, caught.value.message) == (
            "items-busy",
            f"process {stuck.pid} is doing these items",
        )
    assert (tmp_path / "began").read_text().split() == ["a", "ab", "c"]
    os.killpg(stuck.pid, signal.SIGKILL)
    finish(stuck)
    items.set_aside(job, str(tmp_path), None)  # what the dead had claimed is free


@pytest.mark.parametrize(
    ("one", "other", "busy"),
    [
        (None, (1, 2), True),
        ((1, 2), None, True),
        ((1, 2), (2, 2), False),
        ((1, 2), (1, 2), True),
        ((1, 2), (2, 3), True),
    ],
)
def test_parts_are_free_where_they_have_no_item_in_common(
    tmp_path: Path, one: tuple[int, int] | None, other: tuple[int, int] | None, busy: bool
) -> None:
    lock = tmp_path / f"{items.status_path(EACH, one)}.lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if busy:
            with pytest.raises(UserError, match="another run is doing these items"):
                items.set_aside(EACH, str(tmp_path), other)
        else:
            items.set_aside(EACH, str(tmp_path), other)


def test_what_was_set_aside_is_of_this_part_and_of_other_spreads(tmp_path: Path) -> None:
    folder = tmp_path / ".gpuspec"
    folder.mkdir()
    names = [Path(items.status_path(EACH, shard)).name for shard in (None, (1, 2), (2, 2), (1, 3))]
    names.append(names[1].replace(".jsonl", ".qwertyuiop.jsonl"))  # brought back beside its own
    for name in names:
        (folder / name).touch()
    items.set_aside(EACH, str(tmp_path), (1, 2))
    left = {path.name for path in folder.iterdir() if not path.name.endswith(".before")}
    assert left == {names[2]}


def test_what_another_shard_noted_before_this_launch_is_set_aside(tmp_path: Path) -> None:
    """Where that shard never gets to begin, `--resume` does its items."""
    folder = tmp_path / ".gpuspec"
    folder.mkdir()
    old, new = (folder / Path(items.status_path(EACH, shard)).name for shard in ((2, 3), (3, 3)))
    for path in (old, new):
        path.touch()
    began = old.stat().st_ctime
    os.utime(new, (0, 0))  # as the clock of a machine that is behind has it
    while new.stat().st_ctime <= began:
        os.utime(new, (0, 0))
    items.set_aside(EACH, str(tmp_path), (1, 3), new.stat().st_ctime)
    assert [path.name for path in sorted(folder.iterdir())] == [f"{old.name}.before", new.name]


# Where nothing can be noted


def test_a_workdir_that_cannot_be_written_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(UserError) as caught:
        items.set_aside(EACH, str(tmp_path), None)
    assert caught.value.code == "items-not-noted"


def test_a_runner_that_cannot_write_says_so(tmp_path: Path) -> None:
    (tmp_path / ".gpuspec").write_text("in the way")
    code, said = finish(start(EACH, tmp_path))
    assert code == 1
    assert said.startswith("items: cannot go on: [Errno 17] File exists: '.gpuspec'")


@pytest.mark.parametrize("odd", ["link", "fifo", "folder"])
def test_a_lock_that_is_no_file_is_neither_waited_for_nor_written_through(tmp_path: Path, odd: str) -> None:
    (tmp_path / ".gpuspec").mkdir()
    (tmp_path / "mine").write_text("mine")
    lock = tmp_path / f"{items.status_path(EACH)}.lock"
    {
        "link": lambda: lock.symlink_to(tmp_path / "mine"),
        "fifo": lambda: os.mkfifo(lock),
        "folder": lock.mkdir,
    }[odd]()
    items.set_aside(EACH, str(tmp_path), None)
    (tmp_path / "go").touch()
    code, said = finish(start(EACH, tmp_path))
    assert (tmp_path / "mine").read_text() == "mine"
    assert code == 0 or said.startswith("items: cannot go on: "), said


def test_reports_of_a_machine_that_goes_come_home_with_the_outputs() -> None:
    patterns = brought_back(EACH._replace(outputs=("out/",)), RunSettings(spec_path="-", workdir="/w"))
    status = items.status_path(EACH)
    assert patterns == ["out/", status, f"{status}.*.done"]


def test_a_machine_that_begins_again_keeps_what_it_could_not_keep_elsewhere(tmp_path: Path) -> None:
    """The folder that outlives it was away for a while: what lies there is older than what is here."""
    job = Job(run="echo {item} >>began; mkdir -p out; echo new-{item} >out/{item}", outputs=("out/",))
    kept = tmp_path / "kept"
    for folder, done, at in ((kept, ["a"], 1000), (tmp_path, ["a", "b"], 2000)):
        (folder / ".gpuspec").mkdir(parents=True)
        (folder / "out").mkdir()
        lines = [json.dumps({"item": item, "exit": 0, "at": at}) + "\n" for item in done]
        (folder / ".gpuspec" / "s").write_text("".join(lines))
        for item in done:
            (folder / "out" / item).write_text(f"{folder.name}-{item}")
    wanted = items.manifest(job, ("a", "b", "c"), ".gpuspec/s", fresh=True, folder=str(kept))
    subprocess.run(items.local_command(wanted, str(tmp_path)), cwd=tmp_path, check=True)
    assert (tmp_path / "began").read_text() == "c\n"
    assert (tmp_path / "out" / "a").read_text() == f"{tmp_path.name}-a"
    assert (kept / "out" / "b").read_text() == f"{tmp_path.name}-b"
