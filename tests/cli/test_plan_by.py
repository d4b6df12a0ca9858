"""`--by`: `plan` shows what it ranks by, and `export` and `run` take the machine that was shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.catalog import Gpu
from gpuspec.cli.main import main
from gpuspec.report.width import width
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.rates import Range, WorkRate
from gpuspec.workload import Workload

PRICES = """\
Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
runpod,US,1x_L4,L4,1,8,64,0.71,0.44
lambda,us-east-1,gpu_1x_a100_pcie_with_a_long_name,A100-80GB,1,14,100,1.69,
"""
RATES = {"L4": 400.0, "A100 80GB": 2000.0}
"""Tokens a second, by hand: an A100 does 5 times the work, of which 5^0.67 = 2.9 are sure, for 2.4 of the price."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def rate(_: Workload, gpu: Gpu, gpus: int = 1, request: object = None) -> WorkRate | Unsized:
        known = RATES.get(gpu.name)
        if known is None:
            return Unsized("no figures")
        return WorkRate("tokens written", Range(known / 2, known, known * 2), "by hand")

    monkeypatch.setattr("gpuspec.sizing.speed.work.work_rate", rate)
    monkeypatch.chdir(tmp_path)
    Path("prices.csv").write_text(PRICES)
    return tmp_path


def spec(**fields: Any) -> str:
    job = {
        "name": "write",
        "task": "batch",
        "model": {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096, "engine": "vllm"},
        "gpu_types": ["L4", "A100 80GB"],
        "budget": {"max_hours": 2},
        "keep_alive_minutes": 3,
        "outputs": ["results/"],
        "run": "python work.py",
        **fields,
    }
    Path("gpu.jsonc").write_text(json.dumps(job))
    return "gpu.jsonc"


def said(capsys: pytest.CaptureFixture[str], command: str, *options: str) -> str:
    assert main([*command.split(), *options, "--prices", "prices.csv"]) == 0
    out, err = capsys.readouterr()
    return out + err


def test_a_batch_job_is_ranked_by_the_job_and_the_dearer_hour_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = said(capsys, f"plan {spec()}")
    rows = [line.split() for line in out.splitlines() if line[:2] in ("1 ", "2 ")]
    # 2,000 a second are 7.2 million an hour: $1.69 ÷ 7.2 = $0.23; 400: $0.71 ÷ 1.44 = $0.49
    assert [(row[3], row[-3:]) for row in rows] == [
        ("A100", ["1.69", "0.23", "–"]),
        ("L4", ["0.71", "0.49", "0.44"]),
    ]
    assert "why $0.23 per million tokens" in " ".join(out.split())
    assert "cheapest an hour (--by hour): L4 at $0.71, is $0.49" in " ".join(out.split())
    hourly = said(capsys, "plan gpu.jsonc --by hour")
    assert "take  1 × L4 at $0.71/h" in hourly
    assert "why" not in hourly
    assert "×    –" not in hourly


def test_a_server_is_ranked_by_the_hour_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    path = spec(task="serve")
    assert "take  1 × L4 at $0.71/h" in said(capsys, f"plan {path}")
    busy = said(capsys, f"plan {path} --by token")
    assert "$/M tok" in busy
    assert "take  1 × A100 80GB at $1.69/h" in busy
    assert "per million tokens written, always busy with 64 at once" in " ".join(busy.split())
    asked = said(capsys, f"plan {path} --by job")
    assert "why   by the hour, not by the job: it has no end of its own" in asked


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_table_is_as_wide_as_the_page(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for by, heading in (("token", "$/M tok"), ("job", "$/M tok"), ("hour", "$/h")):
        out = said(capsys, f"plan {spec()} --by {by}")
        assert all(width(line) <= columns for line in out.splitlines())
        head = next(line for line in out.splitlines() if "GPU" in line and "$/h" in line).split()
        assert heading.split()[0] in head
        assert ("instance" in head) == (columns > 40)
        assert ("gpu_1x_a100_pcie_with…" in out) == (columns >= 80)


def test_a_plan_for_programs_says_what_it_ranks_by(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, f"plan {spec()} --json"))
    assert found["by"] == "job"
    assert found["unit"] == "million tokens"
    assert found["why"].startswith("$0.23 per million tokens")
    costs = [candidate["unit_cost"] for candidate in found["candidates"]]
    assert costs == pytest.approx([1.69 / 7.2, 0.71 / 1.44])
    hourly = json.loads(said(capsys, "plan gpu.jsonc --by hour --json"))
    assert (hourly["by"], hourly["why"]) == ("hour", None)
    assert [(each["price"], each["unit_cost"]) for each in hourly["candidates"]] == [
        (0.71, 0.71),
        (1.69, 1.69),
    ]


@pytest.mark.parametrize("command", ["export gpu.jsonc", "run gpu.jsonc --dry-run"])
def test_what_is_launched_is_what_the_plan_showed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    spec()
    a100, l4 = '- infra: lambda accelerators: "A100-80GB:1"', '- infra: runpod accelerators: "L4:1"'
    assert f"ordered: {a100} {l4}" in " ".join(said(capsys, command).split())
    assert f"any_of: {l4} {a100}" in " ".join(said(capsys, f"{command} --by hour").split())


def test_what_it_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", spec(), "--by", "month"]) == 2
    assert "'month' is not one of 'hour', 'job', 'token'" in capsys.readouterr().err
