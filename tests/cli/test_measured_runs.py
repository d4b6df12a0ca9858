"""`cost --report`, `cost --write-measured`, and what `plan` says of earlier runs."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.cli.open_case import CaseOptions, open_case
from gpuspec.launch.records import Records
from gpuspec.planning.measured import command_digest

JOB = {
    "name": "train-8b",
    "task": "train",
    "model": {"id": "meta-llama/Llama-3.1-8B", "method": "qlora"},
    "gpu_types": ["H100 SXM"],
    "keep_alive_minutes": 3,
    "budget": {"max_hours": 4},
    "run": "python train.py",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "project"
    (folder / "jobs").mkdir(parents=True)
    (folder / "gpuspec.toml").write_text("")
    (folder / "jobs" / "train.jsonc").write_text(json.dumps(JOB))
    monkeypatch.chdir(folder)
    return folder


def record(project: Path, **more: Any) -> str:
    """A run of the job: an hour on an H100 of which the command took 50 minutes, 31 GiB, $3.30/h."""
    job = open_case("jobs/train.jsonc", CaseOptions().settings_for("jobs/train.jsonc")).job
    fields: dict[str, Any] = {
        "name": "train-8b",
        "launcher": "skypilot",
        "spec_path": "jobs/train.jsonc",
        "workdir": str(project / "jobs"),
        "state": "succeeded",
        "started": 1_790_000_000.0,
        "started_up": None,
        "work_began": 1_790_000_600.0,
        "ended": 1_790_003_600.0,
        "cloud": "lambda",
        "instance": "gpu_1x_h100_sxm5",
        "gpu": "H100",  # SkyPilot's word for all of them: the instance tells which
        "gpu_count": 1,
        "planned_price": 3.0,
        "actual_price": 3.3,
        "planned_memory": 24.8,
        "peak_memory": 31.0,
        "model": "meta-llama/Llama-3.1-8B",
        "engine": "trl",
        "task": "train",
        "command": command_digest(job),
        "planned_hours": 0.75,
    }
    return Records().new(**{**fields, **more}).run.id


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(list(arguments)) in (0, 1)
    return capsys.readouterr().out


def test_the_report(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "cost", "--report").startswith("no run has ended yet")
    record(project)
    record(project, state="running", ended=None)
    lines = said(capsys, "cost", "--report", "--by", "gpu").splitlines()
    assert lines[0] == "predicted ÷ actual, 1 run, 2026-09-21; below 1: they took more than predicted"
    assert lines[2].split() == ["GPU", "RUNS", "TIME", "MEMORY", "PRICE"]
    # 0.75 h ÷ 50 min; 24.8 ÷ 31 GiB; $3.00 ÷ $3.30
    assert lines[3].split() == ["H100", "SXM", "1", "0.90", "0.80", "0.91"]
    (row, of_all) = json.loads(said(capsys, "cost", "--report", "--by", "job", "--json"))["rows"]
    assert (row["name"], of_all["by"], of_all["memory"]["middle"]) == ("train-8b", "all", 0.8)


def test_a_project_keeps_its_runs_and_every_command_shows_them(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record(project)
    record(project, workdir=str(project.parent), spec_path="elsewhere.jsonc", command="c0ffee000001")
    shown = f"ran   the last run ({run}) on H100 SXM peaked at 31.0 of 79.6 GiB and took 60 min"
    plan = " ".join(said(capsys, "plan", "jobs/train.jsonc").split())
    assert " ".join(shown.split()) in plan
    assert main(["cost", "--write-measured"]) == 0
    kept = json.loads((project / "gpuspec.measured.json").read_text())["runs"]
    assert list(kept) == [run]
    assert (kept[run]["spec"], kept[run]["hours"], kept[run]["peak_gib"]) == ("jobs/train.jsonc", 1.0, 31.0)
    assert said(capsys, "cost", "--write-measured") == "gpuspec.measured.json: 1 run, as before\n"
    # A colleague's machine, without these records
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(project.parent / "other"))
    assert said(capsys, "plan", "jobs/train.jsonc").split() == plan.split()
    (measured,) = json.loads(said(capsys, "plan", "jobs/train.jsonc", "--json"))["measured"]
    assert (measured["runs"], measured["expected_hours"]) == ([run], 1.0)
    assert "peaked" not in said(capsys, "plan", "jobs/train.jsonc", "--isolated")
    (project / "jobs" / "train.jsonc").write_text(json.dumps({**JOB, "run": "python train.py --other"}))
    assert "peaked" not in said(capsys, "plan", "jobs/train.jsonc")


def test_where_it_ran_it_fits(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """70 B in 16 bit do not fit on one L40S by any estimate; that a run of it succeeded there counts for more."""
    job = {**JOB, "task": "batch", "model": {"id": "meta-llama/Llama-3.1-70B"}, "gpu_types": ["L40S"]}
    (project / "jobs" / "train.jsonc").write_text(json.dumps(job))
    before = json.loads(said(capsys, "plan", "jobs/train.jsonc", "--json"))
    assert before["choice"] is None
    record(project, gpu="L40S", instance="", peak_memory=44.0)
    after = json.loads(said(capsys, "plan", "jobs/train.jsonc", "--json"))
    assert after["choice"]["gpu"] == "L40S"
    assert after["measured"][0]["peak_gib"] == 44.0
    assert after["need"] == before["need"]  # what is expected is shown as it was


def test_nothing_to_keep(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(project, peak_memory=None, state="failed")
    assert main(["cost", "--write-measured"]) == 2
    assert "error[no-measured-runs]" in capsys.readouterr().err
    assert not (project / "gpuspec.measured.json").exists()


def test_a_broken_file_is_told_by_every_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "gpuspec.measured.json").write_text("{")
    for command in (["lint", "jobs/train.jsonc"], ["plan", "jobs/train.jsonc"], ["cost", "--report"]):
        assert main(command) == 2
        assert "error[measured-file]" in capsys.readouterr().err


@pytest.mark.parametrize("odd", [b"\xff", "x" * 9000, -1, 1e300, 10**18, "a\0b"])
def test_odd_rows_do_no_harm(project: Path, capsys: pytest.CaptureFixture[str], odd: Any) -> None:
    record(project)
    for column in (
        "name",
        "gpu",
        "model",
        "spec_path",
        "started",
        "ended",
        "peak_memory",
        "gpu_count",
        "planned_hours",
    ):
        with sqlite3.connect(Records().path) as connection:
            connection.execute(f"UPDATE runs SET {column} = ?", (odd,))
        assert main(["cost", "--report"]) == 0
        assert main(["cost", "--write-measured"]) in (0, 2)
        assert main(["plan", "jobs/train.jsonc"]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [[], ["a", "--report"], ["--report", "--write-measured"], ["a", "--by", "job"]]
)
def test_one_thing_at_a_time(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *wrong]) == 2
    assert "error[wrong-usage]" in capsys.readouterr().err


def test_what_nvidia_smi_saw_is_kept_and_lint_goes_by_it(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script whose model nobody knows: 18 GiB of 79.1 were measured."""
    job = {**JOB, "task": "batch", "gpu_types": ["A100 PCIe 80GB"], "outputs": ["out/"], "run": "./work"}
    del job["model"]
    (project / "jobs" / "train.jsonc").write_text(json.dumps(job))
    assert "GS101" not in said(capsys, "lint", "jobs/train.jsonc", "--select", "GS101")
    usage = "timestamp, name, memory.used [MiB], utilization.gpu [%]\n"
    usage += "2026/11/28 10:00:00.0, NVIDIA A100 80GB PCIe, 18432 MiB, 30 %\n"
    (project / "usage.csv").write_text(usage)
    lines = said(capsys, "import-usage", "jobs/train.jsonc", "usage.csv").splitlines()
    assert lines[0].endswith(
        "18.0 GiB at most on one GPU, busy 30 % of the time on A100 80GB PCIe (nvidia-smi, 2026-11-28)"
    )
    assert said(capsys, "import-usage", "jobs/train.jsonc", "usage.csv").splitlines()[1].endswith("as before")
    # What PowerShell 5 makes of the same text by `>`.
    (project / "usage.csv").write_text(usage, encoding="utf-16")
    assert said(capsys, "import-usage", "jobs/train.jsonc", "usage.csv").splitlines()[1].endswith("as before")
    finding = said(capsys, "lint", "jobs/train.jsonc", "--select", "GS101")
    assert "peaked at 18.0 of its 79.1 GiB (23 %, 30 % busy; no estimate)" in finding
    (run,) = json.loads((project / "gpuspec.measured.json").read_text())["runs"].values()
    (project / "usage.csv").write_text(usage.replace("18432", "76000"))  # which no smaller one holds
    said(capsys, "import-usage", "jobs/train.jsonc", "usage.csv")
    assert "GS101" not in said(capsys, "lint", "jobs/train.jsonc", "--select", "GS101")
    assert run["spec"] == "jobs/train.jsonc"


def test_the_bill_takes_the_hours_that_were_measured(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = [
        {
            "name": "embed",
            "launched_at": 1_790_000_000 + day,
            "duration": hours * 3600,
            "resources": {"accelerators": {"H100": 1}},
            "total_cost": 3.0 * hours,
            "status": "TERMINATED",
        }
        for day, hours in enumerate((2, 3, 7))
    ]
    (project / "history.json").write_text(json.dumps(history))
    said(capsys, "import-usage", "jobs/train.jsonc", "history.json", "--cluster", "embed")
    (job,) = json.loads(said(capsys, "bill", "jobs/train.jsonc", "--isolated", "--json"))["jobs"]
    assert job["hours_per_run"] != 3
    (job,) = json.loads(said(capsys, "bill", "jobs/train.jsonc", "--json"))["jobs"]
    assert (job["hours_per_run"], job["at_most"]) == (3, False)  # the one in the middle of 2, 3 and 7
    assert "the last 3 runs (sky" in job["use"]


@pytest.mark.parametrize(
    ("wrong", "said_so"),
    [
        (["jobs/train.jsonc", "none.csv"], "error[no-such-file]"),
        (["jobs/train.jsonc", "jobs/train.jsonc"], "error[unknown-usage]"),
        (["jobs/train.jsonc", "jobs"], "error[unreadable-file]"),
        (["jobs/train.jsonc", "usage.csv", "--gpu", "Voodoo"], "error[unknown-gpu]"),
        (["jobs/train.jsonc", "usage.csv", "--where", "pod"], "error[wrong-usage]"),
        (["jobs/train.jsonc", "history.json"], "error[unknown-usage]"),
    ],
)
def test_usage_that_cannot_be_used(
    project: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said_so: str
) -> None:
    (project / "usage.csv").write_text("name, memory.used [MiB]\nNVIDIA L4, 5 MiB\n")
    (project / "history.json").write_text("[]")
    assert main(["import-usage", *wrong]) == 2
    assert said_so in capsys.readouterr().err
    assert not (project / "gpuspec.measured.json").exists()


def test_size_shows_what_the_job_took_as_it_is_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = record(project)
    assert f"the last run ({run}) on H100 SXM peaked at 31.0 GiB" in said(capsys, "size", "jobs/train.jsonc")
    (measured,) = json.loads(said(capsys, "size", "jobs/train.jsonc", "--json"))["measured"]
    assert measured["peak_gib"] == 31.0
    assert json.loads(said(capsys, "size", "jobs/train.jsonc", "--batch", "8", "--json"))["measured"] == []


def test_a_job_that_says_nothing_of_what_runs_has_no_runs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else all of them would share what one took."""
    job = {key: value for key, value in JOB.items() if key != "run"}
    (project / "jobs" / "train.jsonc").write_text(json.dumps(job))
    (project / "usage.csv").write_text("name, memory.used [MiB]\nNVIDIA L4, 5 MiB\n")
    assert main(["import-usage", "jobs/train.jsonc", "usage.csv"]) == 2
    assert "could be of any job" in capsys.readouterr().err
    record(project, command="")
    assert "peaked" not in said(capsys, "plan", "jobs/train.jsonc")


def test_a_bill_counts_the_hours_that_runs_took(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "mine.csv").write_text(
        "Cloud,AcceleratorName,AcceleratorCount,Price\nlambda,H100 SXM,1,3.00\n"
    )
    usage = '[per-file-usage]\n"jobs/*" = {runs_per_month = 20}\n'
    (project / "gpuspec.toml").write_text('prices = "mine.csv"\nclouds = ["lambda"]\n' + usage)
    (before,) = json.loads(said(capsys, "bill", "--json", "jobs/train.jsonc"))["jobs"]
    assert (before["hours_per_run"], before["at_most"]) == (4, True)  # its budget.max_hours
    run = record(project)
    main(["cost", "--write-measured"])
    (after,) = json.loads(said(capsys, "bill", "--json", "jobs/train.jsonc"))["jobs"]
    # 20 runs of the hour that one took, at $3
    assert (after["hours_per_run"], after["at_most"], after["per_month"]) == (1, False, 60)
    assert run in after["use"]
