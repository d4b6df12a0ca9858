"""Two clients of one job with items: the second is refused, wherever the first runs, and for as long as it does."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest
from waiting import PATIENCE, until

from gpuspec.cli.items_claim import claim_items
from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.launcher import Run, RunSettings
from gpuspec.launch.records import Records, record_of

from . import drive_rented as cloud
from .rented import change, command, gpuspec, run
from .test_killed import ended

ITEMS = ["a", "b", "c", "d"]
JOB = Job(name="job", items=tuple(ITEMS), run="true {item}")


@pytest.fixture
def job(rented: Path) -> Path:
    change(rented, items=ITEMS, run=JOB.run)
    return rented


def test_a_second_client_rents_nothing_while_the_first_is_at_the_items(job: Path) -> None:
    assert run(job, "--detach").returncode == 0
    first = Records().get("job").id
    for words in (("--resume",), ("--detach",), ("--shard", "1/2")):
        refused = run(job, *words)
        assert (refused.returncode, len(cloud.read())) == (2, 1)
        assert f"error[items-busy]: run {first} is doing these items" in refused.stderr
    gpuspec("down", first)
    assert run(job, "--resume", "--detach").returncode == 0


def test_it_may_have_them_when_the_first_is_over_though_nobody_heard_of_it(job: Path) -> None:
    assert run(job, "--detach").returncode == 0
    ended()
    assert run(job, "--resume", "--detach").returncode == 0


def test_it_may_have_them_when_the_first_was_lost(job: Path) -> None:
    assert run(job, KILL_AT="quote:before").returncode == -signal.SIGKILL
    assert Records().get("job").state == "starting"
    assert run(job, "--detach").returncode == 0


def test_other_parts_other_jobs_and_other_workdirs_are_free(job: Path, tmp_path: Path) -> None:
    assert run(job, "--detach", "--shard", "1/2").returncode == 0
    assert run(job, "--detach", "--shard", "2/2").returncode == 0
    assert run(job, "--detach", "--shard", "2/3").returncode == 2
    (tmp_path / "elsewhere").mkdir()
    change(job, workdir="elsewhere")
    assert run(job, "--detach").returncode == 0
    change(job, workdir=".", name="other")
    assert run(job, "--detach").returncode == 0


def test_a_link_to_the_workdir_is_the_same_workdir(job: Path, tmp_path: Path) -> None:
    assert run(job, "--detach").returncode == 0
    (tmp_path / "link").symlink_to(".")
    change(job, workdir="link")
    assert "items-busy" in run(job, "--detach").stderr


def test_jobs_without_items_run_as_often_as_asked(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    assert run(rented, "--detach").returncode == 0


def test_of_many_that_claim_at_once_one_has_the_items(job: Path) -> None:
    mine = items.status_path(JOB)
    begin, lost = threading.Barrier(8), []

    def claim() -> None:
        record = Records().new(name="job", launcher="local", spec_path="-", workdir="/w")
        begin.wait()
        if Records().claim_items(record.run.id, mine, lambda other: True):
            lost.append(record.run.id)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 7
    assert len([each for each in Records().all() if each.items == mine]) == 1


# On this machine


def local(job: Path, *words: str) -> list[str]:
    made = command(job, *words)
    made[made.index("skypilot")] = "local"
    return [*made, "--allow-no-gpu"]


def test_here_also_while_the_first_is_still_in_setup(job: Path) -> None:
    change(job, setup=["touch in-setup; until [ -e go ]; do sleep 0.01; done"], run="echo {item} >>began")
    with subprocess.Popen(local(job)) as first:
        assert until((job / "in-setup").exists)
        second = subprocess.run(local(job), capture_output=True, text=True, timeout=PATIENCE)
        assert (second.returncode, "error[items-busy]" in second.stderr) == (2, True)
        (job / "go").touch()
        assert first.wait(PATIENCE) == 0
    assert (job / "began").read_text().split() == ITEMS
    assert len([each for each in Records().all() if each.state == "succeeded"]) == 1


def test_here_what_a_killed_run_had_is_free(job: Path) -> None:
    change(job, run="echo {item} >>began; until [ -e go ]; do sleep 0.01; done")
    with subprocess.Popen(local(job)) as first:
        assert until((job / "began").exists)
        supervisor = Records().get("job").pid
        assert supervisor
        for pid in (first.pid, supervisor):
            os.kill(pid, signal.SIGKILL)
    (job / "go").touch()
    again = subprocess.run(local(job, "--resume"), capture_output=True, text=True, timeout=PATIENCE)
    assert again.returncode == 0, again.stderr
    assert len((job / "began").read_text().split()) <= len(ITEMS) + 1


def test_a_record_says_which_items_its_run_does(job: Path) -> None:
    assert run(job, "--detach", "--shard", "2/2").returncode == 0
    found: Run = Records().get("job")
    assert found.items == items.status_path(JOB, (2, 2))
    record_of(found).update(items="not a path of ours")
    assert run(job, "--detach", "--shard", "2/2").returncode == 0
    shown = json.loads(gpuspec("ps", "--json", "--all").stdout)["runs"]
    assert {row["items"] for row in shown} == {found.items, "not a path of ours"}


def test_what_was_lost_may_still_be_at_them_where_its_machine_is_up(job: Path) -> None:
    assert run(job, "--detach").returncode == 0
    first = record_of(Records().get("job"))
    first.update(state="lost", message="interrupted; taking it down failed: no answer")
    refused = run(job, "--resume")
    assert (refused.returncode, len(cloud.read())) == (2, 1)
    assert (
        f"error[items-busy]: run {first.run.id} may still be doing these items (interrupted;"
        in refused.stderr
    )
    assert f"`gpuspec down {first.run.id}` first, or give the job another `name`" in refused.stderr
    assert gpuspec("down", first.run.id).returncode == 0
    assert run(job, "--resume", "--detach").returncode == 0


def test_what_cannot_be_asked_may_still_be_at_them(job: Path) -> None:
    assert run(job, "--detach").returncode == 0
    refused = run(job, "--resume", MUTE="1")
    assert (refused.returncode, len(cloud.read())) == (2, 1)
    assert "still does these items: nobody answers" in refused.stderr


def test_a_place_that_is_slow_to_look_at_locks_no_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "link").symlink_to(".")
    mine, real = items.status_path(JOB), os.path.realpath
    other = Records().new(
        name="job", launcher="local", spec_path="-", workdir=str(tmp_path / "link"), items=mine
    )
    new = Records().new(name="job", launcher="local", spec_path="-", workdir=str(tmp_path))
    looked = []

    def slow(path: str) -> str:
        looked.append(path)
        with sqlite3.connect(Records().path, timeout=0) as connection:  # raises where they are locked
            connection.execute("UPDATE runs SET message = 'written meanwhile'")
        return real(path)

    monkeypatch.setattr(os.path, "realpath", slow)
    with pytest.raises(UserError) as caught:
        claim_items(JOB, RunSettings(spec_path="-", workdir=str(tmp_path)), new.run)
    assert caught.value.code == "items-busy"
    assert looked == [str(tmp_path), other.run.workdir]


def test_a_record_whose_workdir_is_no_path_stands_in_nobody_s_way(job: Path) -> None:
    assert run(job, "--detach").returncode == 0
    with sqlite3.connect(Records().path) as connection:
        connection.execute("UPDATE runs SET workdir = ?", (f"{job}\0",))
    assert Records().get("job").message.startswith("its record is damaged (workdir)")
    assert run(job, "--detach").returncode == 0
