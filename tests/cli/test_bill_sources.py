"""Where a bill's numbers come from, one by one: how often, how long, how many machines, whose, and which job a
finding is about. Every number is worked out here from the test's own prices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

PRICES = """Cloud,AcceleratorName,AcceleratorCount,Price
aws,H100 PCIe,1,3.00
aws,H100 PCIe,2,6.00
gcp,RTX A5000,1,0.25
gcp,RTX A5000,2,0.50
"""
NIGHTS = 365 / 12
POD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  template:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-PCIe}
      containers:
        - name: server
          image: vllm/vllm-openai:v0.8.0
          args: ["--model", "MODEL"]
          resources: {limits: {nvidia.com/gpu: 1}}
"""
CRON_WORKFLOW = """apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly, labels: {team: data}}
spec:
  schedules: ["0 2 * * *", "0 14 1 * *"]
  workflowSpec:
    entrypoint: main
    templates:
      - name: main
        nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-PCIe}
        activeDeadlineSeconds: 3600
        container: {image: "x/y:1", command: [python, index.py], resources: {limits: {nvidia.com/gpu: 1}}}
"""
DSTACK = """type: task
name: index
tags: {team: data}
schedule: {cron: ["0 2 * * *", "0 14 1 * 1"]}
max_duration: 2h
commands: [python index.py]
resources: {gpu: "A5000:1"}
"""
MODAL = """import modal
app = modal.App("night")

@app.function(gpu="H100", schedule=modal.Cron("0 2 * * *"), timeout=7200)
def nightly():
    import torch

@app.function(gpu="H100:2", min_containers=1)
@modal.web_server(8000)
def serve():
    import subprocess
    subprocess.Popen("vllm serve Qwen/Qwen2.5-7B-Instruct", shell=True)

@app.function(gpu="H100", schedule=modal.Period(months=3), timeout=3600)
def quarterly():
    import torch
"""
SLURM = """#!/bin/bash
#SBATCH --gres=gpu:h100:1
#SBATCH --account=vision
#SBATCH --time=04:00:00
srun python train.py
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text(PRICES)
    (tmp_path / "gpuspec.toml").write_text('prices = "mine.csv"\nclouds = ["aws", "gcp"]\n')
    return tmp_path


def _bill(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    assert main(["bill", "--json", *words]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def _jobs(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, Any]]:
    return {each["job"] or each["path"]: each for each in _bill(capsys, *words)["jobs"]}


@pytest.mark.parametrize(
    ("name", "text", "per_month", "labels"),
    [
        # each night and on the 1st an hour more, at most 1 h × $3
        ("cwf.yaml", CRON_WORKFLOW, (NIGHTS + 1) * 3, {"team": "data"}),
        # each night, and on a 1st that is a Monday, one of seven, at most 2 h × $0.25
        ("index.dstack.yml", DSTACK, (NIGHTS + 1 / 7) * 2 * 0.25, {"team": "data"}),
        ("train.sbatch", SLURM, 4 * 3, {"account": "vision"}),
    ],
)
def test_a_file_says_how_often_and_whose(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, per_month: float, labels: Any
) -> None:
    (folder / name).write_text(text)
    (job,) = _bill(capsys)["jobs"]
    assert job["per_month"] == pytest.approx(per_month, abs=0.005)
    assert (job["labels"], job["at_most"]) == (labels, True)


def test_functions_of_modal_have_schedules_and_findings_of_their_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "app.py").write_text(MODAL)
    jobs = _jobs(capsys)
    # each night 2 h × $3; 730 h × $6; a third of a run a month, 1 h × $3
    assert [jobs[name]["per_month"] for name in ("nightly", "serve", "quarterly")] == [182.5, 4380, 1]
    # vllm serve takes one GPU of two: half of it
    (saved,) = [each for each in jobs["serve"]["savings"] if each["code"] == "GS105"]
    assert saved["alone_per_month"] == 2190
    assert jobs["nightly"]["savings"] == jobs["quarterly"]["savings"] == []


def test_findings_of_a_manifest_go_to_their_own_job(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pods = [
        ("first", "Qwen/Qwen2.5-72B-Instruct"),
        ("second", "Qwen/Qwen2.5-0.5B-Instruct"),
        ("third", "x/y"),
    ]
    (folder / "pods.yaml").write_text(
        "---\n".join(POD.replace("NAME", name).replace("MODEL", model) for name, model in pods)
    )
    jobs = _jobs(capsys)
    saved = {
        name: [each["code"] for each in job["savings"] if each["adds_per_month"]]
        for name, job in jobs.items()
    }
    # An RTX A5000 at $0.25 for an H100 at $3: it holds the small model alone
    assert saved == {"first": [], "second": ["GS101"], "third": []}
    assert jobs["second"]["savings"][0]["line"] == 20


def test_findings_of_a_compose_file_go_to_their_own_service(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "services:\n"
    for name, command, gpus in (
        ("both", "--model Qwen/Qwen2.5-14B-Instruct --tensor-parallel-size 2", "'0', '1'"),
        ("half", "--model Qwen/Qwen2.5-7B-Instruct", "'2', '3'"),
    ):
        text += f"  {name}:\n    image: vllm/vllm-openai:v0.8.0\n    command: {command}\n    deploy:\n"
        text += f"      resources: {{reservations: {{devices: [{{capabilities: [gpu], device_ids: [{gpus}]}}]}}}}\n"
    (folder / "compose.yaml").write_text(text)
    jobs = _jobs(capsys, "--assume-gpu", "RTX A5000")
    (saved,) = [each for each in jobs["half"]["savings"] if each["code"] == "GS105"]
    assert saved["alone_per_month"] == 730 * 0.25
    assert "GS105" not in [each["code"] for each in jobs["both"]["savings"]]


SERVER = {
    "name": "chat",
    "task": "serve",
    "gpu_types": ["H100 PCIe"],
    "model": {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096},
    "scaling": {"min": 1, "max": 3},
    "run": "python serve.py",
}


@pytest.mark.parametrize(("a_day", "machines"), [(900_000_000, 3), (10, 1)])
def test_machines_are_those_of_the_declared_load(
    folder: Path, capsys: pytest.CaptureFixture[str], a_day: int, machines: int
) -> None:
    traffic = {"requests_per_day": a_day, "input_tokens": 500, "output_tokens": 500}
    (folder / "gpu.jsonc").write_text(json.dumps({**SERVER, "traffic": traffic}))
    (job,) = _bill(capsys)["jobs"]
    # More than any number of them can do, and next to nothing: the most and the least that its file allows
    assert (job["per_month"], job["gpu_hours_per_month"]) == (machines * 2190, machines * 730)
    assert "for the declared load" in job["use"]


def test_dollars_of_a_budget_are_a_limit_of_hours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = {
        "name": "embed",
        "task": "batch",
        "gpu_types": ["RTX A5000"],
        "gpu_count": 2,
        "run": "python embed.py",
    }
    (folder / "gpu.jsonc").write_text(json.dumps({**job, "budget": {"max_total": 10}}))
    (found,) = _bill(capsys)["jobs"]
    # $10 at $0.50 an hour
    assert (found["hours_per_run"], found["per_run"], found["at_most"]) == (20, 10, True)
    assert "budget.max_total" in found["use"]


def test_budgets_of_nested_folders_hold_for_what_is_below_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = (folder / "gpuspec.toml").read_text()
    for name in ("search", "data"):
        (folder / name).mkdir()
        (folder / name / "gpu.jsonc").write_text(json.dumps(SERVER | {"name": name}))
    (folder / "gpuspec.toml").write_text(root + "[budget]\nmonthly = 5000\n")
    (folder / "search" / "gpuspec.toml").write_text('extend = "../gpuspec.toml"\n[budget]\nmonthly = 2000\n')
    lines = {each["monthly"]: each for each in _bill(capsys, status=1)["budgets"]}
    # two servers at 730 h × $3 of 5,000; one of 2,000
    assert (lines[5000]["per_month"], lines[5000]["reached"]) == (4380, 0.7)
    assert (lines[2000]["per_month"], lines[2000]["reached"]) == (2190, 1.0)


def test_a_file_that_extends_another_adds_to_its_usage(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "search" / "deep").mkdir(parents=True)
    for path in ("search/a.gpu.jsonc", "search/deep/b.gpu.jsonc"):
        (folder / path).write_text(json.dumps(SERVER))
    usage = (
        '[per-file-usage]\n"search/*.jsonc" = {hours_per_month = 100}\n"search/**" = {hours_per_month = 50}\n'
    )
    labels = '[per-file-labels]\n"search/**" = {team = "search", unit = "eu"}\n'
    (folder / "gpuspec.toml").write_text((folder / "gpuspec.toml").read_text() + usage + labels)
    nearer = 'extend = "../gpuspec.toml"\n[per-file-usage]\n"a.gpu.jsonc" = {hours_per_month = 10}\n'
    (folder / "search" / "gpuspec.toml").write_text(nearer + '[per-file-labels]\n"**" = {team = "deep"}\n')
    found = {each["path"]: each for each in _bill(capsys)["jobs"]}
    assert found["search/a.gpu.jsonc"]["per_month"] == 30  # 10 h × $3: its own file first
    assert found["search/deep/b.gpu.jsonc"]["per_month"] == 150  # what it leaves out is the root's
    assert found["search/deep/b.gpu.jsonc"]["labels"] == {"team": "deep", "unit": "eu"}


def test_usage_of_the_settings_is_that_of_lints_dollars(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gpu.jsonc").write_text(json.dumps(SERVER))
    settings = (folder / "gpuspec.toml").read_text()
    (folder / "gpuspec.toml").write_text(
        settings + '[per-file-usage]\n"gpu.jsonc" = {hours_per_month = 100}\n'
    )
    main(["lint", "--format", "json", "gpu.jsonc"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (saving,) = [each["saving"] for each in findings if each["code"] == "GS101"]
    # $3 - $0.25 an hour, for 100 h
    assert (saving["per_hour"], saving["per_month"]) == (2.75, 275)


def test_a_workflow_of_github_is_no_job(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gpu.jsonc").write_text(json.dumps(SERVER))
    workflow = folder / ".github" / "workflows" / "night.yml"
    workflow.parent.mkdir(parents=True)
    steps = "jobs: {gpu: {runs-on: [self-hosted, gpu], steps: [{run: python train.py}]}}\n"
    workflow.write_text('on: {schedule: [{cron: "0 2 * * *"}]}\n' + steps)
    (folder / "night.yml").write_text(workflow.read_text())
    assert [each["path"] for each in _bill(capsys)["jobs"]] == ["gpu.jsonc"]


def test_a_slice_of_a_gpu_is_not_billed_as_a_whole_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = POD.replace("NAME", "llm").replace("MODEL", "Qwen/Qwen2.5-0.5B")
    (folder / "pod.yaml").write_text(text.replace("nvidia.com/gpu: 1", "nvidia.com/mig-1g.10gb: 1"))
    job = _jobs(capsys)["llm"]
    assert job["per_month"] is None
    assert "slice of a GPU" in job["unknown"]
    assert not job["gpu_hours_per_month"]


def test_gpu_hours_of_one_machine_count_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "services:\n"
    for name, count in (("chat", 2), ("embed", 1)):
        text += f"  {name}:\n    image: vllm/vllm-openai:v0.8.0\n    deploy:\n"
        text += f"      resources: {{reservations: {{devices: [{{capabilities: [gpu], count: {count}}}]}}}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    found = _bill(capsys)
    # docker gives both the first GPU: 2 × 730 h, and no dollars
    assert (found["gpu_hours_per_month"], found["unknown_jobs"]) == (1460, 2)
