"""The local launcher with real processes: what runs, what is ended, and what is checked first."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, cast

import pytest
from waiting import until
from webserver import Site

from gpuspec.errors import UserError
from gpuspec.job.job import Download, GpuChoice, Job, Port
from gpuspec.launch import find_launcher
from gpuspec.launch.local import local_launcher
from gpuspec.launch.local.processes import marked
from gpuspec.launch.records import Records, log_path, process_start

from .here import NO_PLAN, launch, settings, state, work

__all__ = ["state", "work"]


def test_setup_and_run_see_what_the_spec_says(work: Path) -> None:
    job = Job(
        setup=("mkdir made", "cd made; export KEPT=1", "echo $KEPT > kept; pwd > where"),
        env={"COLOR": "blue", "PATHLIKE": "$HOME"},
        run="echo $COLOR; echo \"$PATHLIKE\"; printf '%s|' a\\ b 'c  d' \"e'f\"; echo; cat made/kept",
    )
    outcome, run, log = launch(job, work)
    assert outcome.state == "succeeded"
    assert outcome.status == 0
    assert (run.state, run.exit_code) == ("succeeded", 0)
    assert run.ended is not None
    assert log.splitlines() == ["blue", "$HOME", "a b|c  d|e'f|", "1"]
    assert (work / "made/where").read_text() == f"{work}/made\n"


@pytest.mark.parametrize(
    ("job", "code", "message"),
    [
        (Job(run="exit 7"), 7, "run ended with exit status 7"),
        (Job(run="kill -9 $$"), 137, "run ended with exit status 137"),
        (Job(setup=("false", "touch never"), run="touch never"), 1, "setup ended with exit status 1"),
        (Job(run="no-such-command-here"), 127, "run ended with exit status 127"),
    ],
)
def test_a_failing_job_is_reported_as_failing(work: Path, job: Job, code: int, message: str) -> None:
    outcome, run, log = launch(job, work)
    assert (outcome.state, outcome.status) == ("failed", 1)
    assert (run.exit_code, run.message) == (code, message)
    assert f"gpuspec: {message}" in log
    assert not (work / "never").exists()


def test_the_author_s_files_stay_and_nothing_else_comes(work: Path) -> None:
    (work / "mine").write_text("mine")
    launch(Job(run="true"), work)
    assert [path.name for path in work.iterdir()] == ["mine"]


def test_downloads_are_there_before_setup_and_only_once(work: Path, site: Site) -> None:
    site.files["/m.bin"] = b"model"
    job = Job(
        downloads=(Download("http", f"{site.url}/m.bin", target="models/"),),
        setup=("cat models/m.bin > seen",),
        run="cat seen",
    )
    assert launch(job, work)[2].endswith("\nmodel")
    _, _, log = launch(job, work)
    assert "0 bytes fetched, 1 of 1 already there" in log
    assert len(site.requests) == 1


def test_a_failing_download_stops_the_job(work: Path, site: Site) -> None:
    job = Job(downloads=(Download("http", f"{site.url}/gone"),), run="touch never")
    outcome, _, log = launch(job, work)
    assert outcome.message.startswith(f"download ended with exit status 1: {site.url}/gone: ")
    assert "not there (HTTP 404)" in log
    assert not (work / "never").exists()


def test_the_time_limit_ends_everything_the_job_started(work: Path) -> None:
    job = Job(run="setsid sleep 600 & (sleep 600 &) ; sleep 600")
    outcome, run, _ = launch(job, work, max_hours=0.3 / 3600)
    assert (outcome.state, outcome.exit_code, outcome.status) == ("timeout", 124, 1)
    assert run.message.startswith("ended at its time limit of ")
    assert marked(run.id) == []


def test_a_job_may_save_its_state_before_it_is_ended(work: Path) -> None:
    job = Job(run="trap 'echo saved > state; exit 0' TERM; while :; do sleep 0.01; done")
    outcome, _, _ = launch(job, work, max_hours=0.5 / 3600)
    assert outcome.state == "timeout"
    assert (work / "state").read_text() == "saved\n"


def test_a_job_that_will_not_go_is_killed(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_launcher, "GRACE_SECONDS", 0.2)
    outcome, run, _ = launch(Job(run="trap '' TERM; sleep 600; sleep 600"), work, max_hours=0.3 / 3600)
    assert outcome.state == "timeout"
    assert marked(run.id) == []


def test_background_children_go_with_the_job(work: Path) -> None:
    outcome, run, _ = launch(Job(run="nohup sleep 600 >/dev/null 2>&1 & echo started"), work)
    assert outcome.state == "succeeded"
    assert marked(run.id) == []


def test_a_full_disk_costs_the_log_and_not_the_job(work: Path) -> None:
    record = Records().new(name="full", launcher="local", spec_path="-", workdir=str(work))
    os.symlink("/dev/full", log_path(record.run.id))  # every write to it fails with ENOSPC
    job = Job(run="head -c 1000000 /dev/zero; touch done")  # far more than a pipe holds
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert until(lambda: Records().get(record.run.id).state == "succeeded")
    assert (work / "done").exists()


def test_records_that_cannot_be_written_leave_no_job_behind(work: Path, state: Path) -> None:
    record = Records().new(name="gone", launcher="local", spec_path="-", workdir=str(work))
    job = Job(run="touch started; while [ ! -e broken ]; do sleep 0.01; done; sleep 600 & exit 0")
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert until((work / "started").exists)
    pid = cast(int, Records().get("gone").pid)
    for part in state.glob("runs.sqlite3*"):
        part.unlink()
    (state / "runs.sqlite3").mkdir()
    (work / "broken").touch()
    assert until(lambda: process_start(pid) is None)
    assert marked(record.run.id) == []


# What is checked before anything starts


def refused(job: Job, work: Path, **more: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        find_launcher("local").check(job, NO_PLAN, settings(work, **more))
    return caught.value


def test_a_missing_secret_is_named(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    error = refused(Job(run="true", secrets=("HF_TOKEN",)), work)
    assert error.code == "missing-secret"
    assert "HF_TOKEN" in error.message


def test_a_port_in_use_is_found_before_the_start(work: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = refused(Job(run="true", ports=(Port(port),)), work)
    assert error.code == "port-in-use"
    assert str(port) in error.message


def test_no_command_no_workdir_no_bash(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(Job(), work).code == "nothing-to-run"
    assert refused(Job(run="true"), work / "gone").code == "no-workdir"
    monkeypatch.setenv("PATH", str(work))
    assert refused(Job(run="true"), work).code == "no-bash"


def test_without_a_gpu_it_says_so_and_can_be_told_to_go_on(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    job = Job(run="true", gpu_types=(GpuChoice("A10", None, ""),))
    assert "none that NVML shows" in refused(job, work).message
    find_launcher("local").check(job, NO_PLAN, settings(work, allow_no_gpu=True))
    find_launcher("local").check(Job(run="true"), NO_PLAN, settings(work))


def test_items_run_here_and_resume_does_only_the_rest(work: Path) -> None:
    for name in ("a b.wav", "c.wav"):
        (work / name).touch()
    job = Job(name="w", items="*.wav", run="echo {item} >> log; [ -e fixed ] || [ {item} != c.wav ]")
    outcome, _, log = launch(job, work)
    assert (outcome.state, outcome.exit_code) == ("failed", 1)
    assert "items: 1 of 2 done" in log
    (work / "fixed").touch()
    outcome, _, log = launch(job, work, resume=True)
    assert outcome.state == "succeeded"
    assert "items: 1 of 2 were done before" in log
    assert (work / "log").read_text().splitlines() == ["a b.wav", "c.wav", "c.wav"]


def test_outputs_that_were_not_written_are_named(work: Path) -> None:
    outcome, _, log = launch(Job(run="mkdir a; touch a/x", outputs=("a/", "b/*.txt")), work)
    assert outcome.state == "succeeded"
    assert log == "gpuspec: outputs: nothing was written to b/*.txt\n"


def test_dry_run_shows_the_steps_and_starts_nothing(work: Path, site: Site) -> None:
    job = Job(downloads=(Download("http", f"{site.url}/x"),), setup=("touch a",), run="touch b\ntouch c")
    text = find_launcher("local").describe(job, NO_PLAN, settings(work, max_hours=2))
    assert text.splitlines() == [
        f"on this machine, in {work}:",
        f"  download  http {site.url}/x",
        "  setup     touch a",
        "  run       touch b",
        "  run       touch c",
        "  ended after 2 h at the latest",
    ]
    assert list(work.iterdir()) == []
    assert site.requests == []
