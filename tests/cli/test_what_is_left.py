"""What a plan says where its one machine is not the whole bill, and what is said where nothing can be rented."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

PRICES = """\
Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
runpod,US,1x_L4,L4,1,8,64,0.50,
lambda,us-east-1,gpu_1x_a10,A10,1,30,200,1.25,
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("prices.csv").write_text(PRICES)
    return tmp_path


def said(
    capsys: pytest.CaptureFixture[str], command: str, *, prices: str = "prices.csv", **fields: Any
) -> str:
    job = {
        "task": "serve",
        "gpu_types": ["L4", "A10"],
        "keep_alive_minutes": 30,
        "run": "python serve.py",
        **fields,
    }
    Path("gpu.jsonc").write_text(json.dumps(job))
    main([*command.split(), "gpu.jsonc", "--prices", prices])
    out, err = capsys.readouterr()
    return " ".join((out + err).split())


def test_a_service_of_several_replicas_is_told_what_all_of_them_cost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two of the cheapest are 2 × $0.50; six of the dearest 6 × $1.25."""
    note = "`scaling`: 2 to 6 replicas cost $1.00 to $7.50/h; the cost and the worst case below are one machine's"
    assert note in said(capsys, "plan", scaling={"min": 2, "max": 6})
    assert "`scaling`: 3 replicas cost $1.50/h;" in said(
        capsys, "plan", scaling={"min": 3}, gpu_types=["L4"], clouds=["runpod"]
    )
    assert "replicas cost" not in said(capsys, "plan", scaling={"min": 0, "max": 1})
    assert "replicas cost" not in said(capsys, "plan")


def test_nothing_is_launched_by_prices_that_are_for_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    told = "seed-2025 is for comparison only: nothing can be rented from it"
    assert f"note {told}" in said(capsys, "plan", prices="seed-2025", gpu_types=["RTX 4090"])
    for command in ("export", "run --dry-run --on skypilot"):
        out = said(capsys, command, prices="seed-2025", gpu_types=["RTX 4090"])
        assert f"error[not-rentable]: {told}" in out
        assert "infra:" not in out


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"clouds": ["runpod"]}, True),
        ({"clouds": ["runpod"], "spot": "only"}, False),
        ({"clouds": ["runpod"], "regions": ["SE"]}, False),
        ({"clouds": ["ibm"]}, False),  # of which nothing is known here
    ],
)
def test_what_cannot_be_rented_is_not_called_the_only_choice(
    capsys: pytest.CaptureFixture[str], limits: dict[str, Any], found: bool
) -> None:
    Path("prices.csv").write_text(PRICES + "nebius,eu-north1,l4,L4,1,8,64,0.60,\n")
    out = said(capsys, "lint --pedantic --select single-choice", gpu_types=["L4"], **limits)
    assert ("is the only choice: when it is sold out the job waits" in out) is found


def test_size_says_which_price_is_that_of_a_spot_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("prices.csv").write_text(PRICES.replace("64,0.50,", "64,0.50,0.20"))
    model = {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096}
    out = said(capsys, "size", model=model, spot="allowed")
    assert re.search(r"1 × L4 .*? runpod spot 0\.20 ", out)
    assert "cheapest 1 × L4, $0.20/h spot" in out  # of a longer context
    assert re.search(r"1 × L4 .*? runpod 0\.50 ", said(capsys, "size", model=model))
    monkeypatch.setenv("COLUMNS", "40")
    narrow = said(capsys, "size", model=model, spot="allowed")
    assert "machine $/h" in narrow  # there is no room for the clouds
    assert "1 × L4 spot 0.20 " in narrow


def test_a_job_and_settings_that_share_no_cloud_are_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gpuspec.toml").write_text('clouds = ["lambda"]\n')
    told = "the job allows runpod, the settings lambda: no cloud is in both (--cloud goes before both)"
    assert told in said(capsys, "plan", clouds=["runpod"])
    assert "no cloud is in both" not in said(capsys, "plan", clouds=["runpod", "lambda"])
    assert "take 1 × L4 at $0.50/h" in said(capsys, "plan --cloud runpod", clouds=["lambda"])


def test_requests_that_are_longer_than_a_sequence_are_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    def noted(read: int, written: int) -> str:
        model = {"id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096}
        traffic = {"requests_per_day": 10, "input_tokens": read, "output_tokens": written}
        return said(capsys, "plan", model=model, traffic=traffic)

    assert "tokens of a sequence" not in noted(3000, 1096)
    told = "`traffic`: 3,000 read and 1,097 written are more than the 4,096 tokens of a sequence: answers are cut off"
    assert told in noted(3000, 1097)
    assert "the 4,096 tokens of a sequence: prompts are refused" in noted(4096, 1)
