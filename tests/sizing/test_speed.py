"""Speed against the roofline by hand."""

from __future__ import annotations

import pytest

from gpuspec import Gpu, resolve_model
from gpuspec.sizing.speed.rates import Range, Speed, dollars_per_million
from gpuspec.sizing.speed.starting import download_seconds
from gpuspec.sizing.speed.text import speed
from gpuspec.workload import Workload

CARD = Gpu("card", "any", "any", 80.0, bandwidth_gbs=2000, fp16_tflops=300, fp8_tflops=600)


def fast(model: str, gpus: int = 1, **fields: object) -> Speed:
    base = Workload(task="serve", model=resolve_model(model).model, context=2)
    found = speed(base._replace(**fields), CARD, gpus)  # type: ignore[arg-type]
    assert isinstance(found, Speed)
    return found


def test_one_sequence_reads_every_weight_but_the_input_embedding() -> None:
    # Tied models read the embedding as the head: 2 × 1.236 GB at 2,000 GB/s.
    decode = fast("Llama-3.2-1B").decode
    assert decode is not None
    assert decode.high == pytest.approx(2000 / 2.472, rel=0.01)
    assert decode.expected == pytest.approx(0.8 * decode.high)


def test_quantization_is_as_much_faster_as_it_is_smaller() -> None:
    full, quantized = fast("Llama-3.1-70B").decode, fast("Llama-3.1-70B", quantization="awq").decode
    assert full is not None
    assert quantized is not None
    assert quantized.expected / full.expected == pytest.approx(141.1 / 39.8, rel=0.1)


def test_batches_share_the_weights_until_arithmetic_binds() -> None:
    one, many, huge = (fast("Llama-3.1-8B", concurrency=n).decode for n in (1, 16, 4096))
    assert one is not None
    assert many is not None
    assert huge is not None
    assert many.high == pytest.approx(16 * one.high, rel=0.02)
    assert huge.high == pytest.approx(300e12 * 0.8 / (2 * 8.030261248e9))


def test_a_mixture_reads_the_experts_it_chooses() -> None:
    dense, sparse = fast("Qwen3-32B").decode, fast("Qwen3-30B-A3B").decode
    assert dense is not None
    assert sparse is not None
    assert 6 < sparse.high / dense.high < 12  # 3.3 of 30.5 B are active


def test_prompts_are_bound_by_arithmetic() -> None:
    prefill = fast("Llama-3.1-8B").prefill
    assert prefill is not None
    assert prefill.expected == pytest.approx(300e12 * 0.5 / (2 * 8.030261248e9))


def test_two_gpus_read_twice_as_fast() -> None:
    one, two = fast("Llama-3.1-8B").decode, fast("Llama-3.1-8B", 2).decode
    assert one is not None
    assert two is not None
    assert two.expected == pytest.approx(2 * one.expected)


def test_money_and_time() -> None:
    # $3.60/h is $0.001/s; at 1,000 tokens/s a million takes 1,000 s.
    assert dollars_per_million(Range(500, 1000, 2000), 3.6) == pytest.approx((0.5, 1.0, 2.0))
    assert download_seconds(15).expected == pytest.approx(40)  # 120 Gbit at 3 Gbit/s


def test_a_gpu_of_unknown_speed_promises_nothing() -> None:
    found = speed(Workload(params_b=7), Gpu("card", "any", "any", 80.0))
    assert isinstance(found, Speed)
    assert found.decode is None
    assert found.prefill is None
