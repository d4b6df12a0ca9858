"""A setup step's `timeout`: kept where setup runs, without a shell of its own for each step."""

from __future__ import annotations

import io
import subprocess
import time
from pathlib import Path

import pytest

from gpuspec.job.job import Job, SetupStep
from gpuspec.launch import RunSettings, find_launcher, steps_of
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.job_script import reuse_text, run_text, setup_text
from gpuspec.launch.skypilot.machine_launch import outcome_of_state
from gpuspec.planning.plan import Plan
from gpuspec.sizing import Unsized

HANGS = SetupStep("sleep 600; echo never", timeout=1)
TOLD = "setup step 2 (sleep 600; echo never) took longer than its timeout of 1 s"
PROTECTION = 120
"""Seconds after which a test gives up on a step that is not ended."""


def job(*steps: SetupStep) -> Job:
    return Job(setup=tuple(step.run for step in steps), steps=steps, run="true")


def bash(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, capture_output=True, text=True, timeout=PROTECTION, check=False
    )


@pytest.mark.parametrize("limit", [None, 1.0])
def test_a_step_is_ended_at_its_timeout_and_named(limit: float | None, tmp_path: Path) -> None:
    done = bash(setup_text(job(SetupStep("echo first"), HANGS), limit), tmp_path)
    assert done.stdout == "first\n"
    assert done.returncode != 0
    assert f"gpuspec: {TOLD}\n" in done.stderr


@pytest.mark.parametrize("limit", [None, 1.0])
def test_a_step_of_every_run_is_ended_too_where_a_machine_is_used_again(
    limit: float | None, tmp_path: Path
) -> None:
    (tmp_path / ".gpuspec").mkdir()
    (tmp_path / ".gpuspec" / "set-up").touch()
    steps = job(SetupStep("echo first", once=True), HANGS._replace(once=False))
    done = bash(run_text(reuse_text(steps) + "echo command", limit, counted=False), tmp_path)
    assert done.stdout == ""
    assert done.returncode != 0
    assert f"gpuspec: {TOLD}\n" in done.stderr


@pytest.mark.parametrize("limit", [None, 1.0])
def test_a_step_that_is_in_time_is_as_without_a_timeout(limit: float | None, tmp_path: Path) -> None:
    """The next step has its folder, variables and functions, and `wait` waits for the author's own processes."""
    said = (
        "cd /; greet() { echo hello $name; }; name=you",
        "true & wait; pwd; greet",
        "echo $?; false",
        "echo no",
    )
    timed = job(*(SetupStep(text, timeout=500) for text in said))
    began = time.monotonic()
    done = bash(setup_text(timed, limit), tmp_path)
    assert time.monotonic() - began < 100  # not the 500 s of the timeout
    assert (done.stdout, done.stderr, done.returncode) == ("/\nhello you\n0\n", "", 1)


def test_a_step_that_ignores_the_polite_signal_is_ended(tmp_path: Path) -> None:
    step = SetupStep("trap '' TERM; while :; do sleep 1; done", timeout=1)
    done = bash(setup_text(job(step), 1.0), tmp_path)
    assert done.returncode == 137
    assert (
        "setup step 1 (trap '' TERM; while :; do sleep 1; done) took longer than its timeout" in done.stderr
    )


def test_here_the_outcome_and_the_record_name_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    plan = Plan(Unsized("no model"), (), None, None, None, ())
    settings = RunSettings(spec_path="-", workdir=str(tmp_path))
    record = Records().new(name="test", launcher="local", spec_path="-", workdir=str(tmp_path))
    outcome = find_launcher("local").launch(job(SetupStep("true"), HANGS), plan, settings, record)
    assert outcome.state == "failed"
    assert outcome.message.endswith(TOLD)
    assert Records().get(record.run.id).message.endswith(TOLD)


def test_a_plugins_launcher_is_given_a_text_that_ends_no_process_of_its_own(tmp_path: Path) -> None:
    steps = steps_of(job(SetupStep("true"), HANGS), RunSettings(spec_path="-", workdir=str(tmp_path)))
    done = bash(f"{steps.setup}\necho the launcher goes on", tmp_path)
    assert done.stdout == "the launcher goes on\n"
    assert TOLD in done.stderr


def test_skypilots_log_tells_which_step_it_was() -> None:
    log = JobLog(io.StringIO(), io.StringIO())
    log.write(f"\x1b[36m(setup pid=7, ip=10.0.0.1)\x1b[0m gpuspec: {TOLD}\n")
    assert outcome_of_state("FAILED_SETUP", log).message == TOLD
