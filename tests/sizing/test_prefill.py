"""How fast prompts are read: sums by hand, and what may never be."""

from itertools import pairwise

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.engines import engine_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.prefill import Prefill, attention_flops, overlapped, prefill
from gpuspec.workload import Workload


def _of(name: str = "Llama-3.1-8B", engine: str = "vllm", **fields: object) -> Workload:
    match = resolve_model(name)
    workload = Workload(
        task="serve", modality="text", engine=engine, model=match.model, params_b=match.params_b
    )
    return workload._replace(**fields)


def _read(
    workload: Workload, gpu: str = "H100 SXM", gpus: int = 1, *, tokens: float, before: float = 0.0
) -> Prefill:
    card = resolve_gpu(gpu).gpu
    assert card
    found = prefill(workload, card, gpus, tokens=tokens, before=before)
    assert isinstance(found, Prefill)
    return found


def test_a_prompt_by_hand() -> None:
    """Llama-3.1-8B: 6.979 B parameters in its layers (8.030 less 2 × 128,256 × 4,096), 2 operations each; attention
    4 × 4,096 × 32 layers for each pair of tokens, half of 1,024². On an H100 at 0.72 of 989 TFLOPS, attention at 0.4:
    14.293 TFLOP ÷ 712 + 0.275 ÷ 396 = 20.77 ms, and 32 layers × 90 µs."""
    shape = shape_of(_of())
    assert isinstance(shape, Shape)
    assert attention_flops(shape, 1024, 0) == 4 * 4096 * 32 * 1024 * 1024 / 2
    assert _read(_of(), tokens=1024).seconds.expected == pytest.approx(0.02077 + 0.00288, rel=0.01)


def test_what_is_there_already_is_looked_at_but_not_read() -> None:
    """512 tokens after 10,000 look at 10,256 each: 4 × 4,096 × 32 × 512 × 10,256 = 2.75 TFLOP, 2.68 more."""
    alone, after = _read(_of(), tokens=512), _read(_of(), tokens=512, before=10_000)
    more = 4 * 4096 * 32 * 512 * 10_000 / (0.4 * 989e12)
    assert after.seconds.expected - alone.seconds.expected == pytest.approx(more)


def test_llama_cpp_computes_in_integers() -> None:
    """A quarter of the INT8 operations (0.24): an RTX 3090 with 284 TOPS reads 8 B parameters in Q4_K_M at 68 TFLOPS,
    two or three thousand tokens a second and more (llama.cpp's own benchmarks: 4,700 to 5,200 of a 7B)."""
    found = _read(_of(engine="llama.cpp", quantization="gguf:Q4_K_M"), "RTX 3090", tokens=512)
    assert 3800 < found.per_second.expected < 5200


def test_longer_is_never_sooner_and_more_gpus_never_later() -> None:
    ggml = _of(engine="llama.cpp", quantization="gguf:Q4_K_M")
    kinds = [(_of(), 1), (_of("Qwen3-30B-A3B"), 1), (_of("gpt-oss-20b"), 2), (ggml, 1), (ggml, 2), (ggml, 8)]
    for workload, gpus in kinds:
        lengths = (1, 8, 100, 511, 513, 2048, 2049, 8192, 8193, 60_000)
        times = [_read(workload, gpus=gpus, tokens=n).seconds for n in lengths]
        for shorter, longer in pairwise(times):
            assert all(more >= less for less, more in zip(shorter, longer, strict=True))
        assert all(time.low <= time.expected <= time.high for time in times)
    for fewer, more in pairwise(_read(_of(), gpus=n, tokens=4096).seconds.expected for n in (1, 2, 4, 8)):
        assert more <= fewer


def test_fewer_bits_are_quicker_only_where_the_gpu_computes_in_them() -> None:
    wide = _read(_of(), tokens=4096).seconds.expected
    assert _read(_of(quantization="fp8"), tokens=4096).seconds.expected < wide
    assert _read(_of(quantization="awq"), tokens=4096).seconds.expected == pytest.approx(wide, rel=0.01)
    old = _read(_of(), "A100 80GB SXM4", tokens=4096).seconds.expected
    assert _read(_of(quantization="fp8"), "A100 80GB SXM4", tokens=4096).seconds.expected == pytest.approx(
        old, rel=0.01
    )


def test_stages_overlap_where_several_passes_are_under_way() -> None:
    """Four passes through two GPUs take five turns of eight; with 0.87 of that gain 1 − 0.87 × 3 ÷ 8."""
    assert overlapped(4, 2, 1.0) == 5 / 8
    assert overlapped(4, 2, 0.87) == pytest.approx(1 - 0.87 * 3 / 8)
    assert overlapped(1, 2, 0.87) == overlapped(4, 1, 0.87) == overlapped(4, 2, 0.0) == 1.0
    assert engine_of("llama.cpp").prefill.overlaps > 0
