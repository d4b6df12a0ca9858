"""A service on this machine is waited for."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

from waiting import PATIENCE, until

from gpuspec.job.job import Job, Port, Readiness
from gpuspec.launch import find_launcher
from gpuspec.launch.local.processes import marked
from gpuspec.launch.records import Records, log_path

from .here import NO_PLAN, launch, settings, state, work

__all__ = ["state", "work"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVER = f"exec {sys.executable} -m http.server --bind 127.0.0.1"


def test_a_service_is_waited_for(work: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    job = Job(
        run=f"({SERVER} {port} >/dev/null 2>&1) & while ! grep -q ready ready 2>/dev/null; do sleep 0.01; done",
        readiness=Readiness(http=url, timeout=PATIENCE, interval=0.05),
        ports=(Port(port),),
    )
    record = Records().new(name="serve", launcher="local", spec_path="-", workdir=str(work))
    outcome = find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert outcome.state == "running"
    log = Path(log_path(record.run.id))
    assert until(lambda: f" s: {url}" in log.read_text())
    assert "gpuspec: ready after " in log.read_text()
    (work / "ready").write_text("ready")
    assert until(lambda: Records().get(record.run.id).state == "succeeded")


def test_readiness_that_never_comes_fails_the_run_and_says_why(work: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/health"
    job = Job(run="echo loading; sleep 600", readiness=Readiness(http=url, timeout=2, interval=0.05))
    said: list[str] = []
    outcome, run, log = launch(job, work, say=said.append)
    assert (outcome.state, run.exit_code) == ("failed", 1)
    assert said == ["the last line of its log:", "  loading"]
    assert run.message == f"not ready within 2 s ({url}: [Errno 111] Connection refused)"
    assert log.startswith("loading\n")
    assert marked(run.id) == []


def test_readiness_by_command(work: Path) -> None:
    job = Job(
        run="touch up; while [ ! -e told ]; do sleep 0.01; done",
        readiness=Readiness(command=("test", "-e", "up"), timeout=PATIENCE, interval=0.02),
    )
    record = Records().new(name="wait", launcher="local", spec_path="-", workdir=str(work))
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    log = Path(log_path(record.run.id))
    assert until(lambda: re.search(r"^gpuspec: ready after \d+ s: test -e up$", log.read_text(), re.M))
    (work / "told").touch()
    assert until(lambda: Records().get(record.run.id).state == "succeeded")
