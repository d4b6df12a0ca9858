"""Cache per token against arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec import resolve_model
from gpuspec.sizing.kv import kv_bytes, kv_cache
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.workload import Workload
from gpuspec.workload.values import kv_dtype


def shape(name: str) -> Shape:
    found = shape_of(Workload(model=resolve_model(name).model))
    assert isinstance(found, Shape)
    return found


@pytest.mark.parametrize(
    ("model", "per_token"),
    [
        ("Llama-3.1-8B", 32 * 2 * 8 * 128 * 2),
        ("Llama-3.1-70B", 80 * 2 * 8 * 128 * 2),
        ("Llama-2-13B", 40 * 2 * 40 * 128 * 2),  # every head its own keys: 0.78 MiB
        ("DeepSeek-V3", 61 * (512 + 64) * 2),  # latent attention: 70 KB where 128 heads would need 4 MB
        ("Qwen3.5-27B", 16 * 2 * 4 * 256 * 2),  # 48 of 64 layers are linear and do not grow
    ],
)
def test_bytes_per_token(model: str, per_token: int) -> None:
    one, two = (kv_cache(shape(model), tokens, 1) for tokens in (1000, 2000))
    assert two - one == pytest.approx(1000 * per_token)


def test_sliding_windows_stop_growing() -> None:
    # Gemma-3-27B: 52 of 62 layers see 1,024 tokens at most; 2 × 16 × 128 elements of 2 bytes.
    per_layer = 2 * 16 * 128 * 2
    by_hand = per_layer * (10 * 32768 + 52 * 1024)
    assert kv_cache(shape("Gemma-3-27B"), 32768, 1) == pytest.approx(by_hand)


def test_llama31_table_of_hugging_face() -> None:
    # HF blog llama31.md: 8B at 128,000 tokens 15.62 GiB, 70B 39.06 GiB.
    assert kv_cache(shape("Llama-3.1-8B"), 128000, 1) / 2**30 == pytest.approx(15.62, abs=0.01)
    assert kv_cache(shape("Llama-3.1-70B"), 128000, 1) / 2**30 == pytest.approx(39.06, abs=0.01)


def test_eight_bit_cache_is_half() -> None:
    llama = shape("Llama-3.1-8B")
    assert kv_cache(llama, 4096, 4, "fp8_e4m3") == kv_cache(llama, 4096, 4) / 2


def test_every_dtype_that_can_be_said_has_a_size() -> None:
    """Blocks of 32: 4 bits an element and a scale of 16 (llama.cpp's Q4_0)."""
    assert kv_bytes("fp4") == kv_bytes("int4") == (4 + 16 / 32) / 8
    assert kv_dtype("nvfp4") == "fp4"
