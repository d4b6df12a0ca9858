"""Repositories of strangers: whatever their files hold, there is a Model or a ValueError in words, soon."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.catalog.model import Model
from gpuspec.catalog.read_repository import adapter_of, read_repository
from tests.catalog.files import InMemory, gguf, safetensors

KEYS = (
    "model_type", "text_config", "vision_config", "num_hidden_layers", "hidden_size", "num_attention_heads",
    "vocab_size", "quantization_config", "quant_method", "config_groups", "weights", "num_bits", "targets", "ignore",
    "bits", "group_size", "quantized_layers", "quant_algo", "dynamic", "extra_config", "quant_type", "_data", "_type",
    "global_quant_config", "weight", "dtype", "layer_quant_config", "config_for_layers", "vector_lens",
    "num_centroids", "weight_block_size", "sparsity_config", "dim", "n_layers", "n_heads", "moe", "multimodal",
    "vision_encoder", "whisper_model_args", "encoder_args", "quantization", "sliding_window", "_class_name",
    "transformer", "unet", "vae", "base_model_name_or_path", "r",
)  # fmt: skip
METHODS = (
    "llama", "qwen3_moe", "fp8", "gptq", "awq", "compressed-tensors", "modelopt", "torchao", "quark", "vptq", "aqlm",
    "hqq", "bitsandbytes", "mlx", "exl3", "auto-round", "quanto", "Linear", "re:(", "NVFP4", "int4_weight_only",
)  # fmt: skip
numbers = st.integers(-3, 300) | st.sampled_from([10**30, -1, 0, 1e308, 0.5])
leaves = st.none() | st.booleans() | numbers | st.sampled_from(METHODS)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=12)


def outcome(files: dict[str, Any]) -> Model | str:
    """The model, or why there is none. Anything else is raised."""
    try:
        return read_repository(InMemory(files))
    except ValueError as error:
        words = str(error)
    assert words
    return words


LLAMA = {
    "model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "vocab_size": 100,
    "intermediate_size": 64,
}  # fmt: skip


@settings(max_examples=100, deadline=2_000)
@given(value=objects)
def test_any_object_in_any_file(value: dict[str, Any]) -> None:
    for file in ("config.json", "params.json", "model_index.json"):
        outcome({file: value, "transformer/a.safetensors": safetensors({"w": ("F32", [4], 16)})})
    outcome({"config.json": {**LLAMA, "quantization_config": value}})
    outcome({"config.json": LLAMA, "hf_quant_config.json": {"quantization": value}})
    adapter_of(InMemory({"adapter_config.json": value}))


@settings(max_examples=100, deadline=2_000)
@given(
    facts=st.dictionaries(
        st.sampled_from(
            ["block_count", "embedding_length", "attention.head_count", "attention.head_count_kv", "expert_count",
             "attention.sliding_window", "attention.sliding_window_pattern", "attention.key_length", "ssm.inner_size",
             "nextn_predict_layers", "expert_used_count", "wkv.head_size", "attention.shared_kv_layers"]
        ),
        st.integers(0, 2**32 - 1) | st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5) | st.text(max_size=3),
        max_size=8,
    ),
    layer=st.integers(0, 10**6),
)  # fmt: skip
def test_any_facts_of_a_gguf_header(facts: dict[str, Any], layer: int) -> None:
    said = {"general.architecture": "gemma3", **{f"gemma3.{key}": value for key, value in facts.items()}}
    names = ("attn_k", "ffn_up_exps", "ssm_out", "indexer.attn_k", "nextn.eh_proj")
    tensors = {f"blk.{layer}.{name}.weight": ([2**31, 4, 2], 12) for name in names}
    outcome({"m.gguf": gguf(said, tensors)})


@pytest.mark.parametrize("file", ["config.json", "params.json", "model_index.json", "adapter_config.json"])
@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b'{"a": NaN}', b'{"a": Infinity}',
        b'{"num_hidden_layers": 1' + b"0" * 5_000 + b"}", b'{"hidden_size": 1e999}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused_in_words(file: str, data: bytes) -> None:
    start = time.perf_counter()
    assert isinstance(outcome({file: data}), str)
    assert time.perf_counter() - start < 1


def test_no_more_than_allowed_is_read() -> None:
    config = json.dumps({"model_type": "llama", "a": "a" * 9_000_000}).encode()
    assert isinstance(outcome({"config.json": config}), str)
