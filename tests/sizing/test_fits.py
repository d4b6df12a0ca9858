"""Commands of which somebody says that they ran, or ran out of memory, are told apart."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = os.path.dirname(__file__)
ROWS = Path(HERE) / "data" / "fits.jsonl"


@pytest.fixture(scope="module")
def fits() -> Iterator[Any]:
    folder = os.path.join(HERE, "..", "..", "benchmarks")
    sys.path.insert(0, folder)
    yield importlib.import_module("fits")
    sys.path.remove(folder)


def test_what_ran_is_not_refused(fits: Any) -> None:
    found = [fits.verdict(attempt) for attempt in fits.attempts(ROWS)]
    assert len(found) == 14
    assert fits.summary(found)["refused"] == 0


RECIPE = {
    "model": "org/big",
    "parameters": "300B",
    "hardware": {"h200": "verified", "h100": "verified", "mi300x": "verified", "trillium": "verified"},
    "variants": [{"id": "org/big", "precision": "bf16", "vram_minimum_gb": 700}],
    "commands": [
        "vllm serve org/big --tensor-parallel-size 8",
        "VLLM_ROCM_USE_AITER=1 vllm serve org/big --tensor-parallel-size 8",
        "vllm serve org/big-FP8 --tensor-parallel-size 2",
        "vllm serve org/big --tensor-parallel-size 8 --nnodes 2",
        "docker pull vllm/vllm-openai",
    ],
}


def test_recipes_stand_for_the_hardware_that_they_are_for(fits: Any, tmp_path: Path) -> None:
    """700 GB are more than eight H100 have, 300 GB more than two H200 (282 GB), and ROCm runs on AMD alone."""
    path = tmp_path / "recipes.jsonl"
    path.write_text(json.dumps(RECIPE))
    found = [attempt.id for attempt in fits.attempts(path)]
    assert found == [
        "org/big #0 on 8 × H200 SXM",
        "org/big #0 on 8 × MI300X",
        "org/big #1 on 8 × MI300X",
        "org/big #2 on 2 × MI300X",
    ]


def test_cases_say_what_must_be_said(fits: Any, tmp_path: Path) -> None:
    (tmp_path / "expected.json").write_text(
        json.dumps({"01": {"want": ["GS102"]}, "02": {"never": ["GS602"]}, "03": {"want": ["GS403"]}})
    )
    for name in ("01-a.jsonc", "02-b.jsonc", "03-c.jsonc"):
        (tmp_path / name).write_text('{"run": "x"}')
    assert [(attempt.id, attempt.ran) for attempt in fits.attempts(tmp_path)] == [
        ("01-a.jsonc", False),
        ("02-b.jsonc", True),
    ]


@pytest.mark.parametrize(
    ("command", "gpu", "ran", "right"),
    [
        ("vllm serve Qwen/Qwen2.5-72B-Instruct --max-model-len 4096", "L4", False, True),
        ("vllm serve Qwen/Qwen2.5-72B-Instruct --max-model-len 4096", "L4", True, False),
        ("vllm serve Qwen/Qwen2.5-0.5B-Instruct --max-model-len 4096", "L4", False, False),
        ("vllm serve Qwen/Qwen2.5-0.5B-Instruct --max-model-len 4096", "L4", True, True),
    ],
)
def test_a_verdict_is_right_where_it_foretells(
    fits: Any, command: str, gpu: str, ran: bool, right: bool
) -> None:
    """144 GB of weights are in no L4 of 24 GB; 1 GB is."""
    job = json.dumps({"name": "f", "task": "serve", "gpu_types": [gpu], "run": command})
    assert fits.verdict(fits.Attempt("f", job, ran)).right is right


def test_json_has_a_line_for_every_attempt(fits: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fits.main(["--rows", str(ROWS), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {row["id"] for row in found["rows"]} == {
        json.loads(line)["id"] for line in ROWS.read_text(encoding="utf-8").splitlines()
    }
    assert {"ran_out", "foretold", "ran", "refused"} <= set(found)
