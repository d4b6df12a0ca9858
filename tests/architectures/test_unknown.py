"""Architectures that nobody taught gpuspec: what their fields say, never as a certainty; else a reason."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.read import read_architecture

SIZES: dict[str, Any] = {
    "model_type": "of_tomorrow",
    "num_hidden_layers": 4,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
}
ATTENTION = 64 * 64 * 2 + 64 * 32 * 2
MLP = 3 * 64 * 128
EDGES = 2 * 1000 * 64 + 64


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        ({}, 4 * (ATTENTION + MLP + 128) + EDGES),
        ({"tie_word_embeddings": True}, 4 * (ATTENTION + MLP + 128) + EDGES - 64_000),
        ({"attention_bias": True}, 4 * (ATTENTION + 64 + 2 * 32 + 64 + MLP + 128) + EDGES),
        ({"use_qk_norm": True}, 4 * (ATTENTION + 2 * 16 + MLP + 128) + EDGES),
        ({"hidden_act": "relu2"}, 4 * (ATTENTION + 2 * 64 * 128 + 128) + EDGES),
        (  # a dense layer, then eight experts of 32 columns, one that all tokens take, and a router
            {
                "n_routed_experts": 8,
                "num_experts_per_tok": 2,
                "n_shared_experts": 1,
                "moe_intermediate_size": 32,
                "first_k_dense_replace": 1,
            },
            4 * (ATTENTION + 128) + MLP + 3 * (9 * 3 * 64 * 32 + 64 * 8) + EDGES,
        ),
        (  # latent attention: queries 64 → 4 × 12, keys and values through 20, four rotated columns
            {"kv_lora_rank": 20, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8},
            4 * (64 * 48 + 64 * 24 + 20 + 20 * 4 * 16 + 32 * 64 + MLP + 128) + EDGES,
        ),
    ],
)
def test_what_fields_say(fields: dict[str, Any], parameters: int) -> None:
    """By hand. What is derived says so."""
    found = read_architecture({**SIZES, **fields})
    assert found.parameters == parameters
    assert "does not know the architecture 'of_tomorrow'" in found.derived


def test_windows_are_counted_where_a_field_says_which_layers_have_them() -> None:
    """Else more is kept than may be needed, and that is said."""
    kinds = ["sliding_attention", "full_attention"] * 2
    listed = read_architecture({**SIZES, "sliding_window": 8, "layer_types": kinds})
    assert [cache.window for cache in listed.caches] == [8, 0]
    unlisted = read_architecture({**SIZES, "sliding_window": 8})
    assert [cache.window for cache in unlisted.caches] == [0]
    assert "window that is not counted" in unlisted.derived


def test_an_encoder_remembers_nothing() -> None:
    """Of BERT's kind, by hand: biases everywhere, 512 positions, two segments; the head is the embedding."""
    fields = {
        "model_type": "encodes_tomorrow",
        "num_hidden_layers": 4,
        "hidden_size": 64,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "vocab_size": 1000,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
    }
    found = read_architecture(fields)
    layer = 4 * (64 * 64 + 64) + 2 * 64 * 128 + 128 + 64 + 4 * 64
    assert found.parameters == 4 * layer + (1000 + 512 + 2) * 64 + 2 * 64
    assert found.caches == ()
    assert "encoder" in found.derived


def test_a_known_text_model_inside_is_read_as_what_it_is() -> None:
    """With a doubt about what stands around it. Qwen3-0.6B has 596,049,920 parameters (transformers 5.24.0)."""
    text = {"model_type": "qwen3", "num_hidden_layers": 28, "hidden_size": 1024, "intermediate_size": 3072}
    text |= {
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "vocab_size": 151936,
        "tie_word_embeddings": True,
    }
    found = read_architecture(
        {"model_type": "sees_tomorrow", "text_config": text, "vision_config": {"depth": 2}}
    )
    assert found.parameters == 596_049_920
    assert "sees_tomorrow" in found.derived
    assert "vision" in found.derived


def test_kin_are_known_by_their_fields() -> None:
    """A hybrid under a new name, with Nemotron-H's fields: its states are read as that one's."""
    fields = {
        "hybrid_override_pattern": "M*-M",
        "mamba_num_heads": 4,
        "mamba_head_dim": 16,
        "ssm_state_size": 8,
        "n_groups": 1,
        "conv_kernel": 4,
    }
    found, known = (
        read_architecture({**SIZES, **fields, "model_type": name})
        for name in ("hybrid_of_tomorrow", "nemotron_h")
    )
    assert found.caches == known.caches
    assert found.parameters == known.parameters
    assert "nemotron_h" in found.derived
    assert known.derived == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"layer_types": ["linear_attention", "full_attention"] * 2}, "linear_attention"),
        ({"layer_types": ["conv"] * 4}, "conv"),
        ({"ssm_cfg": {"d_state": 16}}, "memory of unknown make"),
        ({"lru_width": 64}, "memory of unknown make"),
        ({"num_loops": 3}, "loops"),
        ({"total_ut_steps": 4}, "loops"),
        ({"moe_top_k": 2, "moe_expert_count": 64}, "experts"),
        ({"n_routed_experts": 8}, "num_experts_per_tok"),
        ({"compress_ratios": [4, 4, 4, 4]}, "compressed"),
        ({"num_kv_shared_layers": 2}, "shared"),
        ({"is_encoder_decoder": True}, "encoder"),
        ({"hidden_size": None}, "hidden_size"),
    ],
)
def test_no_number_rather_than_a_wrong_one(fields: dict[str, Any], words: str) -> None:
    """What fields speak of and do not explain."""
    with pytest.raises(Unsaid, match=words):
        read_architecture({**SIZES, **fields})


@pytest.mark.parametrize("kind", ["aquila3", "nemotron_labs_diffusion", "spark2_5"])
def test_a_structure_that_only_explains_a_count_is_not_certain(kind: str) -> None:
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    found = read_architecture({"model_type": kind, "vocab_size": 100, **sizes})
    assert "its code was not read" in found.derived
