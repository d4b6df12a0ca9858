"""Configs whose `model_type` nobody knows, or that have none: the class in `architectures` tells what they are.

Expected values are by hand, or those of the same config under its known name."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.read import read_architecture

LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "house_llama",
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": None,
    "intermediate_size": 128,
    "vocab_size": 100,
}
PARAMETERS = 2 * (4 * 64 * 64 + 3 * 64 * 128 + 2 * 64) + 2 * 100 * 64 + 64


def test_a_private_name_of_a_known_class_is_read_as_that_class_with_its_defaults() -> None:
    found = read_architecture(LLAMA)
    assert found.parameters == PARAMETERS  # Llama's class stores an output head where nothing is said
    assert found.derived == (
        "gpuspec does not know the architecture 'house_llama': read as llama, whose class it names (LlamaForCausalLM)"
    )


def test_a_config_without_a_name_is_read_as_its_class() -> None:
    found = read_architecture({**LLAMA, "model_type": None})
    assert found.parameters == PARAMETERS
    assert found.derived.startswith("its config names no architecture: read as llama")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Gemma3ForCausalLM", "gemma3_text"),
        ("Qwen2MoeForCausalLM", "qwen2_moe"),
        ("GPT2LMHeadModel", "gpt2"),
        ("DeepseekV3ForCausalLM", "deepseek_v3"),
        ("HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense"),
    ],
)
def test_classes_are_found_by_their_names(name: str, kind: str) -> None:
    sizes = {"num_hidden_layers": 3, "hidden_size": 256}
    known = read_architecture({**sizes, "model_type": kind})
    found = read_architecture({**sizes, "architectures": [name], "auto_map": {"AutoConfig": "own.OwnConfig"}})
    assert (found.parameters, found.caches, found.model_type) == (known.parameters, known.caches, kind)


def test_an_encoder_decoder_is_found_by_its_class() -> None:
    sizes = {"encoder_layers": 3, "decoder_layers": 2, "d_model": 256}
    known = read_architecture({**sizes, "model_type": "bart"})
    found = read_architecture({**sizes, "architectures": ["BartForConditionalGeneration"]})
    assert (found.parameters, found.model_type) == (known.parameters, "bart")


def test_a_known_class_is_not_believed_where_the_config_has_experts_that_it_has_not() -> None:
    found = read_architecture({**LLAMA, "num_experts": 8, "num_experts_per_tok": 2})
    assert found.experts == 8
    assert "experts in 2 of 2 layers" in found.derived


def test_sizes_are_never_those_of_a_class_that_is_not_the_config_s_own() -> None:
    with pytest.raises(Unsaid):
        read_architecture({"architectures": ["LlamaForCausalLM"], "model_type": "house_llama"})


@pytest.mark.parametrize("names", [[10**400], ["For"], ["x" * 10**6], [None], {"LlamaForCausalLM": 1}, [[]]])
def test_a_garbled_class_is_none(names: Any) -> None:
    found = read_architecture({**LLAMA, "architectures": names})
    assert "read from its fields" in found.derived
