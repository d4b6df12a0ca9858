"""Models whose uploads say how many elements they hold: the layers of drafts (MTP) are in them.

`stored.jsonl`: extracts of configs of the hub (August 2026) and the elements that the hub counts in the safetensors
of unpacked uploads (September 2026). Those count the correction of a router for each expert, and DeepSeek-V4's table
of experts by token, which are no parameters of transformers: hence a difference of 10^-5."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.read import read_architecture

LINES = (Path(__file__).parent / "stored.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


def elements(found: Architecture) -> int:
    """Of the model and of its drafts."""
    return found.parameters + sum(weight.elements for layer in found.drafts for weight in layer.weights)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_checkpoints_hold_the_drafts_too(case: dict[str, Any]) -> None:
    found = read_architecture(case["config"])
    assert not found.derived
    assert elements(found) == pytest.approx(case["stored"], rel=1e-5)


def test_drafts_are_not_counted_among_the_parameters() -> None:
    """zai-org/GLM-5.1: 744 billion (its card), 753.9 billion elements in the upload, one MTP layer."""
    config = next(case["config"] for case in CASES if case["name"] == "zai-org/GLM-5.1")
    found = read_architecture(config)
    assert len(found.drafts) == 1
    assert round(found.parameters / 1e9) == 744


def test_deepseek_v3_stores_embedding_and_head_in_its_draft_once_more() -> None:
    """DeepSeek-V3's README: 671 billion, and 11.5 billion of MTP beside a shared embedding and head of 0.9 each; the
    hub counts 684.49 billion in deepseek-ai/DeepSeek-R1."""
    config = {"model_type": "deepseek_v3", "num_nextn_predict_layers": 1, "max_position_embeddings": 163840}
    found = read_architecture(config)
    assert round(found.parameters / 1e9) == 671
    assert elements(found) == pytest.approx(684_489_845_504, rel=1e-5)
    again = [weight for weight in found.drafts[0].weights if weight.part in ("embedding", "head")]
    assert [weight.elements for weight in again] == [129280 * 7168] * 2
