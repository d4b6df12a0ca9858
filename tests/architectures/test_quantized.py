"""Quantized repositories, read to the number of elements that the hub counts in their files.

`quantized.jsonl` holds what counts of each config, and `elements`: the hub's count of the stored tensors (Hugging
Face API, September 2026, as kept by llmfit 1.1.17). Two 4-bit floats lie in one stored byte; the hub unpacks those
of gpt-oss, DeepSeek V4 and Kimi K3, as well as GPTQ's, AWQ's and MLX's, and bitsandbytes' with their scales.
`scales`: whether it counted those of blocks. `drafts`: whether MTP layers were uploaded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gpuspec.architectures.parts import StoredWeights
from gpuspec.architectures.precision import read_precision
from gpuspec.architectures.read import read_architecture
from gpuspec.architectures.stored import stored_weights

LINES = (Path(__file__).parent / "quantized.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]
PACKED = {"nvfp4": (1 / 2, 1 / 16), "mxfp4": (1 / 2, 1 / 32), "fp8": (1, 1 / 128**2)}
"""Scheme → (stored elements of a weight, of its scales): formats' definitions, and blocks of 128 × 128 of FP8."""
UNPACKED = {"mxfp4": (1, 1 / 32), "nf4-dq": (1, 2 / 64 + 1 / 64 / 256), "nf4": (1, 1 / 64)}
"""The same where the hub unpacks; it takes the 8-bit scales of NF4 for packed weights, too."""


def written_out(value: Any) -> Any:
    """A config whose lists of modules are written once for all layers: {"model.layers.{}.mlp": "0-3 7"}."""
    if not isinstance(value, dict):
        return value
    if value and all(
        isinstance(numbers, str) and re.fullmatch(r"[\d -]*", numbers) for numbers in value.values()
    ):
        return [name.replace("{}", number) for name, numbers in value.items() for number in _numbers(numbers)]
    if "quantized_layers" in value:
        layers = value["quantized_layers"]
        each = {
            name: {"quant_algo": algorithm}
            for algorithm, names in layers.items()
            for name in written_out(names)
        }
        value = {**value, "quantized_layers": each}
    return {key: inner if key == "quantized_layers" else written_out(inner) for key, inner in value.items()}


def _numbers(ranges: str) -> list[str]:
    found = []
    for part in ranges.split():
        first, _, last = part.partition("-")
        found += [str(number) for number in range(int(first), int(last or first) + 1)]
    return found or [""]


def elements(row: StoredWeights, case: dict[str, Any]) -> float:
    """What the hub counts of one row."""
    packing = UNPACKED if case.get("unpacked") and row.scheme in UNPACKED else PACKED
    weight, scale = packing.get(row.scheme, (1, 0))
    return row.parameters * (weight + (scale if case.get("scales") else 0))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_stored_elements(case: dict[str, Any]) -> None:
    config, beside = written_out(case["config"]), written_out(case.get("hf_quant_config"))
    precision = read_precision(config, beside)
    weights = stored_weights(read_architecture(config), precision)
    counted = [row for row in weights if case.get("drafts") or row.part != "draft"]
    found = sum(elements(row, case) for row in counted)
    assert found == pytest.approx(case["elements"], rel=1e-4)
    assert precision.unread == ""


def test_there_are_enough() -> None:
    assert len(CASES) >= 25
    assert [case["name"] for case in CASES] == sorted({case["name"] for case in CASES})
