"""The table of schemes: bits by hand and by the size of published files; how people and checkpoints spell them."""

from __future__ import annotations

import pytest

from gpuspec.quantization import SCHEMES, bits_of, find_scheme, spelled
from gpuspec.quantization.checkpoint_names import split_quantization
from gpuspec.quantization.gguf import part_bits


@pytest.mark.parametrize(
    ("scheme", "bits"),
    [
        ("awq", 4 + (16 + 4) / 128),  # groups of 128 weights: a 16-bit scale and a 4-bit zero
        ("gptq-int4", 4 + (16 + 4) / 128),
        ("nf4", 4 + 32 / 64),  # blocks of 64: a 32-bit scale
        ("nf4-dq", 4 + 8 / 64 + 32 / (64 * 256)),  # the scales themselves in 8 bit (QLoRA, section 3)
        ("nvfp4", 4 + 8 / 16),  # blocks of 16: an FP8 scale
        ("mxfp4", 4 + 8 / 32),  # OCP Microscaling Formats 1.0: blocks of 32, an 8-bit exponent
        ("fp8", 8.0),
        ("bf16", 16.0),
        ("bpw:4.25", 4.25),
    ],
)
def test_bits_of_a_weight(scheme: str, bits: float) -> None:
    assert bits_of(scheme) == pytest.approx(bits, abs=0.001)


@pytest.mark.parametrize(
    ("kind", "gigabytes"),
    [("Q4_K_M", 4.92), ("Q5_K_M", 5.73), ("Q6_K", 6.60), ("Q8_0", 8.54), ("IQ4_XS", 4.45)],
)
def test_gguf_files_are_as_large_as_those_published(kind: str, gigabytes: float) -> None:
    """bartowski/Meta-Llama-3.1-8B-Instruct-GGUF, sizes of its model card; 8.03e9 parameters."""
    bits = bits_of(f"gguf:{kind}")
    assert bits
    assert bits * 8.03 / 8 == pytest.approx(gigabytes, rel=0.01)


@pytest.mark.parametrize(
    ("flag", "scheme"),
    [
        ("awq_marlin", "awq"),  # vLLM
        ("gptq_marlin", "gptq-int4"),
        ("w8a8_fp8", "fp8"),  # SGLang
        ("bitsandbytes", "nf4"),
        ("eetq", "int8"),  # TGI
        ("bnb.nf4-dq", "nf4-dq"),  # LitGPT
        ("gguf:q4_k_m", "gguf:Q4_K_M"),
        ("compressed-tensors", None),  # says nothing of the bits
        ("none", None),
    ],
)
def test_what_flags_call_them(flag: str, scheme: str | None) -> None:
    assert spelled(flag) == scheme


@pytest.mark.parametrize(
    ("name", "plain", "scheme"),
    [
        ("Qwen2.5-7B-Instruct-AWQ", "Qwen2.5-7B-Instruct", "awq"),
        ("Qwen2.5-7B-Instruct-GPTQ-Int8", "Qwen2.5-7B-Instruct", "gptq-int8"),
        ("Meta-Llama-3.1-8B-Instruct-FP8-dynamic", "Meta-Llama-3.1-8B-Instruct", "fp8"),
        ("Llama-3.2-1B-Instruct-bnb-4bit", "Llama-3.2-1B-Instruct", "nf4"),
        ("Mistral-7B-v0.1.Q4_K_M.gguf", "Mistral-7B-v0.1", "gguf:Q4_K_M"),
        ("Qwen3.6-27B-oQ4e-mtp", "Qwen3.6-27B-mtp", "int4"),  # oMLX: most layers in 4 bits
        ("Llama-3.1-8B-Instruct", "Llama-3.1-8B-Instruct", None),
    ],
)
def test_what_names_of_checkpoints_state(name: str, plain: str, scheme: str | None) -> None:
    assert split_quantization(name) == (plain, scheme)


def test_unsloths_four_bit_is_quantized_twice() -> None:
    assert split_quantization("Llama-3.2-1B-Instruct-bnb-4bit", owner="unsloth")[1] == "nf4-dq"


def test_no_word_means_two_schemes() -> None:
    words = [spelling for scheme in SCHEMES for spelling in scheme.spellings]
    assert sorted(words) == sorted(set(words))


def test_what_is_not_known_has_no_bits() -> None:
    assert find_scheme("hqq-3.5").bits is None
    assert bits_of("gguf:Q9_X") is None


@pytest.mark.parametrize(
    ("kind", "gigabytes"),
    # Files of Llama-3.1-8B (8,030,261,248 weights): llama.cpp tools/quantize/README.md, and bartowski's card for _L.
    [("Q4_K_M", 4.913), ("Q8_0", 8.533), ("Q4_K_L", 5.31), ("Q6_K_L", 6.85)],
)
def test_the_parts_of_a_gguf_file_make_the_whole(kind: str, gigabytes: float) -> None:
    parts = part_bits(kind)
    assert parts is not None
    once = 128_256 * 4096
    whole = once * (parts.embedding + parts.head) + (8_030_261_248 - 2 * once) * parts.rest
    assert whole / 8e9 == pytest.approx(gigabytes, rel=0.002)
    assert find_scheme(f"gguf:{kind}").bits == pytest.approx(whole / 8_030_261_248, rel=0.0001)


def test_a_gguf_type_nobody_publishes_has_no_size() -> None:
    assert part_bits("Q6_K_XL") is None
    assert find_scheme("gguf:Q6_K_XL").bits is None


def test_a_gguf_file_with_the_layers_that_draft_is_of_its_model() -> None:
    assert split_quantization("Qwen3.5-9B-MTP-GGUF") == ("Qwen3.5-9B", "gguf")
    assert split_quantization("Qwen3.5-9B-MTP-Q6_K.gguf") == ("Qwen3.5-9B", "gguf:Q6_K")
    assert split_quantization("MiMo-7B-MTP") == ("MiMo-7B-MTP", None)
