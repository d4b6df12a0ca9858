"""Configs are written by strangers: whatever stands in a field, reading ends in a structure or in a reason, soon."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.defaults import defaults_of
from gpuspec.architectures.families import FAMILIES
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.read import read_architecture

NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 2, 7, 64, 2_000, 2_001, 10**9, 10**30, -(10**30), 0.5, 1e308, True, False]),
    st.floats(),
    st.integers(-10, 10_000),
)
TEXTS = st.one_of(
    st.sampled_from(["", "auto", "none", "sparse", "sliding_attention", "linear_attention", "LLLG", "M-M*E"]),
    st.text(max_size=20),
)
REPEATED = st.tuples(st.one_of(NUMBERS, TEXTS), st.sampled_from([4, 32, 3_000])).map(
    lambda pair: [pair[0]] * pair[1]
)
VALUES = st.recursive(
    st.one_of(st.none(), NUMBERS, TEXTS, REPEATED),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(
            st.one_of(st.sampled_from(["model_type", "hidden_size", "rope_type"]), TEXTS), inner, max_size=4
        ),
    ),
    max_leaves=8,
)
TYPES = [*sorted(FAMILIES), "an architecture of tomorrow"]
GRAMMAR = """
    num_hidden_layers hidden_size num_attention_heads num_key_value_heads head_dim intermediate_size
    vocab_size layer_types sliding_window num_experts num_experts_per_tok moe_intermediate_size
    moe_layer_freq kv_lora_rank first_k_dense_replace rope_scaling rope_parameters text_config vision_config
    audio_config layers_block_type hybrid_override_pattern linear_attn_config num_nextn_predict_layers
    block_configs model_max_length mlp_only_layers
""".split()  # noqa: SIM905 (words read better than quoted ones)
SMALL = {
    "num_hidden_layers": 4,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
}


def ends_well(config: dict[str, Any]) -> None:
    """A structure of whole numbers, or Unsaid with words, within a second of a processor."""
    start, reason = time.process_time(), "nothing"
    try:
        found = read_architecture(config)
    except Unsaid as error:
        reason = str(error)
    else:
        assert isinstance(found, Architecture)
        assert type(found.parameters) is int
        assert found.parameters > 0
        assert all(type(each) is int for cache in found.caches for each in cache[1:])
        assert all(each >= 0 for cache in found.caches for each in cache[1:])
    assert 0 < len(reason) < 500
    assert time.process_time() - start < 1


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_in_any_field(data: st.DataObject) -> None:
    """A few fields of a known or unknown architecture, garbled."""
    model_type = data.draw(st.sampled_from(TYPES))
    names = sorted({*GRAMMAR, *defaults_of(model_type)})
    garbled = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=4))
    base = SMALL if data.draw(st.booleans()) else {}
    ends_well({"model_type": model_type, **base, **garbled})


@settings(max_examples=50, deadline=None)
@given(
    config=st.dictionaries(st.one_of(st.sampled_from([*GRAMMAR, "model_type"]), TEXTS), VALUES, max_size=8)
)
def test_any_object(config: dict[str, Any]) -> None:
    """Not even an architecture."""
    ends_well(config)


@pytest.mark.parametrize(
    "model_type", ["llama", "qwen3_moe", "deepseek_v3", "nemotron_h", "step3p5", "of tomorrow"]
)
@pytest.mark.parametrize(
    "garbled",
    [
        {"num_hidden_layers": 10**30},
        {"num_hidden_layers": 2_000, "layer_types": ["sliding_attention"] * 1_000_000},
        {"hidden_size": float("nan")},
        {"hidden_size": float("inf"), "vocab_size": -1},
        {"num_experts": [[[1]]], "moe_layer_freq": [None] * 1_000_000},
        {"num_nextn_predict_layers": 10**8},
        {"moe_layers_enum": "9," * 1_000_000},
        {"hybrid_override_pattern": "M" * 1_000_000, "layers_block_type": ["mamba"] * 1_000_000},
        {"rope_parameters": {str(each): {"factor": 10**30} for each in range(100_000)}},
    ],
    ids=lambda garbled: next(iter(garbled)) + "-" + str(len(str(garbled))),
)
def test_sizes_that_nobody_has(model_type: str, garbled: dict[str, Any]) -> None:
    """Lists of a million, a number of thirty digits, what JSON calls NaN."""
    ends_well({"model_type": model_type, **SMALL, **garbled})


@pytest.mark.parametrize("name", ["text_config", "thinker_config", "vision_config"])
@pytest.mark.parametrize("model_type", ["", "llava", "of tomorrow"])
def test_configs_within_configs(name: str, model_type: str) -> None:
    """As deep as JSON may be written."""
    text = "{}"
    for _ in range(300):
        text = f'{{"model_type": "{model_type}", "hidden_size": 8, "{name}": {text}}}'
    ends_well(json.loads(text))
