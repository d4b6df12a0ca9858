"""A job on this machine, launched in a folder of its own, in this process or by a client of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until

from gpuspec.job.job import Job
from gpuspec.launch import Outcome, Run, RunSettings, find_launcher
from gpuspec.launch.local import local_launcher
from gpuspec.launch.records import Records, log_path
from gpuspec.planning.plan import Plan
from gpuspec.sizing import Unsized

NO_PLAN = Plan(Unsized("no model"), (), None, None, None, ())
DRIVE = Path(__file__).with_name("drive_local.py")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(local_launcher, "GRACE_SECONDS", 5.0)
    return tmp_path / "state"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def settings(work: Path, **more: Any) -> RunSettings:
    return RunSettings(spec_path="-", workdir=str(work), **more)


def launch(job: Job, work: Path, **more: Any) -> tuple[Outcome, Run, str]:
    """Check and launch; the outcome, the record and the log."""
    where = find_launcher("local")
    where.check(job, NO_PLAN, settings(work, **more))
    record = Records().new(name="test", launcher="local", spec_path="-", workdir=str(work))
    outcome = where.launch(job, NO_PLAN, settings(work, **more), record)
    return outcome, Records().get(record.run.id), Path(log_path(record.run.id)).read_text()


class Driven:
    """A client in a process of its own, running `run`."""

    def __init__(self, tmp_path: Path, work: Path, run: str, *words: str) -> None:
        job = tmp_path / "job.json"
        job.write_text(json.dumps({"run": run, "workdir": str(work)}))
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVE), str(job), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until((work / "started").exists)

    @property
    def run(self) -> Run:
        return Records().get("driven")


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gpuspec", *arguments], capture_output=True, text=True, timeout=PATIENCE
    )
