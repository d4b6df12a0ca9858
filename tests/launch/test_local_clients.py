"""The client of a job on this machine is interrupted, killed or gone, or comes from elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from waiting import PATIENCE, until

from gpuspec.launch import find_launcher
from gpuspec.launch.local.processes import marked
from gpuspec.launch.records import Records, process_start, record_of

from .here import DRIVE, Driven, cli, state, work

__all__ = ["state", "work"]


def test_ctrl_c_lets_the_job_save_and_says_so(tmp_path: Path, work: Path) -> None:
    driven = Driven(
        tmp_path, work, "trap 'echo saved > state; exit 0' TERM; touch started; while :; do sleep 0.01; done"
    )
    driven.process.send_signal(signal.SIGINT)
    _, errors = driven.process.communicate(timeout=PATIENCE)
    assert driven.process.returncode == 130
    assert "stopping (up to 5 s; Ctrl-C again to kill)" in errors
    assert (work / "state").read_text() == "saved\n"
    assert driven.run.state == "interrupted"


def test_ctrl_c_twice_kills(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "trap 'touch asked' TERM; touch started; while :; do sleep 0.01; done")
    driven.process.send_signal(signal.SIGINT)
    assert until((work / "asked").exists)
    assert driven.process.poll() is None
    driven.process.send_signal(signal.SIGINT)
    driven.process.communicate(timeout=PATIENCE)
    assert driven.process.returncode == 130
    assert marked(driven.run.id) == []


def test_a_killed_client_takes_its_job_along_and_the_record_tells(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "touch started; setsid sleep 600 & sleep 600")
    driven.process.send_signal(signal.SIGKILL)
    assert until(lambda: driven.run.state == "interrupted")
    assert driven.run.message == "stopped, because the gpuspec that started it is gone"
    assert marked(driven.run.id) == []


@pytest.mark.parametrize(
    ("point", "run"),
    [
        ("run_folder:before", "sleep 600"),  # recorded, nothing else
        ("run_folder:after", "sleep 600"),
        ("job_file:before", "sleep 600"),
        ("job_file:after", "sleep 600"),
        ("_start:before", "sleep 600"),
        ("_start:after", "sleep 600"),  # the supervisor is about to start the job
        ("_show:before", "sleep 600"),
        ("_show:after", "true"),  # over
        ("_outcome:before", "true"),
        ("_outcome:after", "true"),
    ],
)
def test_a_client_killed_on_its_way_leaves_a_record_and_nothing_else(
    tmp_path: Path, work: Path, point: str, run: str
) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"run": run, "workdir": str(work)}))
    client = subprocess.run(
        [sys.executable, str(DRIVE), str(tmp_path / "job.json")],
        env={**os.environ, "KILL_AT": point},
        timeout=PATIENCE,
    )
    assert client.returncode == -signal.SIGKILL
    local, started = find_launcher("local"), point not in ("run_folder:before", "run_folder:after", "job_file:before",
                                                           "job_file:after", "_start:before")  # fmt: skip
    ends = ("succeeded", "interrupted") if started else ("lost",)
    assert until(lambda: local.state(Records().get("driven")).state in ends)
    assert cli("reap", "--yes").returncode == 0
    found = Records().get("driven")
    assert found.state == ("succeeded" if run == "true" else "interrupted")
    assert until(lambda: marked(found.id) == [])
    assert found.pid is None or process_start(found.pid) is None


def test_a_killed_supervisor_leaves_a_run_that_ps_and_reap_understand(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, ": >started; exec sleep 600", "detach")  # one process, from then on
    driven.process.communicate(timeout=PATIENCE)
    run = driven.run
    assert run.pid is not None
    assert run.state == "running"
    os.kill(run.pid, signal.SIGKILL)
    assert until(lambda: process_start(cast(int, run.pid)) is None)
    left = marked(run.id)
    assert left, "the job itself lives on"
    shown = json.loads(cli("ps", "--json").stdout)["runs"]
    assert [(row["id"], row["state"]) for row in shown] == [(run.id, "lost")]
    assert "gpuspec reap" in cli("ps").stdout
    assert "its processes still run" in cli("reap", "--dry-run").stdout
    assert marked(run.id) == left
    assert cli("reap").returncode == 2  # nobody can be asked
    done = cli("reap", "--yes")
    assert done.returncode == 0, done.stderr
    assert until(lambda: marked(run.id) == [])
    assert Records().get(run.id).state == "interrupted"
    assert cli("reap", "--yes").stdout == "nothing to reap\n"


def test_a_client_killed_before_it_started_anything_is_understood_too(work: Path) -> None:
    code = (
        "import os, signal; from gpuspec.launch.records import Records;"
        "Records().new(name='early', launcher='local', spec_path='-', workdir='/');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert "lost" in cli("ps").stdout
    assert cli("reap", "--yes").returncode == 0
    assert Records().get("early").state == "interrupted"


def test_a_detached_run_is_followed_and_stopped_from_elsewhere(tmp_path: Path, work: Path) -> None:
    run = "trap 'echo saved; exit 0' TERM; echo first; touch started; while :; do sleep 0.01; done"
    driven = Driven(tmp_path, work, run, "detach")
    driven.process.communicate(timeout=PATIENCE)
    assert driven.process.returncode == 0
    assert driven.run.state == "running"
    assert "running" in cli("ps").stdout
    assert cli("logs", "driven").stdout == "first\n"
    following = subprocess.Popen(
        [sys.executable, "-m", "gpuspec", "logs", "-f", "driven"], stdout=subprocess.PIPE, text=True
    )
    stopped = cli("stop", driven.run.id[:4])
    assert stopped.returncode == 0, stopped.stderr
    assert "interrupted" in stopped.stdout
    followed = following.communicate(timeout=PATIENCE)[0]
    assert followed.startswith("first\n")
    assert followed.endswith("saved\ngpuspec: stopped\n")
    assert "interrupted" in cli("stop", driven.run.id).stdout  # again: nothing to do, no error
    assert "nothing: this machine" in cli("cost", driven.run.id).stdout


def test_a_run_past_its_limit_is_reaped(tmp_path: Path, work: Path) -> None:
    driven = Driven(tmp_path, work, "touch started; sleep 600", "detach")
    driven.process.communicate(timeout=PATIENCE)
    assert cli("reap", "--yes").stdout == "nothing to reap\n"
    # as if its own timer had not fired: 2 h ago, limit 1 h; this machine may be up for less
    record_of(driven.run).update(started=time.time() - 7200, started_up=None, max_hours=1.0)
    assert "past its limit of 1 h" in cli("reap", "--dry-run").stdout
    assert cli("reap", "--yes").returncode == 0
    assert marked(driven.run.id) == []
    assert driven.run.state == "interrupted"
