"""Model facts: internally consistent, and equal to published sizes."""

from __future__ import annotations

import json
import os

import pytest

from gpuspec.catalog import Catalog, Model
from gpuspec.catalog.model_names import ModelNames
from gpuspec.catalog.shipped import DATA, read_model_lines

CATALOG = Catalog()


def test_the_index_reads_the_same_names_as_json() -> None:
    with open(os.path.join(DATA, "models.jsonl"), encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    names = {name.lower() for row in rows for name in (row["id"], *row["aliases"])}
    assert set(ModelNames(read_model_lines()).names) == names
    assert [model.id for model in CATALOG.models] == [row["id"] for row in rows]


def test_no_name_belongs_to_two_models() -> None:
    owner: dict[str, str] = {}
    for model in CATALOG.models:
        for name in (model.id, *model.aliases):
            assert owner.setdefault(name.lower(), model.id) == model.id


OTHER_KINDS = ("latent", "state", "experts", "vision", "audio")


def _dense(model: Model) -> bool:
    known = (
        model.layers,
        model.hidden,
        model.intermediate,
        model.heads,
        model.kv_heads,
        model.head_dim,
        model.vocab,
    )
    alike = len({(cache.heads, cache.width) for cache in model.caches}) == 1
    kinds = {cache.kind for cache in model.caches} | {row.part for row in model.weights}
    plain = alike and model.modality == "text" and kinds.isdisjoint(OTHER_KINDS)
    return plain and None not in known and model.params_b is not None and model.tied_embeddings is not None


GATED_MLP = [model for model in CATALOG.models if _dense(model) and model.task == "llm"]
TWO_MATRIX = ("GPT", "OPT", "BLOOM", "MPT", "Pythia", "StarCoder", "Falcon-", "Phi-1.5", "Phi-2", "StableLM")
"""Families whose MLP is two matrices (gelu), not three (gated)."""


def parameters(model: Model) -> float:
    """Parameters of a decoder by hand, in billions: attention, MLP, embeddings; norms and biases are under 1 %."""
    m = {key: value or 0 for key, value in model._asdict().items()}
    attention = m["hidden"] * m["head_dim"] * (2 * m["heads"] + 2 * m["kv_heads"])
    matrices = 2 if model.id.startswith(TWO_MATRIX) else 3
    embeddings = m["vocab"] * m["hidden"] * (1 if m["tied_embeddings"] else 2)
    layer = attention + matrices * m["hidden"] * m["intermediate"]
    return float((m["layers"] * layer + embeddings) / 1e9)


def test_stated_size_follows_from_the_shape() -> None:
    assert len(GATED_MLP) > 100
    by_hand = {model.id: parameters(model) for model in GATED_MLP}
    stated = {model.id: model.params_b for model in GATED_MLP}
    assert stated == pytest.approx(by_hand, rel=0.025)


def test_sizes_and_experts_make_sense() -> None:
    assert len(CATALOG.models) >= 300
    for model in CATALOG.models:
        assert model.params_b is None or 0 < model.params_b < 5000
        if model.active_params_b is not None and model.params_b is not None:
            assert model.active_params_b <= model.params_b
        if model.heads and model.kv_heads:
            assert model.heads % model.kv_heads == 0


@pytest.mark.parametrize(
    ("name", "quantized"),
    # Their config.json: mxfp4 experts, FP8 blocks, none.
    [("gpt-oss-20b", True), ("DeepSeek-V3", True), ("Llama-3.1-8B", False), ("FLUX.1-dev", False)],
)
def test_what_publishers_keep_in_fewer_bits(name: str, quantized: bool) -> None:
    model = CATALOG.resolve_model(name).model
    assert model is not None
    assert model.quantized is quantized


def test_a_model_counted_by_part_keeps_its_weights_under_its_hub_name() -> None:
    """The hub counts 873,438,784 elements of Qwen/Qwen3.5-0.8B (September 2026), its layer that drafts included."""
    model = CATALOG.resolve_model("Qwen/Qwen3.5-0.8B").model
    assert model is not None
    assert sum(row.parameters for row in model.weights) == pytest.approx(873_438_784, rel=1e-3)
