"""What a job costs is asked by `bill`, `diff`, `plan DIR`, `lint`, `run`'s month budget and its records: twenty jobs
get one answer from all of them."""

from __future__ import annotations

import json
import os
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.cli.month_budget import labels_text, launch_of
from gpuspec.cli.open_case import open_cases
from gpuspec.launch import RunSettings
from gpuspec.launch.launcher import Run
from gpuspec.launch.month import in_group
from gpuspec.lint.config import Configs
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.planning.job_length import hours_of_case
from gpuspec.planning.monthly_budget import monthly_budget
from gpuspec.planning.monthly_use import monthly_use
from gpuspec.rules import collect

# One offer of each machine, so that what is cheapest is no question.
PRICES = """Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
lambda,us,1x,RTX4090,1,8,64,0.50,
lambda,us,2x,RTX4090,2,16,128,1.00,
runpod,US,1h,H100-SXM,1,16,128,3.00,
"""
SETTINGS = """prices = "prices.csv"
[budget]
monthly = 9000
[budget.team]
Search = 1000
none = 1000
[budget.gpu]
rtx4090 = 1000
"H100 SXM" = 1000
[budget.cloud]
RunPod = 1000
[budget.folder]
"./b/" = 1000
[per-file-usage]
"b/job3.*" = { hours_per_month = 0 }
"b/job13.*" = { runs_per_month = 4, hours_per_run = 2 }
"""
WAYS: tuple[dict[str, Any], ...] = (
    {"task": "serve"},
    {"task": "batch", "schedule": {"runs_per_month": 20}, "budget": {"max_hours": 4}},
    {"task": "train", "nodes": 3, "schedule": {"hours_per_month": 90}},
    {"task": "serve"},
    {"task": "interactive"},
    {"task": "batch", "budget": {"max_hours": 2, "max_total": 30}, "nodes": 2},
    {"task": "batch"},
)
MODEL = {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 2048}


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "now/a").mkdir(parents=True)
    (tmp_path / "now/b").mkdir()
    (tmp_path / "before").mkdir()
    monkeypatch.chdir(tmp_path / "now")
    Path("prices.csv").write_text(PRICES)
    Path("gpuspec.toml").write_text(SETTINGS)
    ways, machines = cycle(WAYS), cycle((("RTX 4090", 1), ("H100 SXM", 1), ("RTX 4090", 2)))
    paths = []
    for number in range(20):
        path = f"{'ab'[number % 2]}/job{number}.gpuspec.jsonc"
        gpu, count = next(machines)
        labels = {} if number % 3 else {"team": "search"}
        job = {
            "name": f"job{number}",
            "gpu_types": [gpu],
            "gpu_count": count,
            "model": MODEL,
            "labels": labels,
        }
        Path(path).write_text(json.dumps({**job, "run": "python work.py", **next(ways)}))
        paths.append(path)
    return paths


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main([*words])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def settings_of(path: str) -> Settings:
    return Configs(collect()).settings_for(path)


def case_of(path: str) -> Case:
    (case,) = open_cases(path, settings_of(path))
    return case


def test_every_command_has_the_same_price_and_hours(
    jobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bill = {each["path"]: each for each in asked(capsys, "bill", "--json")["jobs"]}
    assert sorted(bill) == sorted(jobs)
    plan = {each["path"]: each for each in asked(capsys, "plan", ".", "--json")["jobs"]}
    diff = {each["path"]: each["after"] for each in asked(capsys, "diff", "../before", ".", "--json")["jobs"]}
    for path in jobs:
        for word in ("per_hour", "per_run", "per_month", "hours_per_month"):
            same = {json.dumps(found[path][word]) for found in (bill, plan, diff)}
            assert len(same) == 1, (path, word, same)
    assert bill["a/job2.gpuspec.jsonc"]["per_hour"] == 3 * 2 * 0.5
    assert bill["b/job3.gpuspec.jsonc"]["per_month"] == 0
    assert bill["b/job13.gpuspec.jsonc"]["per_month"] == 4 * 2 * 3
    assert bill["a/job0.gpuspec.jsonc"]["per_month"] == 365


def test_lint_saves_in_the_hours_of_the_bill_or_says_none(
    jobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bill = {each["path"]: each["hours_per_month"] for each in asked(capsys, "bill", "--json")["jobs"]}
    known = 0
    for path in jobs:
        hours = hours_of_case(case_of(path)).a_month
        known += hours is not None
        assert hours in (None, bill[path]), path
    assert known > 5


def test_a_launch_is_counted_at_the_price_of_the_bill(
    jobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bill = {each["path"]: each for each in asked(capsys, "bill", "--json")["jobs"]}
    for path in jobs:
        case = case_of(path)
        run = RunSettings(spec_path=path, workdir=".")
        launch = launch_of(case, case.plan, settings_of(path), run, machines=1, above=False)
        assert launch
        assert launch.price == bill[path]["per_hour"], path


def test_a_budget_holds_for_the_runs_of_the_jobs_it_holds_for(
    jobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = asked(capsys, "bill", "--json")
    bill = {each["path"]: each for each in found["jobs"]}
    file = os.path.abspath("gpuspec.toml")
    limits = monthly_budget(settings_of(jobs[0]).budget).limits
    lines = found["budgets"]
    assert len(lines) == len(limits) == 7
    for line, (by, name, _) in zip(lines, limits, strict=True):
        mine = []
        for path in jobs:
            one, case = bill[path], case_of(path)
            run = Run(
                id="x", name="x", launcher="skypilot", spec_path=path, workdir=os.path.dirname(path), state="running",
                started=0.0, cloud=one["cloud"], gpu=one["gpu"], labels=labels_text(case, file), budget_file=file,
            )  # fmt: skip
            if in_group(run, by, name, file):
                mine.append(one["per_month"] or 0.0)
        assert 0 < len(mine) <= 20
        assert line["per_month"] == pytest.approx(sum(mine), abs=0.01), (by, name)


def test_of_what_goes_to_zero_nobody_says_a_month(tmp_path: Path) -> None:
    """A function of Modal is up while somebody asks, whether it says `min_containers=0` or nothing."""
    path = tmp_path / "app.py"
    path.write_text(
        "import modal\n\napp = modal.App('chat')\n\n\n"
        "@app.function(gpu='H100', image=modal.Image.debian_slim().pip_install('vllm'))\n"
        "@modal.web_server(8000)\ndef serve():\n    import subprocess\n"
        "    subprocess.Popen('vllm serve Qwen/Qwen2.5-7B-Instruct --port 8000', shell=True)\n"
    )
    case = case_of(str(path))
    assert case.workload.task == "serve"
    assert (monthly_use(case).hours, hours_of_case(case).a_month) == (None, None)
