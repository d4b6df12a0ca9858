"""`gpuspec` as a process, on the cloud that lives in a file (`drive_rented.py`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

from . import drive_rented as cloud

DRIVER = str(Path(cloud.__file__))


def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, prices, and an empty cloud."""
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FAKE_CLOUD", str(tmp_path / "cloud.json"))
    (tmp_path / "prices.csv").write_text(
        "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
        "slurm,,,RTX4090,1,,,0.44,\n"
    )
    job = {
        "name": "job", "task": "batch", "gpu_types": ["RTX 4090"], "gpu_count": 1, "min_vram": 24, "max_price": 1,
        "budget": {"max_hours": 1, "max_total": 5}, "keep_alive_minutes": 7, "run": "true",
    }  # fmt: skip
    (tmp_path / "gpu.jsonc").write_text(json.dumps(job))
    return tmp_path


def command(folder: Path, *options: str) -> list[str]:
    """`gpuspec run` of the folder's spec."""
    spec, prices = str(folder / "gpu.jsonc"), str(folder / "prices.csv")
    return [sys.executable, DRIVER, "run", spec, "--yes", "--on", "skypilot", "--prices", prices, *options]


def change(folder: Path, **fields: Any) -> None:
    """Other fields for the folder's spec."""
    spec = folder / "gpu.jsonc"
    spec.write_text(json.dumps({**json.loads(spec.read_text()), **fields}))


def gpuspec(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DRIVER, *arguments],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


def run(folder: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return gpuspec(*command(folder, *options)[2:], **more)


def listed() -> list[dict[str, Any]]:
    done = gpuspec("ps", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
    return found


def reachable(folder: Path) -> dict[str, str]:
    """A machine that has written results, and the ssh that reaches it while the file `cut` is not there."""
    (folder / "sky_workdir" / "results").mkdir(parents=True)
    (folder / "sky_workdir" / ".gpuspec").mkdir()
    (folder / "sky_workdir" / "results" / "a.txt").write_text("done")
    ssh = folder / "ssh"
    ssh.write_text(f'#!/bin/sh\n[ ! -e {folder}/cut ] || exit 255\nshift; cd {folder}\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    return {"FAKE_SSH": str(ssh)}
