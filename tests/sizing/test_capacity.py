"""The reverse question, on memory that is a straight line: every figure by hand."""

from collections.abc import Callable

import pytest

from gpuspec import Gpu, resolve_gpu, resolve_model
from gpuspec.sizing import Need, Part, Phase, Unsized, fit, need
from gpuspec.sizing.capacity import Capacity, Held, capacity
from gpuspec.workload import Origin, Workload

CARD = Gpu("card", "any", "any", 24.0)
LLAMA = Workload(task="serve", engine="transformers", model=resolve_model("Llama-3.1-8B").model)
"""131,072 tokens are its own context (config.json), 131,072 bytes of cache a token: 8,192 tokens a GiB."""


def line(weights: float = 10.0, most: float = 12.0) -> Callable[[Workload], Need]:
    """Weights, and a cache of 131,072 bytes a token."""

    def need_of(workload: Workload) -> Need:
        assert workload.users
        assert workload.context
        cache = workload.users * workload.context / 8192
        parts = (Part("weights", weights, weights, most, ""), Part("KV cache", cache, cache, cache, ""))
        return Need((Phase("serving", parts),), 1, "transformers", (), "high")

    return need_of


def held(workload: Workload, need_of: Callable[[Workload], Need | Unsized] | None = None) -> Capacity:
    found = capacity(workload, CARD, need_of or line())
    assert found
    return found


def test_what_is_left_beside_the_weights_is_for_tokens() -> None:
    found = held(LLAMA)
    assert found.longest == Held(1, surely=12 * 8192, expected=14 * 8192)  # 24 − 12, 24 − 10 GiB
    assert found.most == (
        Held(4096, surely=24, expected=28),
        Held(16_384, surely=6, expected=7),
        Held(65_536, surely=1, expected=1),
        Held(131_072, surely=0, expected=0),
    )


def test_users_and_context_that_are_stated_are_those_asked_about() -> None:
    found = held(LLAMA._replace(users=5, context=10_000))
    assert found.longest == Held(
        5, surely=19_648, expected=22_928
    )  # 12 and 14 GiB ÷ 5, in blocks of 16 tokens
    assert found.most == (Held(10_000, surely=9, expected=11),)


def test_the_models_own_context_and_the_servers_limit_are_the_most() -> None:
    roomy = line(weights=1.0, most=2.0)
    assert held(LLAMA, roomy).longest == Held(1, surely=131_072, expected=131_072)
    limited = LLAMA._replace(
        context=4096, concurrency=20, origins={"concurrency": Origin("command", "--batch-size 20")}
    )
    found = held(limited)
    assert (found.lets_in, found.most) == (20, (Held(4096, surely=20, expected=20),))


def test_nothing_is_held_where_the_weights_alone_are_too_much() -> None:
    found = held(LLAMA, line(weights=25.0, most=26.0))
    assert found.longest == Held(1, surely=0, expected=0)
    assert found.most == (Held(4096, surely=0, expected=0),)


def test_what_has_no_answer_has_no_room() -> None:
    assert capacity(LLAMA, CARD, lambda _: Unsized("unknown")) is None
    assert capacity(LLAMA._replace(task="train"), CARD, line()) is None
    assert capacity(LLAMA._replace(modality="image"), CARD, line()) is None


@pytest.mark.parametrize("engine", ["vllm", "sglang", "transformers", "llama.cpp"])
@pytest.mark.parametrize("model", ["Llama-3.1-8B", "gemma-3-27b", "Qwen3-30B-A3B"])
def test_what_is_found_fits_and_one_more_does_not(engine: str, model: str) -> None:
    gpu = resolve_gpu("A100 80GB PCIe").gpu
    assert gpu
    workload = Workload(task="serve", engine=engine, model=resolve_model(model).model, context=8192)
    found = capacity(workload, gpu, lambda other: need(other, 1, gpu=gpu))
    assert found
    (most,) = found.most
    assert most.surely is not None
    assert most.surely > 1

    verdicts = []
    for users in (most.surely, most.surely + 1):
        answer = need(workload._replace(users=users), 1, gpu=gpu)
        assert isinstance(answer, Need)
        verdicts.append(fit(answer, gpu).verdict == "fits")
    assert verdicts == [True, most.surely == found.lets_in]
