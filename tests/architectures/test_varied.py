"""Configs drawn at random, read to the number of parameters that transformers 5.24 counts of them on the meta device.

`varied.jsonl` is from `benchmarks/architectures.py --varied` (November 2026). Each config says only what differs from
the defaults of its class: sizes, flags, layers of other kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.architectures.read import read_architecture

LINES = (Path(__file__).parent / "varied.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_parameters_of_a_variation(case: dict[str, Any]) -> None:
    assert read_architecture(case["config"]).parameters == case["parameters"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_numbers_written_as_floats_are_the_same_model(case: dict[str, Any]) -> None:
    def floats(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: floats(each) for key, each in value.items()}
        return float(value) if type(value) is int else value

    assert read_architecture(floats(case["config"])).parameters == case["parameters"]
