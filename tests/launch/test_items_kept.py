"""What items wrote is kept where it outlives the machine, for the one that takes over."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from gpuspec.job import Job
from gpuspec.launch import items

from .test_items import run


@pytest.mark.parametrize("killed_at", ["a", "c"])
def test_a_machine_that_takes_over_begins_with_what_is_kept(tmp_path: Path, killed_at: str) -> None:
    job = Job(
        run=f"cd {tmp_path}; echo {{item}} >>began; [ {{item}} != {killed_at} ] || [ -e go ] || kill -9 $PPID; cd -\n"
        "mkdir -p out/deep; echo done-{item} >out/deep/{item}",
        outputs=("out/",),
    )
    wanted = items.manifest(
        job, ("a", "b", "c", "d"), ".gpuspec/s", fresh=True, price=None, folder=str(tmp_path / "kept")
    )
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    assert run(wanted, first).returncode == -9
    (tmp_path / "go").touch()
    second.mkdir()
    done = run(wanted, second)
    assert done.returncode == 0, done.stdout
    began = {"a": "a abcd", "c": "abc cd"}[killed_at].replace(" ", "")
    assert "".join((tmp_path / "began").read_text().split()) == began
    assert {path.name: path.read_text() for path in (second / "out" / "deep").iterdir()} == {
        name: f"done-{name}\n" for name in "abcd"
    }


@pytest.mark.parametrize("arrived", ["", "old"])
def test_an_item_whose_outputs_did_not_arrive_is_done_again(tmp_path: Path, arrived: str) -> None:
    # A bucket is written behind the runner's back: what it has noted may be there before what it noted it of.
    job = Job(
        run=f"echo {{item}} >>{tmp_path}/began; [ {{item}} != c ] || [ -e {tmp_path}/go ] || kill -9 $PPID\n"
        "mkdir -p out; echo {item} >>out/all; echo done-{item} >out/{item}",
        outputs=("out/",),
    )
    kept = tmp_path / "kept"
    wanted = items.manifest(job, ("a", "b", "c"), ".gpuspec/s", fresh=True, price=None, folder=str(kept))
    (tmp_path / "first").mkdir()
    assert run(wanted, tmp_path / "first").returncode == -9
    (kept / "out/b").unlink()
    if arrived:  # as it was before this run
        (kept / "out/b").write_text(arrived)
        os.utime(kept / "out/b", (0, 0))
    (tmp_path / "go").touch()
    (tmp_path / "second").mkdir()
    done = run(wanted, tmp_path / "second")
    assert done.returncode == 0, done.stdout
    assert "'b' was done, but its outputs went with the machine: it is done again" in done.stdout
    assert (tmp_path / "began").read_text().split() == ["a", "b", "c", "b", "c"]
    assert (kept / "out/b").read_text() == "done-b\n"
    assert (tmp_path / "second/out/a").read_text() == "done-a\n"


def test_one_process_for_all_items_is_kept_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpuspec.launch.on_machine.item_runner import runner
    from gpuspec.launch.on_machine.item_runner.status import finished

    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.05)
    monkeypatch.chdir(tmp_path)
    job = Job(
        run="echo a >>$GPUSPEC_ITEMS_DONE; printf b >>$GPUSPEC_ITEMS_DONE; until [ -e go ]; do sleep 0.05; done"
    )
    wanted = items.manifest(job, ("a", "b"), "s", fresh=True, price=None, folder=str(tmp_path / "kept"))
    (tmp_path / "items.json").write_text(json.dumps(wanted))
    thread = threading.Thread(target=runner.main, args=(["items.json"],))
    thread.start()
    kept = tmp_path / "kept" / "s"
    while not kept.exists():
        assert thread.is_alive()
    assert finished(str(kept)) == {"a"}  # "b" may be half a name
    (tmp_path / "go").touch()
    thread.join()
    assert finished(str(kept)) == {"a", "b"}
    assert len(kept.read_text().splitlines()) == 2


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    wanted = items.manifest(
        Job(run="true {item}"), ("a",), "s", fresh=True, price=None, folder=str(tmp_path / "kept")
    )
    done = run(wanted, tmp_path)
    assert done.returncode == 0
    assert f"items: not kept in {tmp_path}/kept: " in done.stdout
