"""What the columns of the list of hub repositories say, and what they only seem to say."""

from __future__ import annotations

import pytest

from gpuspec.catalog.hub_table import HubTable
from gpuspec.catalog.model import Model
from tools.hub_models.estimates import is_estimate
from tools.hub_models.lengths import length_of
from tools.hub_models.rows import Row

TABLE = HubTable()
LLAMA_3_2_1B = Row(
    name="unsloth/Llama-3.2-1B-Instruct", architecture="llama", task="text-generation", stored=1_235_814_400,
    layers=16, heads=32, kv_heads=8, head_dim=64, hidden=2048, vocabulary=128_256, context=262_144, experts=0,
    used=0, width=8192, shared_width=0,
)  # fmt: skip


def of_table(name: str) -> Model:
    model = TABLE.find(name)
    assert model is not None
    return model


@pytest.mark.parametrize(
    "name",
    [
        # Their config.json (on the hub in November 2026) says `"sliding_window": null`.
        "mistralai/Mistral-Small-3.1-24B-Instruct-2503",
        "unsloth/Mistral-Small-3.2-24B-Instruct-2506",
        "mistralai/Devstral-Small-2505",
        "casperhansen/mistral-nemo-instruct-2407-awq",
        "unsloth/mistral-7b-v0.3-bnb-4bit",
    ],
)
def test_the_window_of_a_class_is_not_that_of_a_row_which_says_none(name: str) -> None:
    model = of_table(name)
    assert not model.unsure
    assert [cache.kind for cache in model.caches] == ["full"]


def test_a_cache_of_mistral_small_3_2_holds_what_was_measured() -> None:
    # Measured by llm-d-planner's authors in vLLM, at a length of 16,000 tokens in 16 bit.
    elements = sum(
        cache.width * cache.layers for cache in of_table("unsloth/Mistral-Small-3.2-24B-Instruct-2506").caches
    )
    assert 16_000 * 2 * elements / 2**30 == pytest.approx(2.4416, rel=1e-3)


def test_where_models_of_a_shape_differ_in_their_window_the_larger_cache_counts_and_is_said_to_be_unsure() -> (
    None
):
    # v0.1 has a window of 4,096 and v0.2 none: the listing has the same columns for both.
    for name in ("mistralai/Mistral-7B-Instruct-v0.1", "mistralai/Mistral-7B-Instruct-v0.2"):
        model = of_table(name)
        assert [cache.kind for cache in model.caches] == ["full"]
        assert "window" in model.unsure


@pytest.mark.parametrize(
    ("changes", "length"),
    [
        # Llama 3.2 1B, Gemma 3 and Llama 3.1: max_position_embeddings of their config.json is 131,072.
        ({}, 131_072),
        ({"context": 4_194_304}, 131_072),
        ({"context": 1_048_576, "hidden": 4096}, 131_072),
        ({"architecture": "gemma3", "context": 1_048_576, "vocabulary": 262_208}, 131_072),
        ({"context": 262_144, "vocabulary": 64_000}, 262_144),  # Yi 9B 200K
        (
            {"name": "gradientai/Llama-3-8B-Instruct-Gradient-1048k", "context": 1_048_576, "hidden": 4096},
            1_048_576,
        ),
        ({"context": 4096}, 0),
    ],
)
def test_a_length_is_not_multiplied_by_a_factor_that_is_in_it(changes: dict[str, int], length: int) -> None:
    assert length_of(LLAMA_3_2_1B._replace(**changes)) == length


@pytest.mark.parametrize(
    ("stored", "estimate"),
    [
        (1_235_814_400, False),  # what its file holds: 16 × 60,821,504 + 262,668,288 + the last norm
        (128_256 * 2048 + 16 * (2 * 2048 * 64 * 40 + 3 * 2048 * 8192), True),
        (2 * 128_256 * 2048 + 16 * (2 * 2048 * 64 * 40 + 3 * 2048 * 8192), True),
        (12 * 16 * 2048**2 + 128_256 * 2048, True),
    ],
)
def test_a_count_that_is_a_formula_of_the_other_columns_is_no_measurement(
    stored: int, estimate: bool
) -> None:
    assert is_estimate(LLAMA_3_2_1B._replace(stored=stored)) is estimate


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("EleutherAI/pythia-160m-weight-seed1", 0.1623),  # as pythia-160m: 162,322,944 on its card
        ("facebook/opt-1.3b", 1.3158),  # 1,315,758,080: transformers' OPTForCausalLM of its config.json
        ("nvidia/NVIDIA-Nemotron-Nano-12B-v2", 12.0),  # its name; the list says 24.7
        ("Zyphra/Zamba2-7B-Instruct", 7.0),  # its card: 7 B; the list says 16.9
    ],
)
def test_a_formula_does_not_say_how_large_a_model_is(name: str, billions: float) -> None:
    assert of_table(name).params_b == pytest.approx(billions, rel=0.02)


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        # The card of the base: 3.09 B and 1.54 B with a tied head, which these files hold twice.
        ("Qwen/Qwen2.5-3B-Instruct-AWQ", 3.09),
        ("Qwen/Qwen2.5-1.5B-Instruct-AWQ", 1.54),
        # Qwen2.5-VL-3B: 3,754,622,976 stored in 16 bit, its head tied.
        ("Qwen/Qwen2.5-VL-3B-Instruct-AWQ", 3.755),
        # "2.1b" of its name: 2.087 with a tied head.
        ("kakaocorp/kanana-1.5-2.1b-instruct-2505", 2.087),
    ],
)
def test_a_tied_head_is_counted_once(name: str, billions: float) -> None:
    model = of_table(name)
    assert model.tied_embeddings
    assert model.params_b == pytest.approx(billions, rel=0.005)


def test_the_table_of_n_grams_of_qwen_3_8_flash_next_is_counted() -> None:
    # Stored: 179,999,981,459, of which 2.607 B predict a second token, as config.json has it (`ple_layer_ids: [2]`):
    # 16 tables of 20,000,000 rows of 160 are 51.2 B.
    for name in ("Qwen/Qwen3.8-Flash-Next", "Vontra/Qwen3.8-Flash-Next-MLX-4bit-MTP"):
        model = of_table(name)
        drafts = sum(row.parameters for row in model.weights if row.part == "draft")
        assert not model.unsure
        assert model.params_b * 1e9 + drafts == pytest.approx(179_999_981_459, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Qwen/Qwen3.5-0.8B", 873_438_784),
        ("Qwen/Qwen3.5-2B", 2_274_069_824),
        ("Qwen/Qwen3.5-4B", 4_659_865_088),
        ("Qwen/Qwen3.5-9B", 9_653_104_368),
    ],
)
def test_small_qwen_3_5_are_their_text_model_their_tower_and_a_layer_that_predicts(
    name: str, stored: int
) -> None:
    model = of_table(name)
    drafts = sum(row.parameters for row in model.weights if row.part == "draft")
    assert drafts
    assert round(model.params_b * 1e9) + drafts == stored
