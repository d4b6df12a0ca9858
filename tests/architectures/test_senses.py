"""Models that see or hear: their text models, what of their towers is counted, what is said of the rest."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.read import read_architecture

LLAMA_2 = {
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "vocab_size": 32000,
}
LLAMA_2_PARAMETERS = (
    6_738_415_616  # the model card's 6.74B: 32 layers of 202,383,360, two times 131,072,000, a norm
)
CLIP_336 = 303_507_456  # openai/clip-vit-large-patch14-336 without its text half and its projection
BETWEEN = 4096 * 1024 + 4096 + 4096 * 4096 + 4096  # two linear layers


def parts(config: dict[str, Any]) -> dict[str, int]:
    """Parameters of each part."""
    found: dict[str, int] = {}
    for weight in read_architecture(config).weights:
        found[weight.part] = found.get(weight.part, 0) + weight.elements
    return found


def test_a_llava_is_its_text_model_a_clip_and_two_layers() -> None:
    found = parts({"model_type": "llava", "text_config": {"model_type": "llama", **LLAMA_2}})
    assert (found.pop("vision"), found.pop("projector")) == (CLIP_336, BETWEEN)
    assert sum(found.values()) == LLAMA_2_PARAMETERS


def test_a_tower_that_is_only_named_is_counted_if_it_is_known() -> None:
    config = {"model_type": "llava_llama", **LLAMA_2, "tie_word_embeddings": False}
    known = {**config, "mm_vision_tower": "openai/clip-vit-large-patch14-336"}
    assert parts(known)["vision"] == CLIP_336
    assert read_architecture(known).derived == ""
    found = read_architecture({**config, "mm_vision_tower": "somebody/her-tower"})
    assert found.parameters == LLAMA_2_PARAMETERS
    assert (
        found.derived
        == "its vision tower (somebody/her-tower) is not described in its config, and not counted"
    )


def test_a_tower_of_an_unknown_kind_is_said_and_not_counted() -> None:
    config = {
        "model_type": "llava",
        "text_config": {"model_type": "llama", **LLAMA_2},
        "vision_config": {"model_type": "eye_of_newt", "hidden_size": 1024},
    }
    found = read_architecture(config)
    assert found.parameters == LLAMA_2_PARAMETERS
    assert found.derived == "gpuspec does not know its vision tower 'eye_of_newt', which is not counted"


def test_an_unknown_model_that_sees_is_read_as_far_as_its_parts_are_known() -> None:
    config = {
        "model_type": "nobody_taught_us",
        "text_config": {"model_type": "llama", **LLAMA_2},
        "vision_config": {
            "model_type": "clip_vision_model",
            "hidden_size": 1024,
            "image_size": 336,
            "intermediate_size": 4096,
            "num_attention_heads": 16,
            "num_hidden_layers": 24,
            "patch_size": 14,
        },
    }
    found = read_architecture(config)
    assert found.parameters == LLAMA_2_PARAMETERS + CLIP_336
    assert found.derived == (
        "gpuspec does not know the architecture 'nobody_taught_us'; its text model is read as llama; "
        "what joins its towers to its text model is not counted"
    )


def test_a_token_of_text_passes_through_no_tower() -> None:
    found = read_architecture({"model_type": "llava", "text_config": {"model_type": "llama", **LLAMA_2}})
    assert found.active == LLAMA_2_PARAMETERS


@pytest.mark.parametrize(
    ("whole", "text", "tied"),
    [
        (
            None,
            None,
            False,
        ),  # transformers 5's class of Mistral 3 ties, Mistral's does not: the file has a head
        (True, None, True),
        (False, True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_what_the_whole_says_of_the_head_comes_before_what_its_text_model_says(
    whole: bool | None, text: bool | None, tied: bool
) -> None:
    config: dict[str, Any] = {"model_type": "mistral3", "text_config": {"model_type": "mistral"}}
    if whole is not None:
        config["tie_word_embeddings"] = whole
    if text is not None:
        config["text_config"]["tie_word_embeddings"] = text
    assert read_architecture(config).tied is tied


def test_the_fields_of_the_text_model_may_stand_at_the_top() -> None:
    """Qwen2-VL's files on the hub are of before transformers 5. The hub counts 2,208,985,600 elements in the 2B one:
    a Qwen2-1.5B whose head is its embedding, of 1,543,714,304, and a tower."""
    text = {
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_attention_heads": 12,
        "num_hidden_layers": 28,
        "num_key_value_heads": 2,
        "vocab_size": 151936,
        "tie_word_embeddings": True,
    }
    tower = {
        "depth": 32,
        "embed_dim": 1280,
        "hidden_size": 1536,
        "mlp_ratio": 4,
        "num_heads": 16,
        "patch_size": 14,
    }
    found = parts({"model_type": "qwen2_vl", **text, "vision_config": tower})
    assert (found.pop("vision"), sum(found.values())) == (2_208_985_600 - 1_543_714_304, 1_543_714_304)


def test_layers_of_llama_3_2_vision_that_see_remember_the_image() -> None:
    caches = read_architecture({"model_type": "mllama"}).caches
    width = 2 * 8 * 128  # keys and values of eight heads
    assert [(cache.kind, cache.width, cache.layers) for cache in caches] == [
        ("full", width, 32),
        ("cross", width, 8),
    ]


def test_tables_of_ngrams_are_counted_beside_deepseek_v4() -> None:
    """Two tables of a thousand rows, and for each layer that has one a matrix from its eight columns of 64 (two sizes
    of n-grams, four heads) to five streams, and two vectors for each of four streams."""
    text = {"num_hidden_layers": 4, "hidden_size": 1024, "hc_mult": 4}
    tables = {
        "engram_layer_ids": [1, 2],
        "engram_num_embeddings": [1000, 1000],
        "engram_n_heads": 4,
        "engram_head_dim": 64,
        "engram_max_ngram_size": 3,
    }
    plain = read_architecture({"model_type": "deepseek_v4", **text}).parameters
    found = read_architecture({"model_type": "deepseek_v41", "text_config": {**text, **tables}})
    assert found.parameters - plain == 2 * (1000 * 64 + 8 * 64 * 5 * 1024 + 2 * 4 * 1024)
    assert "nobody compared it" in found.derived


def test_a_text_model_that_has_a_tower_of_its_own_is_refused() -> None:
    config: dict[str, Any] = {"model_type": "llava"}
    for _ in range(50_000):
        config = {"model_type": "llava", "text_config": config}
    began = time.perf_counter()
    with pytest.raises(Unsaid, match="has a text model or a tower of its own"):
        read_architecture(config)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "value", [10**30, -1, float("nan"), [], [[1]], {}, "9" * 5000, [10**9] * 10**6, True]
)
@pytest.mark.parametrize(
    "field", ["hidden_size", "num_hidden_layers", "image_size", "patch_size", "intermediate_size"]
)
def test_hostile_sizes_of_a_tower_are_refused_or_read_in_no_time(field: str, value: Any) -> None:
    config = {"model_type": "gemma3", "vision_config": {"model_type": "siglip_vision_model", field: value}}
    began = time.perf_counter()
    with contextlib.suppress(Unsaid):
        assert read_architecture(config).parameters > 0
    assert time.perf_counter() - began < 0.5


def test_sizes_beyond_all_reason_are_refused() -> None:
    tower = {"model_type": "siglip_vision_model", "hidden_size": 10**30}
    with pytest.raises(Unsaid, match="hidden_size"):
        read_architecture({"model_type": "gemma3", "vision_config": tower})
