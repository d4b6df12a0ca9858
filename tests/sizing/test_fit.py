"""Need against GPU."""

from __future__ import annotations

import pytest

from gpuspec import Gpu, resolve_gpu, resolve_model
from gpuspec.sizing import Need, Part, Phase, Unsized, fit, need, usable
from gpuspec.workload import Workload

CARD = Gpu("card", "any", "any", 24.0)


def of(low: float, expected: float, high: float, engine: str = "transformers") -> Need:
    parts = (Part("weights", low - 1, expected - 1, high - 2, ""), Part("activations", 1, 1, 2, ""))
    return Need((Phase("serving", parts),), 1, engine, (), "high")


def gpu(name: str) -> Gpu:
    match = resolve_gpu(name)
    return match.gpu or match.ambiguous[0]


@pytest.mark.parametrize(
    ("need_", "verdict", "part"),
    [
        (of(20, 21, 23), "fits", "weights"),
        (of(20, 23, 25), "borderline", "weights"),
        (of(25, 26, 30), "does not fit", "activations"),
        (of(40, 41, 45), "does not fit", "weights"),
    ],
)
def test_verdicts(need_: Need, verdict: str, part: str) -> None:
    held = fit(need_, CARD)
    assert (held.verdict, held.part) == (verdict, part)


def test_utilization_of_the_engine_or_the_command() -> None:
    assert usable(CARD, "vllm") == pytest.approx(24 * 0.92)
    assert usable(CARD, "vllm", 0.5) == 12
    assert fit(of(20, 21, 23, "vllm"), CARD).verdict == "borderline"
    assert fit(of(20, 21, 23, "vllm"), CARD, 1.0).verdict == "fits"


def serve(model: str, **fields: object) -> Workload:
    base = Workload(task="serve", engine="vllm", model=resolve_model(model).model)
    return base._replace(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("workload", "card", "gpus", "verdict"),
    [
        # Measured: vLLM holds 8B in 16 bit and 37,696 tokens of cache on a 22 GiB card.
        (serve("Llama-3.1-8B", context=8192), "A10G", 1, "fits"),
        (serve("Llama-3.1-8B", context=131072), "A10G", 1, "does not fit"),
        # 70B in 16 bit on two 80 GB cards; 70B in 8 bit on one H100; 8x22B on four A100.
        (serve("Llama-3.1-70B", context=8192), "A100-80GB", 2, "fits"),
        (serve("Mixtral-8x22B", context=8192), "A100-80GB", 4, "fits"),
        (serve("Llama-3.1-70B", context=8192), "A100-80GB", 1, "does not fit"),
        # 48 GB hold 70B in AWQ at a short context; 40 GB do not.
        (serve("Llama-3.1-70B", quantization="awq", context=4096), "RTX A6000", 1, "fits"),
        (serve("Llama-3.1-70B", quantization="awq", context=4096), "A100-40GB", 1, "does not fit"),
        # 405B in 16 bit is 812 GB and eight H100 are 640; FP8 fits.
        (serve("Llama-3.1-405B", context=8192), "H100 SXM", 8, "does not fit"),
        (serve("Llama-3.1-405B", quantization="fp8", context=8192), "H100 SXM", 8, "fits"),
    ],
)
def test_what_guides_and_their_critics_say(workload: Workload, card: str, gpus: int, verdict: str) -> None:
    answer = need(workload, gpus)
    assert isinstance(answer, Need)
    assert fit(answer, gpu(card)).verdict == verdict


def test_engines_that_queue_need_one_sequence() -> None:
    one, many = (
        need(serve("Llama-3.1-8B", context=8192)),
        need(serve("Llama-3.1-8B", context=8192, concurrency=64)),
    )
    assert isinstance(one, Need)
    assert isinstance(many, Need)
    assert one.expected == many.expected
    assert any("queues" in text for text in many.assumptions)


@pytest.mark.parametrize(
    ("workload", "word"),
    [
        (Workload(model_name="mystery"), "params_b"),
        (Workload(model_name="org/mystery"), "`gpuspec models add org/mystery`"),
        (Workload(model_name="./org/mystery"), "; give model.params_b"),
        (Workload(params_b=7, quantization="gguf"), "gguf"),
        (Workload(params_b=1e21), "billion"),
        (Workload(params_b=-7), "params_b"),
        (Workload(modality="audio", params_b=float("nan")), "params_b"),
        (Workload(params_b=7, context=-4), "context"),
        (Workload(params_b=7, context=10**30), "context"),
        (Workload(params_b=7, other_models=("draft",)), "draft"),
        (Workload(modality="3d", params_b=1), "3d"),
        (Workload(modality="image", model_name="mystery"), "params_b"),
        (Workload(modality="audio", model_name="mystery"), "params_b"),
    ],
)
def test_what_is_missing_is_said(workload: Workload, word: str) -> None:
    answer = need(workload)
    assert isinstance(answer, Unsized)
    assert word in answer.reason


def test_no_gpus_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="0 GPUs"):
        need(Workload(params_b=7), 0)


LOAD = Phase("load", (Part("weights", 10, 11, 12, ""), Part("copy", 6, 6, 6, "")))
WRITE = Phase("write", (Part("weights", 10, 11, 12, ""), Part("KV cache", 2, 4, 15, "")))


@pytest.mark.parametrize(
    ("gib", "verdict", "decided_by"),
    [
        (15.0, "does not fit", "copy (load)"),  # 16 at least while it loads
        (20.0, "borderline", "KV cache (write)"),  # 27 at most while it writes
        (28.0, "fits", "weights"),  # which stand there in every phase
        (9.0, "does not fit", "weights"),
    ],
)
def test_the_phase_that_needs_most_decides(gib: float, verdict: str, decided_by: str) -> None:
    held = fit(Need((LOAD, WRITE), 1, "transformers", (), "high"), Gpu("card", "any", "any", gib))
    assert (held.verdict, held.decided_by) == (verdict, decided_by)


def test_what_stands_beside_the_servers_share_is_counted_in_each_phase() -> None:
    """SGLang's share is for weights and cache: activations take of the rest, and of no phase that has none."""
    loading = Phase("load", (Part("weights", 11, 11, 11, ""),))
    serving = Phase("serve", (Part("weights", 10, 10, 10, ""), Part("activations", 3, 3, 3, "")))
    card = Gpu("card", "any", "any", 20.0)
    half = fit(Need((loading, serving), 1, "sglang", (), "high"), card, 0.5)  # 10 GiB, and 10 beside
    assert (half.verdict, half.phase) == ("does not fit", "load")
    assert fit(Need((serving,), 1, "sglang", (), "high"), card, 0.5).verdict == "fits"
