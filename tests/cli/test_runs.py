"""`ps`, `cost`, `logs`, `stop`, `down` over records made by hand, and `run` interrupted as at a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until

from gpuspec.launch.records import Records
from gpuspec.launch.utilization import Utilization, record_fields


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))


def gpuspec(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gpuspec", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


def rented(**more: Any) -> str:
    """A run that ended after 1.5 h on two A100 at $2.50/h, planned at $2.00/h with 4 h at most."""
    fields: dict[str, Any] = {
        "name": "nightly",
        "launcher": "skypilot",
        "spec_path": "job.jsonc",
        "workdir": "/w",
        "state": "succeeded",
        "started": 1_000_000.0,
        "ended": 1_005_400.0,
        "cloud": "lambda",
        "gpu": "A100-80GB",
        "gpu_count": 2,
        "planned_price": 2.0,
        "actual_price": 2.5,
        "max_hours": 4.0,
    }
    return Records().new(**{**fields, **more}).run.id


def test_cost_compares_what_was_paid_with_what_was_planned() -> None:
    run = rented()
    done = gpuspec("cost", run)
    assert done.stdout.splitlines() == [
        f"{run} (nightly): succeeded on lambda 2×A100-80GB",
        "  time       1.50 h (limit 4 h)",
        "  price      $2.50/h (planned $2.00/h)",
        "  cost       $3.75 (predicted at most $8.00)",  # 1.5 × 2.50; 4 × 2.00
    ]
    numbers = json.loads(gpuspec("cost", run, "--json").stdout)
    assert (numbers["so_far"], numbers["predicted_at_most"], numbers["hours"]) == (3.75, 8.0, 1.5)


def test_ps_shows_each_run_on_a_line() -> None:
    assert "no runs yet" in gpuspec("ps").stdout
    run = rented(spot=True, message="a note")
    header, line = gpuspec("ps").stdout.splitlines()
    assert header.split() == ["RUN", "NAME", "STATE", "ON", "STARTED", "HOURS", "COST"]
    assert line.startswith(f"{run}  nightly  succeeded  lambda 2×A100-80GB spot  ")
    assert line.endswith("  1.50   $3.75  a note")


def test_ps_keeps_to_the_last_ten_unless_asked() -> None:
    for number in range(12):
        rented(name=f"n{number:02}", started=1_000_000.0 + number)
    assert len(json.loads(gpuspec("ps", "--json").stdout)["runs"]) == 10
    names = [run["name"] for run in json.loads(gpuspec("ps", "--all", "--json").stdout)["runs"]]
    assert names == [f"n{number:02}" for number in reversed(range(12))]


@pytest.mark.parametrize("command", ["logs", "stop", "down", "cost"])
def test_a_run_nobody_knows(command: str) -> None:
    done = gpuspec(command, "nosuchrun")
    assert done.returncode == 2
    assert "error[unknown-run]" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_at_gpuspec_run_ends_the_job_and_leaves_a_record(tmp_path: Path) -> None:
    spec = tmp_path / "job.jsonc"
    run = "trap 'touch saved; exit 0' TERM; touch started; while :; do sleep 0.01; done"
    job = {"name": "loop", "task": "batch", "keep_alive_minutes": 3, "budget": {"max_hours": 1}, "run": run}
    spec.write_text(json.dumps(job))
    client = subprocess.Popen(
        [sys.executable, "-m", "gpuspec", "run", str(spec), "--on", "local", "--yes"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: (tmp_path / "started").exists() or client.poll() is not None)
    os.killpg(client.pid, signal.SIGINT)  # as a terminal does: to the whole foreground group
    _, errors = client.communicate(timeout=PATIENCE)
    assert client.returncode == 130, errors
    assert (tmp_path / "saved").exists()
    assert "Traceback" not in errors
    assert Records().get("loop").state == "interrupted"


def test_cost_shows_the_memory_that_was_used_beside_what_was_sized() -> None:
    run = rented(planned_memory=38.24, peak_memory=40.0)
    assert (
        "  memory     40.0 GiB at most on one GPU (planned 38.2 GiB)"
        in gpuspec("cost", run).stdout.splitlines()
    )
    numbers = json.loads(gpuspec("cost", run, "--json").stdout)
    assert (numbers["planned_memory_gib"], numbers["peak_memory_gib"]) == (38.24, 40.0)


def test_records_may_be_kept_in_a_folder_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPUSPEC_STATE_DIR", "kept")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "job.gpu.jsonc").write_text('{"name": "a", "run": "touch ran"}')
    done = gpuspec("run", "work/job.gpu.jsonc", "--on", "local", "--yes")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work" / "ran").exists()
    assert Records(str(tmp_path / "kept" / "runs.sqlite3")).get("a").state == "succeeded"


USED = Utilization(
    minutes=90, gpu=62.4, gpu_lately=12, gpus=(12.0,), cpu=40, cpu_lately=97, cores=8, ram=30, ram_total=64
)


def test_how_much_of_its_machine_a_run_used_is_shown() -> None:
    assert "GPU USED" not in gpuspec("ps").stdout
    run = rented(**record_fields(USED))
    header, line = gpuspec("ps").stdout.splitlines()
    assert header.endswith("  COST   GPU USED")
    assert line.endswith("  $3.75  62 %")  # of a run that has ended: the mean
    cost = gpuspec("cost", run)
    assert "  used       GPU 62 % (12 % lately); CPU 40 % of 8 cores; memory 30.0 of 64.0 GiB" in cost.stdout
    assert "  waited for the CPU works at 97 % of its 8 cores: data loading or preprocessing" in cost.stdout
    numbers = json.loads(gpuspec("cost", run, "--json").stdout)["utilization"]
    assert (numbers["gpu"], numbers["minutes"], numbers["gpus"]) == (62.4, 90.0, [12.0])
    assert numbers["bottleneck"].startswith("the CPU works at 97 %")
    (row,) = json.loads(gpuspec("ps", "--json").stdout)["runs"]
    assert row["utilization"] == numbers
    assert (row["gpu_utilization"], row["cpu_utilization"]) == (62.4, 40.0)
