"""Phases of transformers: what the prompt's pass takes, and what stands there at the end of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, need
from gpuspec.workload import Workload


def sized(model: str, context: int, prompt: int, **fields: Any) -> Need:
    said = {"task": "serve", "engine": "transformers", "dtype": "bf16", "concurrency": 1, **fields}
    workload = Workload(model=resolve_model(model).model, model_name=model, context=context, **said)
    found = need(workload, 1, prompt=prompt)
    assert isinstance(found, Need)
    return found


def phase(found: Need, name: str) -> dict[str, float]:
    (own,) = [phase for phase in found.phases if phase.name == name]
    return {part.name: part.expected for part in own.parts}


@pytest.mark.parametrize(
    ("prompt", "measured", "deciding"),
    # Qwen2.5 speed benchmark, transformers 4.46, Qwen2.5-7B-Instruct: torch.cuda.max_memory_allocated, GiB.
    [(1, 14.38, "decoding"), (6144, 15.38, "prompt"), (14336, 16.91, "prompt"), (30720, 19.97, "prompt")],
)
def test_the_peak_is_the_prompts_or_the_answers(prompt: int, measured: float, deciding: str) -> None:
    found = sized("Qwen2.5-7B-Instruct", prompt + 2048, prompt, engine_version="4.46")
    assert found.of("allocated")[1] == pytest.approx(measured, rel=0.005)
    assert found.deciding.name == deciding


def test_the_version_of_today_takes_memory_for_a_prompt_too() -> None:
    # 30,720 tokens × 3 × 12,288 elements of an MLP in 16 bit are 2.1 GiB, whatever the version.
    found = sized("Qwen3-8B", 32768, 30720)
    assert phase(found, "prompt")["activations"] > 2.1
    assert phase(found, "decoding")["activations"] < 0.1


def test_only_the_prompts_cache_is_there_in_its_pass() -> None:
    # 36 layers × 2 × 8 × 128 × 2 bytes a token.
    found = sized("Qwen3-8B", 8192, 2048)
    assert phase(found, "prompt")["KV cache"] == pytest.approx(2048 * 147_456 / 2**30)
    assert phase(found, "decoding")["KV cache"] == pytest.approx(8192 * 147_456 / 2**30)


def test_tuples_hold_the_cache_twice() -> None:
    """QwenLM/Qwen README, Qwen-7B, 512 and 8,192 tokens generated: 15.2 and 23.2 GB, which is 1.04 MB a token where
    its cache takes 2 × 32 × 4,096 × 2 bytes = 0.52."""
    short, long = (sized("Qwen/Qwen-7B", length, 1).of("allocated")[1] for length in (512, 8192))
    assert (long - short) / (23.2 - 15.2) == pytest.approx(1, abs=0.08)


def test_since_there_are_caches_one_layer_of_one_is_held_twice() -> None:
    old = sized("Llama-2-7B", 4096, 1, engine_version="4.31")
    new = sized("Llama-2-7B", 4096, 1, engine_version="4.36")
    # 32 layers × 2 × 4,096 × 2 bytes × 4,096 tokens = 2 GiB.
    assert old.of("allocated")[1] - new.of("allocated")[1] == pytest.approx(2.0, rel=0.01)
    assert "old cache" not in phase(new, "decoding")


def test_attention_held_the_whole_matrix_of_scores() -> None:
    old, new = (sized("Llama-2-7B", 4096, 4096, engine_version=each) for each in ("4.31", "4.46"))
    # 32 heads × 4,096² × 10 bytes = 5 GiB.
    assert phase(old, "prompt")["activations"] == pytest.approx(5.0, rel=0.02)
    assert phase(new, "prompt")["activations"] < 0.6
    asked = sized("Llama-2-7B", 4096, 4096, engine_version="4.46", flash_attention=False)
    assert phase(asked, "prompt")["activations"] == pytest.approx(5.0, rel=0.02)


def test_logits_of_the_whole_prompt() -> None:
    old, new = (sized("Llama-3.1-8B", 8192, 8192, engine_version=each) for each in ("4.44", "4.45"))
    # 8,192 × 128,256 × (2 + 4) bytes = 5.87 GiB.
    assert phase(old, "prompt")["activations"] == pytest.approx(5.87, rel=0.01)
    assert phase(new, "prompt")["activations"] < 1.3


def test_where_nobody_says_what_is_prompt_it_may_be_none_or_all() -> None:
    workload = Workload(
        task="serve",
        engine="transformers",
        model=resolve_model("Qwen3-8B").model,
        dtype="bf16",
        context=32768,
    )
    found = need(workload)
    assert isinstance(found, Need)
    weights_and_cache = found.largest("weights") + found.kv_cache
    # An MLP of 32,768 tokens holds 3 × 12,288 elements of each in 16 bit: 2.25 GiB.
    assert weights_and_cache < found.low < weights_and_cache + 1
    assert found.high > weights_and_cache + 2.25
    assert phase(found, "prompt")["activations"] == pytest.approx((2.25 + 1.0) / 2, rel=0.1)
