"""`gpuspec` as a process where SkyPilot keeps its controllers in its own server, which lives in a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync here")
ROOT = Path(__file__).resolve().parents[2]
IN_THE_SERVER = (
    "jobs: {controller: {consolidation_mode: true}}\nserve: {controller: {consolidation_mode: true}}\n"
)

JOB: dict[str, Any] = {
    "name": "job", "task": "batch", "gpu_types": ["RTX 4090"], "gpu_count": 1, "min_vram": 24, "max_price": 1,
    "budget": {"max_hours": 1, "max_total": 5}, "keep_alive_minutes": 7, "spot": "only", "run": "true",
    "checkpoint": {"path": "s3://bucket/ckpt"},
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "name": "job", "task": "serve", "gpu_types": ["RTX 4090"], "gpu_count": 1, "min_vram": 24, "max_price": 1,
    "keep_alive_minutes": 7, "run": "python3 -m http.server 8000", "ports": [8000], "scaling": {"min": 0, "max": 2},
    "readiness": {"http": "http://localhost:8000/"}, "traffic": {"requests_per_day": 86400},
}  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FAKE_CLOUD", str(tmp_path / "cloud.json"))
    monkeypatch.delenv("SKYPILOT_API_SERVER_ENDPOINT", raising=False)
    (tmp_path / "prices.csv").write_text(
        "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
        "slurm,,,RTX4090,1,,,0.44,0.44\n"
    )
    settings(tmp_path, IN_THE_SERVER)
    write(tmp_path, JOB)
    return tmp_path


def settings(place: Path, text: str, *, running: bool = True) -> None:
    """SkyPilot's settings, and whether its server was started with them."""
    (place / ".sky").mkdir(exist_ok=True)
    (place / ".sky" / "config.yaml").write_text(text)
    signal = place / ".sky" / ".jobs_controller_consolidation_reloaded_signal"
    signal.touch() if running else signal.unlink(missing_ok=True)


def write(place: Path, fields: dict[str, Any], **more: Any) -> None:
    (place / "gpu.jsonc").write_text(json.dumps({**fields, **more}))


def gpuspec(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.launch.drive_controlled", *arguments],
        env={**os.environ, **more},
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


def run(place: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    spec, prices = str(place / "gpu.jsonc"), str(place / "prices.csv")
    return gpuspec("run", spec, "--yes", "--on", "skypilot", "--prices", prices, *options, **more)


def listed() -> dict[str, Any]:
    done = gpuspec("ps", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["runs"]
    assert isinstance(row, dict)
    return row
