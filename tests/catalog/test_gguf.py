"""GGUF headers as llama.cpp writes them: weights by part and type, caches, split files."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.parts import Cache
from gpuspec.catalog.model import Model
from gpuspec.catalog.read_repository import read_repository
from tests.catalog.files import InMemory, gguf

F32, Q8_0, Q4_K, Q6_K, MXFP4 = 0, 8, 12, 14, 39
"""Numbers of ggml's types (ggml.h)."""


def facts(kind: str, **fields: Any) -> dict[str, Any]:
    """The metadata of an architecture; `attention__key_length` is written "kind.attention.key_length"."""
    named = {f"{kind}.{key.replace('__', '.')}": value for key, value in fields.items()}
    return {"general.architecture": kind, **named}


LLAMA = facts(
    "llama", block_count=32, embedding_length=4096, feed_forward_length=14336, context_length=131072,
    vocab_size=128256, attention__head_count=32, attention__head_count_kv=8,
) | {"general.file_type": 15}  # fmt: skip


def llama_tensors() -> dict[str, tuple[list[int], int]]:
    """Llama 3.1 8B in Q4_K_M: `use_more_bits` of llama-quant.cpp keeps half of the attn_v and ffn_down in Q6_K."""
    found: dict[str, tuple[list[int], int]] = {
        "token_embd.weight": ([4096, 128256], Q4_K), "output.weight": ([4096, 128256], Q6_K),
        "output_norm.weight": ([4096], F32), "rope_freqs.weight": ([64], F32),
    }  # fmt: skip
    for layer in range(32):
        more = layer < 4 or layer >= 28 or (layer - 4) % 3 == 2
        shapes = {
            "attn_q": ([4096, 4096], Q4_K), "attn_k": ([4096, 1024], Q4_K), "attn_output": ([4096, 4096], Q4_K),
            "attn_v": ([4096, 1024], Q6_K if more else Q4_K), "ffn_gate": ([4096, 14336], Q4_K),
            "ffn_up": ([4096, 14336], Q4_K), "ffn_down": ([14336, 4096], Q6_K if more else Q4_K),
            "attn_norm": ([4096], F32), "ffn_norm": ([4096], F32),
        }  # fmt: skip
        found |= {f"blk.{layer}.{name}.weight": shape for name, shape in shapes.items()}
    return found


def stored(model: Model, *parts: str) -> float:
    """Bytes of these parts; of all where none is named."""
    return sum(row.parameters * row.bits / 8 for row in model.weights if not parts or row.part in parts)


def read(header: bytes) -> Model:
    return read_repository(InMemory({"m.gguf": header}))


def test_weights_are_as_large_as_the_file() -> None:
    model = read(gguf(LLAMA, llama_tensors()))
    # bartowski/Meta-Llama-3.1-8B-Instruct-GGUF Q4_K_M: 4,920,739,232 bytes, of them 7.8 MB of vocabulary
    assert stored(model) == pytest.approx(4_920_739_232 - 7_833_000, rel=1e-4)
    assert stored(model, "embedding") == 4096 * 128256 * 144 / 256
    assert stored(model, "head") == 4096 * 128256 * 210 / 256
    assert model.params_b == pytest.approx((8_030_261_248 + 64) / 1e9)  # the hub's count, and rope_freqs
    assert (model.native_dtype, model.tied_embeddings, model.max_context) == ("gguf:Q4_K_M", False, 131072)
    assert model.caches == (Cache("full", width=2 * 8 * 128, heads=8, layers=32),)


def test_experts_of_which_a_token_takes_some() -> None:
    tensors = {f"blk.0.ffn_{name}_exps.weight": ([2880, 2880, 32], MXFP4) for name in ("gate", "up", "down")}
    tensors |= {"blk.0.ffn_gate_inp.weight": ([2880, 32], F32), "token_embd.weight": ([2880, 1000], Q8_0)}
    model = read(gguf(facts("gpt-oss", block_count=1, expert_count=32, expert_used_count=4), tensors))
    assert stored(model, "experts") == 3 * 2880 * 2880 * 32 * 17 / 32  # 17 bytes for 32 weights
    experts = next(row for row in model.weights if row.part == "experts")
    assert (experts.active, experts.scheme) == (3 * 2880 * 2880 * 4, "gguf:MXFP4")
    assert (model.experts, model.experts_used) == (32, 4)
    assert model.active_params_b == pytest.approx((3 * 2880 * 2880 * 4 + 2880 * 32 + 2880 * 1000) / 1e9)


def of_layers(kind: str, layers: int, tensors: tuple[str, ...], **fields: Any) -> tuple[Cache, ...]:
    """The caches of a model whose layers all have these tensors."""
    named = {f"blk.{layer}.{name}.weight": ([64, 64], F32) for layer in range(layers) for name in tensors}
    return read(gguf(facts(kind, block_count=layers, **fields), named)).caches


def test_windows_of_gemma_3() -> None:
    found = of_layers(
        "gemma3", 26, ("attn_q", "attn_k", "attn_v"), embedding_length=1152, attention__head_count=4,
        attention__head_count_kv=1, attention__key_length=256, attention__value_length=256,
        attention__sliding_window=512,
    )  # fmt: skip
    assert found == (
        Cache("window", width=512, heads=1, window=512, layers=22),
        Cache("full", width=512, heads=1, layers=4),  # layers 5, 11, 17 and 23
    )


def test_windows_that_a_file_lists_with_heads_of_their_own() -> None:
    """Gemma 4: `sliding_window_pattern` for each layer, other heads where the whole text is seen, layers at the end
    that share the caches of others."""
    found = of_layers(
        "gemma4", 4, ("attn_k", "attn_v"), embedding_length=64, attention__head_count=8,
        attention__head_count_kv=[2, 1, 2, 1], attention__key_length=512, attention__value_length=512,
        attention__key_length_swa=256, attention__value_length_swa=256, attention__sliding_window=1024,
        attention__sliding_window_pattern=[True, False, True, False], attention__shared_kv_layers=1,
    )  # fmt: skip
    assert found == (
        Cache("window", width=2 * 2 * 256, heads=2, window=1024, layers=2),
        Cache("full", width=2 * 512, heads=1, layers=1),
    )


def test_latent_attention_of_deepseek() -> None:
    found = of_layers(
        "deepseek2", 3, ("attn_kv_a_mqa", "attn_k_b", "attn_v_b"), embedding_length=7168, attention__head_count=128,
        attention__head_count_kv=1, attention__key_length=576, attention__value_length=512,
        attention__key_length_mla=192, attention__value_length_mla=128, attention__kv_lora_rank=512,
    )  # fmt: skip
    assert found == (Cache("latent", width=576, layers=3),)  # vLLM's and llama.cpp's 512 + 64


def test_recurrent_layers_of_a_hybrid() -> None:
    """Qwen3-Next 80B-A3B: three columns of the convolution and a state of 128 × 4,096 (llama-hparams.cpp)."""
    tensors = {}
    for layer in range(48):
        kinds = ("attn_k", "attn_v") if layer % 4 == 3 else ("attn_qkv", "attn_gate", "ssm_conv1d", "ssm_out")
        tensors |= {f"blk.{layer}.{name}.weight": ([64, 64], F32) for name in kinds}
    said = facts(
        "qwen3next", block_count=48, embedding_length=2048, attention__head_count=16, attention__head_count_kv=2,
        attention__key_length=256, attention__value_length=256, ssm__conv_kernel=4, ssm__inner_size=4096,
        ssm__state_size=128, ssm__group_count=16, ssm__time_step_rank=32,
    )  # fmt: skip
    found = read(gguf(said, tensors)).caches
    state = 3 * (4096 + 2 * 16 * 128) + 128 * 4096
    assert found == (
        Cache("state", state=state, state_bits=32, layers=36),
        Cache("full", width=1024, heads=2, layers=12),
    )


def test_an_encoder_remembers_nothing_and_draft_layers_are_set_apart() -> None:
    bert = {"embedding_length": 64, "attention__head_count": 8, "attention__causal": False}
    assert of_layers("bert", 2, ("attn_k",), **bert) == ()
    tensors = {f"blk.{layer}.attn_k.weight": ([64, 64], F32) for layer in range(3)}
    said = facts(
        "glm4moe", block_count=3, nextn_predict_layers=1, embedding_length=64, attention__head_count=8
    )
    model = read(gguf(said, tensors))
    assert model.layers == 2
    assert sum(cache.layers for cache in model.caches) == 2
    assert {row.part: row.parameters for row in model.weights} == {"attention": 2 * 64 * 64, "draft": 64 * 64}


def test_all_parts_of_a_split_file_are_read() -> None:
    first = gguf(facts("llama", block_count=2, embedding_length=64), {"token_embd.weight": ([64, 100], Q8_0)})
    second = gguf({}, {"output.weight": ([64, 100], Q8_0)})
    names = [f"Q8_0/m-Q8_0-0000{part}-of-00002.gguf" for part in (1, 2)]
    model = read_repository(InMemory(dict(zip(names, (first, second), strict=True))))
    assert (model.params_b, model.tied_embeddings) == (12_800 / 1e9, False)
    with pytest.raises(ValueError, match="00002-of-00002"):
        read_repository(InMemory({names[0]: first}))


def test_one_of_several_files() -> None:
    files = {f"m-{kind}.gguf": gguf(LLAMA | {"general.file_type": number}) for kind, number in KINDS.items()}
    repository = InMemory({**files, "imatrix.gguf": b"", "README.md": b""})
    assert read_repository(repository).native_dtype == "gguf:Q4_K_M"


KINDS = {"BF16": 32, "Q4_K_M": 15, "Q6_K": 18}


def test_eyes_that_lie_beside() -> None:
    eyes = gguf(
        {"general.architecture": "clip"}, {"v.blk.0.attn_q.weight": ([8, 8], 1), "mm.0.weight": ([8, 8], 1)}
    )
    text = gguf(LLAMA, {"token_embd.weight": ([64, 100], Q8_0)})
    model = read_repository(InMemory({"m.gguf": text, "mmproj-m.gguf": eyes}))
    assert {row.part: row.parameters for row in model.weights} == {
        "embedding": 6400,
        "vision": 64,
        "projector": 64,
    }
    assert model.layers == 32


def test_no_more_than_the_header_is_fetched() -> None:
    repository = InMemory({"m.gguf": gguf(LLAMA, llama_tensors()) + bytes(20_000_000)})
    read_repository(repository)
    assert sum(length for _, length in repository.asked) <= 2 * 1024 * 1024
