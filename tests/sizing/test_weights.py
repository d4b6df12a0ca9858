"""Weights against arithmetic by hand and published file sizes."""

from __future__ import annotations

import pytest

from gpuspec import resolve_model
from gpuspec.quantization import bits_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.weights import weights
from gpuspec.workload import Workload


def shape(name: str) -> Shape:
    found = shape_of(Workload(model=resolve_model(name).model))
    assert isinstance(found, Shape)
    return found


def test_sixteen_bit_is_two_bytes_each() -> None:
    assert weights(shape("Llama-3.1-8B"), "bf16").expected == pytest.approx(8.030261248e9 * 2)


def test_awq_keeps_both_embeddings_in_sixteen_bit() -> None:
    # 70.554 B; embeddings 2 × 128,256 × 8,192 = 2.101 B; norms 161 × 8,192; 4-bit with groups of 128: 4 + 20/128 =
    # 4.156 bits.
    kept = 2 * 128256 * 8192 + 161 * 8192
    by_hand = (70_553_706_496 - kept) * 4.156 / 8 + kept * 2
    assert weights(shape("Llama-3.1-70B"), "awq").expected == pytest.approx(by_hand)
    assert by_hand / 1e9 == pytest.approx(39.8, abs=0.1)  # the AWQ checkpoint on the hub: 39.8 GB


@pytest.mark.parametrize(
    ("scheme", "gib"),
    # llama.cpp tools/quantize/README.md, Llama-3.1-8B
    [
        ("gguf:Q2_K", 2.95),
        ("gguf:Q4_K_M", 4.58),
        ("gguf:Q5_K_M", 5.33),
        ("gguf:Q6_K", 6.14),
        ("gguf:Q8_0", 7.95),
    ],
)
def test_gguf_files_have_the_size_llama_cpp_prints(scheme: str, gib: float) -> None:
    assert weights(shape("Llama-3.1-8B"), scheme).expected / 2**30 == pytest.approx(gib, abs=0.02)


def test_double_quantized_nf4_is_what_litgpt_measured() -> None:
    # LitGPT tutorials/quantize.md prints 37.21 GB for Llama-2-70B in nf4-dq with 32,000 words.
    assert weights(shape("Llama-2-70B"), "nf4-dq").expected / 1e9 == pytest.approx(36.4, rel=0.03)


def test_mxfp4_touches_experts_only() -> None:
    # gpt-oss-120b, 116.83 B: 36 layers × 128 experts × 3 × 2,880² = 114.7 B at 4.25 bits, the rest at 16: so are
    # the biases of the experts, which its checkpoint has beside their blocks and scales.
    experts = 36 * 128 * 3 * 2880 * 2880
    by_hand = experts * 4.25 / 8 + (116_829_156_672 - experts) * 2
    assert weights(shape("gpt-oss-120b"), "mxfp4").expected == pytest.approx(by_hand, rel=1e-6)


def test_a_tied_head_stored_again_costs_one_embedding() -> None:
    tied = shape("Llama-3.2-1B")
    once, twice = weights(tied, "fp8").expected, weights(tied, "fp8", untied_head=True).expected
    assert twice - once == 128256 * 2048 * 2


def test_a_larger_uncertainty_is_said_where_the_shape_is_not_known() -> None:
    unknown = shape_of(Workload(params_b=70))
    assert isinstance(unknown, Shape)
    assert not unknown.exact
    rough, exact = weights(unknown, "awq"), weights(shape("Llama-3.1-70B"), "awq")
    assert rough.high / rough.low > exact.high / exact.low


@pytest.mark.parametrize(
    ("name", "bits"), [("gguf:UD-Q4_K_XL", 4.8944), ("gguf:q8_0", 8.5008), ("nope", None)]
)
def test_names_of_schemes(name: str, bits: float | None) -> None:
    assert bits_of(name) == bits


@pytest.mark.parametrize(
    ("scheme", "gigabytes"),
    # unsloth/gpt-oss-20b-GGUF, sizes as the hub lists its files: the experts are in MXFP4 in each of them
    [("gguf:Q2_K", 11.5), ("gguf:Q4_K_M", 11.6), ("gguf:Q8_0", 12.1), ("gguf:F16", 13.8)],
)
def test_gguf_files_keep_experts_that_are_in_mxfp4_by_birth(scheme: str, gigabytes: float) -> None:
    assert weights(shape("openai/gpt-oss-20b"), scheme).expected / 1e9 == pytest.approx(gigabytes, rel=0.06)
