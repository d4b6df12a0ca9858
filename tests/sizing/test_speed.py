"""Speed of text models: by hand, and what must hold whatever the numbers."""

from __future__ import annotations

import pytest

from gpuspec import Gpu, resolve_model
from gpuspec.catalog import Catalog
from gpuspec.sizing.speed.rates import Speed
from gpuspec.sizing.speed.starting import download_seconds
from gpuspec.sizing.speed.text import speed
from gpuspec.workload import Workload

CARD = Gpu("card", "nvidia", "any", 1000.0, bandwidth_gbs=2000, fp16_tflops=300, fp8_tflops=600)


def fast(model: str, gpus: int = 1, card: Gpu = CARD, **fields: object) -> Speed:
    base = Workload(task="serve", model=resolve_model(model).model, engine="vllm", context=2000)
    found = speed(base._replace(**fields), card, gpus)  # type: ignore[arg-type]
    assert isinstance(found, Speed)
    assert found.decode
    return found


def expected(found: Speed) -> tuple[float, float]:
    """Tokens/s of all together, and of each."""
    assert found.decode
    assert found.each
    return round(found.decode.expected, 9), round(found.each.expected, 9)


def test_all_sequences_get_a_token_a_step() -> None:
    found = fast("Llama-3.1-8B", concurrency=8)
    step = sum(part.seconds.expected for part in found.parts)
    assert expected(found) == pytest.approx((8 / step, 1 / step))
    assert found.sequences == 8
    assert f"= {step * 1e3:.1f} ms" in found.why


def test_half_of_the_context_is_in_the_cache_unless_said() -> None:
    assert expected(fast("Llama-3.1-8B", context=8000)) == expected(_with_cached(4000))
    assert "4,000 tokens" in fast("Llama-3.1-8B", context=8000).assumptions[0]


def _with_cached(tokens: float) -> Speed:
    work = Workload(model=resolve_model("Llama-3.1-8B").model, engine="vllm", context=8000)
    found = speed(work, CARD, cached=tokens)
    assert isinstance(found, Speed)
    return found


@pytest.mark.parametrize("engine", ["vllm", "llama.cpp", "transformers", None])
@pytest.mark.parametrize("model", ["Llama-3.1-8B", "Qwen3-30B-A3B", "Qwen3.6-27B", "gpt-oss-20b"])
def test_what_must_hold_of_any(model: str, engine: str | None) -> None:
    longer = [expected(fast(model, engine=engine, context=n)) for n in (512, 8192, 131_072)]
    assert longer == sorted(longer, reverse=True)
    more = [expected(fast(model, engine=engine, concurrency=n)) for n in (1, 2, 16, 128)]
    assert [together for together, _ in more] == sorted(together for together, _ in more)
    assert [each for _, each in more] == sorted((each for _, each in more), reverse=True)
    wider = [
        expected(fast(model, engine=engine, card=CARD._replace(bandwidth_gbs=n))) for n in (500, 2000, 8000)
    ]
    assert wider == sorted(wider)
    for part in fast(model, engine=engine).parts:
        assert 0 <= part.seconds.low <= part.seconds.expected <= part.seconds.high


def test_engines_that_put_layers_one_after_another_gain_nothing_from_more_gpus() -> None:
    one, two = (expected(fast("Llama-3.1-8B", n, engine="llama.cpp"))[0] for n in (1, 2))
    assert 0.95 * one < two <= one
    one, two = (expected(fast("Llama-3.1-8B", n))[0] for n in (1, 2))
    assert 1.4 * one < two < 2 * one


def test_a_pipeline_gains_with_many_sequences_alone() -> None:
    alone, single = (expected(fast("Llama-3.1-8B", n, pipeline_parallel=n))[0] for n in (1, 2))
    assert single <= alone
    alone, crowd = (
        expected(fast("Llama-3.1-8B", n, pipeline_parallel=n, concurrency=256))[0] for n in (1, 2)
    )
    assert crowd > 1.3 * alone


def test_copies_multiply() -> None:
    one, four = fast("Llama-3.1-8B", concurrency=4), fast("Llama-3.1-8B", 4, data_parallel=4, concurrency=16)
    assert expected(four)[0] == pytest.approx(4 * expected(one)[0])


@pytest.mark.parametrize(
    ("engine", "model", "scheme", "prompt", "stated"),
    [
        ("transformers", "Qwen2.5-0.5B", None, 1, 47.40),
        ("transformers", "Qwen2.5-7B", None, 30_720, 18.83),
        ("transformers", "Qwen2.5-14B", None, 30_720, 8.20),
        ("vllm", "Qwen2.5-0.5B", None, 1, 311.55),
        ("vllm", "Qwen2.5-7B", None, 1, 84.28),
        ("vllm", "Qwen2.5-7B", "gptq-int4", 30_720, 108.30),
        ("vllm", "Qwen2.5-14B", "awq", 1, 92.66),
    ],
)
def test_what_others_state_lies_within(
    engine: str, model: str, scheme: str | None, prompt: int, stated: float
) -> None:
    """Qwen2.5 speed benchmark (QwenLM/Qwen2.5 docs, 2024): one A100 80GB, one sequence, 2,048 tokens written."""
    work = Workload(engine=engine, model=resolve_model(model).model, quantization=scheme)
    found = speed(work, Catalog().gpus_by_name["A100 80GB SXM4"], cached=prompt + 1024)
    assert isinstance(found, Speed)
    assert found.each
    assert found.each.low <= stated <= found.each.high


def test_seconds_to_fetch_a_model() -> None:
    assert download_seconds(15).expected == pytest.approx(40)  # 120 Gbit at 3 Gbit/s


def test_a_gpu_of_unknown_speed_promises_nothing() -> None:
    found = speed(Workload(params_b=7), Gpu("card", "any", "any", 80.0))
    assert isinstance(found, Speed)
    assert found.decode is None
    assert found.prefill is None
