"""`--on local` and the GPUs of this machine: NVIDIA's binding of NVML, over a library built from nvml.c."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(not COMPILER or sys.platform != "linux", reason="no C compiler, or not Linux")

RTX_4090 = "GPU-1 24564 {} NVIDIA GeForce RTX 4090\n"  # MiB, as nvidia-smi shows of one
H100 = "GPU-2 81559 {} NVIDIA H100 80GB HBM3\n"

Gpuspec = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nvml")
    source = Path(__file__).with_name("nvml.c")
    command = [str(COMPILER), "-shared", "-fPIC", "-Wall", "-Werror", str(source), "-o", "libnvidia-ml.so.1"]
    subprocess.run(command, cwd=folder, check=True)
    return folder


@pytest.fixture
def environment(library: Path, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    return {
        **kept,
        "LD_LIBRARY_PATH": str(library),
        "NVML_GPUS": str(tmp_path / "gpus"),
        "GPUSPEC_STATE_DIR": str(tmp_path / "state"),
    }


@pytest.fixture
def gpuspec(environment: dict[str, str]) -> Gpuspec:
    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gpuspec", *arguments]
        return subprocess.run(
            command, env={**environment, **more}, capture_output=True, text=True, timeout=PATIENCE
        )

    return run


def spec(folder: Path, gpus: str, **fields: Any) -> str:
    (folder / "gpus").write_text(gpus)
    job = {
        "name": "here",
        "task": "batch",
        "gpu_count": 1,
        "budget": {"max_hours": 1},
        "keep_alive_minutes": 3,
        "run": "true",
        **fields,
    }
    path = folder / "gpu.jsonc"
    path.write_text(json.dumps(job))
    return str(path)


def test_a_job_asks_for_no_more_than_is_here(gpuspec: Gpuspec, tmp_path: Path) -> None:
    path = spec(tmp_path, RTX_4090.format(3), min_vram=24)  # 24564 MiB are 25.8 GB
    assert gpuspec("run", path, "--on", "local", "--yes").returncode == 0
    path = spec(tmp_path, RTX_4090.format(3), gpu_types=["H100"], gpu_count=2, min_vram=80)
    done = gpuspec("run", path, "--on", "local", "--yes")
    assert done.returncode == 2
    assert (
        "error[no-local-gpu]: the job asks for 2 GPUs of 80 GB; this machine has NVIDIA GeForce RTX 4090 (26 GB)"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("visible", "enough"),
    [("0", False), ("1", True), ("GPU-2", True), ("GPU-1,GPU-2", True), ("0,7,1", False), ("", False)],
)
def test_what_cuda_does_not_see_is_not_here(
    gpuspec: Gpuspec, tmp_path: Path, visible: str, enough: bool
) -> None:
    both = RTX_4090.format(3) + H100.format(3)
    path = spec(tmp_path, both, min_vram=80)
    done = gpuspec("run", path, "--on", "local", "--yes", CUDA_VISIBLE_DEVICES=visible)
    assert (done.returncode == 0) is enough, done.stderr
    path = spec(tmp_path, both, min_vram=80, env={"CUDA_VISIBLE_DEVICES": visible})
    done = gpuspec("run", path, "--on", "local", "--yes")
    assert (done.returncode == 0) is enough, done.stderr


def test_memory_that_others_hold_is_said(gpuspec: Gpuspec, tmp_path: Path) -> None:
    model = {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096}
    full = spec(tmp_path, RTX_4090.format(20000), model=model)
    done = gpuspec("run", full, "--on", "local", "--yes")
    assert done.returncode == 0  # they may be gone by then
    said = "NVIDIA GeForce RTX 4090: 4.5 of 24.0 GiB are free, other programs hold the rest; the job needs 1"
    assert said in " ".join(done.stderr.split())  # 7.6 billion × 2 bytes are 14.2 GiB
    two = spec(tmp_path, RTX_4090.format(20000) + H100.format(3), model=model)
    assert "are free" not in gpuspec("run", two, "--on", "local", "--yes").stderr


def test_what_a_job_held_at_most_is_measured(gpuspec: Gpuspec, tmp_path: Path) -> None:
    (tmp_path / "then").write_text(RTX_4090.format(1000 + 3072))
    seen = "until grep -q '^4072$' gpus.seen; do sleep 0.1; done"
    path = spec(tmp_path, RTX_4090.format(1000), run=f"cp then now; mv now gpus; {seen}")
    assert gpuspec("run", path, "--on", "local", "--yes").returncode == 0
    cost = json.loads(gpuspec("cost", "here", "--json").stdout)
    assert cost["peak_memory_gib"] == 3.0  # 1000 MiB were not the job's


def test_a_run_whose_gpu_has_nothing_to_do_is_ended(gpuspec: Gpuspec, tmp_path: Path) -> None:
    (tmp_path / "gpus.busy").write_text("3")
    least = {"gpu": 30, "minutes": 0.02, "then": "end"}
    path = spec(tmp_path, RTX_4090.format(1000), min_utilization=least, setup=["echo 90 > gpus.busy"],
                run="trap 'exit 0' TERM; echo 3 > gpus.busy; sleep 600 & wait")  # fmt: skip
    done = gpuspec("run", path, "--on", "local", "--yes")
    why = "its GPUs were used 3 % in the last 0.02 minutes, and min_utilization asks for 30 %"
    assert done.returncode == 1
    assert f"gpuspec: ended for low utilization: {why}" in done.stdout
    cost = json.loads(gpuspec("cost", "here", "--json").stdout)
    assert cost["state"] == "failed"
    assert (cost["utilization"]["gpu"], cost["utilization"]["memory_total"]) == (3.0, 23.99)  # 24564 MiB
    assert why in cost["utilization"]["ended"]
    (row,) = json.loads(gpuspec("ps", "--json").stdout)["runs"]
    assert row["message"].startswith(f"ended for low utilization: {why}")


def test_a_run_is_warned_of_and_goes_on(gpuspec: Gpuspec, tmp_path: Path) -> None:
    (tmp_path / "gpus.busy").write_text("3")
    least = {"gpu": 30, "minutes": 0.02}
    log = "$GPUSPEC_STATE_DIR/runs/*/log.txt"
    path = spec(tmp_path, RTX_4090.format(1000), min_utilization=least,
                run=f"until grep -q 'warning: its GPUs were used 3 %' {log}; do sleep 0.1; done")  # fmt: skip
    done = gpuspec("run", path, "--on", "local", "--yes")
    assert done.returncode == 0
    assert "gpuspec: warning: its GPUs were used 3 % in the last 0.02 minutes" in done.stdout


def test_a_gpu_that_does_not_tell_is_not_judged(gpuspec: Gpuspec, tmp_path: Path) -> None:
    least = {"gpu": 30, "minutes": 0.01, "then": "end"}
    path = spec(tmp_path, RTX_4090.format(1000), min_utilization=least, run="sleep 1.3")
    done = gpuspec("run", path, "--on", "local", "--yes")
    assert done.returncode == 0
    assert "how much the GPU is used cannot be read here; it is not watched" in done.stdout


def test_without_a_driver_there_is_no_gpu(gpuspec: Gpuspec, tmp_path: Path) -> None:
    path = spec(tmp_path, "")
    for more in ({}, {"LD_LIBRARY_PATH": ""}):
        done = gpuspec("run", path, "--on", "local", "--yes", **more)
        assert (done.returncode, "this machine has none that NVML shows" in done.stderr) == (2, True)
    done = gpuspec("run", path, "--on", "local", "--yes", "--allow-no-gpu")
    assert done.returncode == 0
    assert json.loads(gpuspec("cost", "here", "--json").stdout)["peak_memory_gib"] is None
