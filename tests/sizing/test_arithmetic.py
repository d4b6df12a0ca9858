"""The arithmetic beside a part gives its figure: who does the sum with pen and paper comes to what is printed."""

import re

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, need
from gpuspec.workload import Workload


def by_hand(why: str) -> float:
    """GiB of `2,048 tokens × 2 bytes × (32 × 4,096 + 92,160 of one layer) ÷ 2`: its numbers and signs, no words."""
    sum_ = why.replace(", ", " + ").replace("×", "*").replace("÷", "/")
    plain = re.sub(r"(?<=\d),(?=\d)", "", sum_)
    kept = re.sub(r"[^0-9.+*/() ]", "", plain)
    return float(eval(kept, {"__builtins__": {}})) / 2**30  # digits, + * / and brackets


def answering(model: str, gpus: int = 1, **facts: object) -> Need:
    found = resolve_model(model).model
    assert found
    workload = Workload("serve", "text", model=found, model_name=model, context=8192, engine="vllm")
    sized = need(workload._replace(**facts), gpus)  # type: ignore[arg-type]
    assert isinstance(sized, Need)
    return sized


@pytest.mark.parametrize("gpus", [1, 2, 16])
@pytest.mark.parametrize("model", ["Llama-3.1-8B", "Qwen3-30B-A3B", "gemma-3-27b", "DeepSeek-V3"])
def test_cache_and_trial_pass(model: str, gpus: int) -> None:
    for part in answering(model, gpus, users=4).parts:
        if part.name in ("KV cache", "activations"):
            assert by_hand(part.why.removesuffix(", whole on each GPU")) == pytest.approx(part.expected)


@pytest.mark.parametrize("model", ["Qwen2.5-7B", "gpt-oss-20b", "gemma-3-27b"])
def test_the_cells_of_llama_cpp(model: str) -> None:
    (cache,) = [part for part in answering(model, engine="llama.cpp").parts if part.name == "KV cache"]
    assert by_hand(cache.why) == pytest.approx(cache.expected)


@pytest.mark.parametrize("checkpointing", [True, False])
@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_activations_of_each_phase_of_training(method: str, checkpointing: bool) -> None:
    for phase in answering(
        "Llama-3.1-8B",
        task="train",
        engine=None,
        method=method,
        sequence=2048,
        gradient_checkpointing=checkpointing,
    ).phases:
        for part in phase.parts:
            if part.name in ("activations", "logits"):
                assert by_hand(part.why) == pytest.approx(part.expected), (phase.name, part.why)
