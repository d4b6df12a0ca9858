"""The longest text: the lengths that vLLM 0.33.0 takes for these configs, by hand from its source."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.context import default_context, longest_context


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"max_position_embeddings": 40960}, 40960),
        ({"n_positions": 1024}, 1024),
        ({"max_seq_len": 2048}, 2048),
        ({"seq_length": 32768}, 32768),
        # The smallest of several; but model_max_length counts before all (Command R: 8,192 and 131,072)
        ({"max_position_embeddings": 32768, "seq_length": 8192}, 8192),
        ({"max_position_embeddings": 8192, "model_max_length": 131072}, 131072),
        # Linear and dynamic scaling multiply
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4.0}}, 16384),
        ({"max_position_embeddings": 4096, "rope_scaling": {"rope_type": "dynamic", "factor": 2}}, 8192),
        # Llama 3.1, YaRN and LongRoPE state the scaled length
        ({"max_position_embeddings": 131072, "rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, 131072),
        (
            {
                "max_position_embeddings": 163840,
                "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096},
            },
            163840,
        ),
        (
            {
                "max_position_embeddings": 131072,
                "original_max_position_embeddings": 4096,
                "rope_scaling": {"type": "longrope", "short_factor": [1.0], "long_factor": [4.0]},
            },
            131072,
        ),
        # Once for each kind of layer
        (
            {
                "max_position_embeddings": 8192,
                "rope_parameters": {
                    "full_attention": {"rope_type": "linear", "factor": 8.0},
                    "sliding_attention": {"rope_type": "default"},
                },
            },
            65536,
        ),
        # Gemma 3 states 131,072, though its full layers are scaled
        (
            {
                "model_type": "gemma3_text",
                "max_position_embeddings": 131072,
                "rope_scaling": {"rope_type": "linear", "factor": 8.0},
            },
            131072,
        ),
        # A window shortens nothing, and a factor of null is none
        ({"max_position_embeddings": 32768, "sliding_window": 4096}, 32768),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": None}}, 4096),
        # What is no length is not said
        ({"max_position_embeddings": "long", "rope_scaling": [4]}, None),
        ({"max_position_embeddings": 10**30}, None),
        ({}, None),
    ],
)
def test_longest_context(fields: dict[str, Any], tokens: int | None) -> None:
    assert longest_context(ModelConfig(fields)) == tokens


def test_what_a_config_says_counts_before_its_class() -> None:
    class_says = {"max_position_embeddings": 1024}
    assert longest_context(ModelConfig({"n_positions": 2048}, class_says)) == 2048
    assert longest_context(ModelConfig({}, class_says)) == 1024


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        # config.json of microsoft/Phi-3-mini-128k-instruct, when it was published and now
        ({"rope_scaling": {"type": "su"}, "original_max_position_embeddings": 4096}, 4096),
        ({"rope_scaling": {"type": "longrope"}, "original_max_position_embeddings": 4096}, 4096),
        ({"rope_parameters": {"rope_type": "longrope"}, "original_max_position_embeddings": 4096}, 4096),
        ({"rope_scaling": {"type": "yarn"}, "original_max_position_embeddings": 4096}, None),
        ({"rope_scaling": {"type": "longrope"}}, None),
        ({"rope_scaling": {"type": "longrope"}, "original_max_position_embeddings": "x"}, None),
        ({"rope_scaling": {"type": "longrope"}, "original_max_position_embeddings": 262144}, None),
        ({"original_max_position_embeddings": 4096}, None),
    ],
)
def test_with_longrope_vllm_serves_the_length_before_it(fields: dict[str, Any], tokens: int | None) -> None:
    assert default_context(ModelConfig({"max_position_embeddings": 131072, **fields})) == tokens
