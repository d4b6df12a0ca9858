"""Buffers of llama.cpp and Ollama against what their logs print."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.sizing import Need, need
from gpuspec.workload import Workload

MIB = 1024.0
OLD = "b4000"
"""A build of 2024: no FlashAttention unless told, one slot, the logits of a whole chunk."""


def sized(model: str, gpus: int = 1, *, gpu: str | None = None, **fields: Any) -> Need:
    said = {
        "task": "serve",
        "engine": "llama.cpp",
        "quantization": "gguf:Q4_K_M",
        "text_only": True,
        **fields,
    }
    workload = Workload(model=resolve_model(model).model, model_name=model, **said)
    found = need(workload, gpus, gpu=resolve_gpu(gpu).gpu if gpu else None)
    assert isinstance(found, Need)
    return found


def mib(found: Need, part: str) -> float:
    return found.largest(part) * MIB


@pytest.mark.parametrize(
    ("model", "fields", "printed"),
    [
        # The page of llama.cpp on its Hexagon backend, gpt-oss-20b: 102.00 MiB of full layers and 3.19 of 256 cells.
        (
            "gpt-oss-20b",
            {"context": 8192, "kv_dtype": "q8_0", "max_batched_tokens": 128, "concurrency": 1},
            102.00 + 3.19,
        ),
        # Its windows are not heeded (src/models/phi3.cpp): 32 layers × 2 × 3,072 × 4,096 tokens × 2 bytes.
        ("Phi-3-mini-4k-instruct", {"context": 4096, "concurrency": 1}, 1536.0),
        # 36 layers × 2 × 8 × 128 × 8,192 tokens × (34 + 18) / 64 bytes: q8_0 keys and q4_0 values, 468 MiB.
        ("Qwen3-8B", {"context": 8192, "kv_dtype": "q8_0/q4_0", "concurrency": 1}, 468.0),
        # Two slots of their own, and four that share what one was given.
        ("Qwen3-8B", {"context": 4096, "concurrency": 2}, 1152.0),
        ("Qwen3-8B", {"context": 8192}, 1152.0),
        # Padded to 256 cells.
        ("Qwen3-8B", {"context": 8000, "concurrency": 1}, 1152.0),
    ],
)  # fmt: skip
def test_the_cache_has_the_cells_that_the_log_prints(
    model: str, fields: dict[str, Any], printed: float
) -> None:
    assert mib(sized(model, **fields), "KV cache") == pytest.approx(printed, abs=0.02)


def test_windows_are_kept_for_every_slot_that_shares_the_cache() -> None:
    """Gemma 3 27B: 52 layers of a window of 1,024, 2 × 16 × 128 elements; n_swa × 4 slots + 512 of a chunk."""
    each = 2 * 16 * 128 * 2 / 2**20
    four = sized("Gemma-3-27B", context=32768)
    assert mib(four, "KV cache") == pytest.approx(each * (10 * 32768 + 52 * 4608))
    one = sized("Gemma-3-27B", context=32768, concurrency=1)
    assert mib(one, "KV cache") == pytest.approx(each * (10 * 32768 + 52 * 1536))
    whole = sized("Gemma-3-27B", context=32768, concurrency=1, whole_windows=True)
    assert mib(whole, "KV cache") == pytest.approx(each * 62 * 32768)
    before = sized("Gemma-3-27B", context=32768, concurrency=1, engine_version="b5000")
    assert before.kv_cache == whole.kv_cache


@pytest.mark.parametrize(
    ("model", "fields", "printed"),
    [
        # "CUDA0 compute buffer size" of builds of 2024, as issues quote it.
        ("Llama-2-7B", {"context": 4096}, 296.0),
        ("Llama-3-8B", {"context": 8192}, 560.0),
        ("Llama-3-8B", {"context": 8192, "flash_attention": True}, 258.5),
    ],
)
def test_the_compute_buffer(model: str, fields: dict[str, Any], printed: float) -> None:
    found = sized(model, concurrency=1, engine_version=OLD, **fields)
    assert mib(found, "compute buffer") == pytest.approx(printed, rel=0.005)


def test_a_server_of_today_has_room_for_the_logits_that_it_samples() -> None:
    """ggml-org/llama.cpp#23861. A benchmark keeps those of every token: 151,936 × 512 × 4 bytes."""
    served = sized("Qwen3-8B", context=4096, concurrency=1)
    measured = sized("Qwen3-8B", context=4096, concurrency=1, task="batch")
    assert mib(measured, "compute buffer") >= 151_936 * 512 * 4 / 2**20
    assert mib(served, "compute buffer") < 200


def test_a_quantized_cache_is_unpacked_for_a_prompt() -> None:
    """Qwen3.6-35B-A3B, 145,041 tokens: nvidia-smi at rest 7,981 MiB, at the peak 8,275 (#23861)."""
    found = sized("Qwen3.6-35B-A3B", context=145_041, kv_dtype="q8_0", concurrency=1)
    assert mib(found, "unpacked cache") == pytest.approx(294, rel=0.04)
    assert mib(sized("Qwen3.6-35B-A3B", context=145_041, concurrency=1), "unpacked cache") == 0


def test_the_largest_matrix_on_the_host_visits_the_gpu() -> None:
    """gpt-oss-120b's config.json: 128 experts of 2,880 × 2,880 in a layer, MXFP4's 4.25 bits: 538 MiB a matrix."""
    moe = sized("gpt-oss-120b", context=32768, experts_on_host=36, concurrency=1)
    assert mib(moe, "visiting weights") == pytest.approx(128 * 2880 * 2880 * 4.25 / 8 / 2**20, rel=0.02)
    alone = {"experts_on_host": 36, "max_batched_tokens": 16}
    assert mib(sized("gpt-oss-120b", **alone), "visiting weights") == 0
    assert mib(sized("Qwen3-8B", concurrency=1), "visiting weights") == 0
    # Qwen3-8B: 4,096 × 12,288 in Q4_K_M's 4.8 bits.
    some = mib(sized("Qwen3-8B", concurrency=1, layers_on_gpu=20, cpu_offload="weights"), "visiting weights")
    assert some == pytest.approx(4096 * 12288 * 4.8 / 8 / 2**20, rel=0.03)


def test_qwen_on_a_laptop() -> None:
    """Qwen2.5-7B-Instruct Q4_K_M, 8,192 tokens, -np 1, August 2026: nvidia-smi 4,706 MiB with q8_0, 4,594 with q4_0.

    Its CUDA context takes 153 MiB, less than that of a larger GPU."""
    for dtype, printed in (("q8_0", 4706), ("q4_0", 4594)):
        found = sized("Qwen2.5-7B-Instruct", context=8192, kv_dtype=dtype, concurrency=1)
        assert found.expected * MIB == pytest.approx(printed, rel=0.04)
        assert found.low * MIB <= printed <= found.high * MIB


def test_the_embedding_of_an_untied_model_stays_on_the_host() -> None:
    """152,064 × 3,584 weights of 4.5 bits; the file has them, and is fetched whole (4,683 MB)."""
    found = sized("Qwen2.5-7B-Instruct")
    assert found.on_host * MIB == pytest.approx(152_064 * 3584 * 4.5 / 8 / 2**20, rel=0.01)
    assert found.weights * 2**30 / 1e6 == pytest.approx(4683, rel=0.01)


def test_a_tied_model_has_its_head_on_the_gpu() -> None:
    """Llama-3.2-1B: head and embedding are one matrix of 6.5625 bits, whole file 807.7 MB."""
    found = sized("Llama-3.2-1B-Instruct")
    assert found.on_host == 0
    assert found.weights * 2**30 / 1e6 == pytest.approx(807.7, rel=0.015)


def test_layers_and_experts_on_the_host() -> None:
    whole = sized("Qwen3-30B-A3B")
    some = sized("Qwen3-30B-A3B", cpu_offload="weights", experts_on_host=24)
    none = sized("Qwen3-30B-A3B", cpu_offload="weights", experts_on_host=10_000)
    # 48 layers × 128 experts × 3 × 2,048 × 768 weights of 4.8 bits are 16.2 GiB of it.
    assert whole.largest("weights") - none.largest("weights") == pytest.approx(16.2, rel=0.01)
    assert whole.largest("weights") - some.largest("weights") == pytest.approx(8.1, rel=0.01)
    assert none.weights == pytest.approx(whole.weights)
    # The last 25 of 49 rows are 24 layers and the head.
    half = sized("Qwen3-30B-A3B", context=8192, cpu_offload="weights", layers_on_gpu=25)
    assert half.kv_cache == pytest.approx(sized("Qwen3-30B-A3B", context=8192).kv_cache / 2)


def test_ollama_without_flash_attention() -> None:
    """Mistral Small 3.1 24B with 131,072 tokens on two cards (ollama/ollama#10615): 20 GiB of cache and, without
    FlashAttention, 32 heads × 131,072 × 512 × 4 bytes on each."""
    fields = {"engine": "ollama", "context": 131_072}
    unknown = sized("Mistral-Small-3.1-24B", 2, **fields)
    known = sized("Mistral-Small-3.1-24B", 2, flash_attention=True, **fields)
    older = sized("Mistral-Small-3.1-24B", 2, engine_version="0.6.8", **fields)
    assert known.kv_cache == pytest.approx(
        20 * 21 / 41, rel=0.001
    )  # the fuller one has 21 of 40 layers and the head
    assert known.high < 20 < 24 < unknown.high
    assert older.largest("compute buffer") >= 8.0


def test_what_ollama_takes_by_default() -> None:
    """ollama/ollama#10364 and the notes of 0.15.5: 2,048, 4,096, then by the memory of the GPU."""
    model, each = "Qwen3-8B", 36 * 2 * 1024 * 2 / 2**30
    by_version = {"0.5.0": 2048, "0.6.7": 4096, None: 4096, "0.15.5": 4096}
    for version, tokens in by_version.items():
        found = sized(model, engine="ollama", engine_version=version, gpu="RTX 4070")
        assert found.kv_cache == pytest.approx(each * tokens)
    large = sized(model, engine="ollama", engine_version="0.16.0", gpu="RTX 4090")
    assert large.kv_cache == pytest.approx(each * 32_768)
