"""Configs of many architectures, read to the number of parameters that transformers counts.

`counts.jsonl` holds what counts of each config and the parameters of transformers' model on the meta device:
defaults, varied sizes and flags, and configs of the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.architectures.read import read_architecture

LINES = (Path(__file__).parent / "counts.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_parameters(case: dict[str, Any]) -> None:
    assert read_architecture(case["config"]).parameters == case["parameters"], case["source"]


def test_cases_are_sorted() -> None:
    names = [case["name"] for case in CASES]
    assert names == sorted(set(names))
