"""Qwen and what is built like it: dense decoders, mixtures, the text parts of the models that see and hear."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import LlamaLike, everything, experts, windowed, windows
from gpuspec.architectures.parts import Architecture, Layer
from gpuspec.architectures.pieces import feed_forward, kv_cache, linear, norm

USUAL_WINDOW = 4096
"""Of Qwen's classes, which leave it out of their defaults while it is switched off."""


def switched_windows(c: ModelConfig) -> list[int]:
    """Windows of models that say apart whether theirs is used, and from which layer.

    Source: transformers 5.24 Qwen2Config."""
    listed = windowed(c)
    if not c.flag("use_sliding_window"):
        return everything(c)
    if "sliding_window" not in c.fields:
        c = c.read_as(c.model_type, sliding_window=USUAL_WINDOW)
    if listed:
        return windows(c)
    return [c.window if index >= c.count("max_window_layers") else 0 for index in range(c.layers)]


def one_in_step(c: ModelConfig) -> list[bool]:
    """Experts in one layer of `decoder_sparse_step`, but in none of `mlp_only_layers`."""
    step, dense = c.size("decoder_sparse_step", default=1), set(c.numbers("mlp_only_layers"))
    return [index not in dense and (index + 1) % step == 0 for index in range(c.layers)]


def _mimo(c: ModelConfig) -> Architecture:
    """MiMo-7B: Qwen2 with layers that predict further tokens. Source: vLLM mimo_mtp.py."""
    found = QWEN2.read(c)
    join = (
        linear("input_proj", "draft", 2 * c.hidden, c.hidden),
        *(norm(name, c.hidden) for name in ("token_layernorm", "hidden_layernorm", "final_layernorm")),
    )
    draft = Layer((*found.layers[-1].weights, *join), found.layers[-1].caches)
    return found._replace(drafts=(draft,) * min(c.count("num_nextn_predict_layers"), c.layers))


def _first_qwen(c: ModelConfig) -> Architecture:
    """Qwen of 2023: one matrix for query, key and value, and an `intermediate_size` of gate and up together.

    Source: Qwen/Qwen-7B modeling_qwen.py; the hub's elements of Qwen-7B and Qwen-72B (September 2026)."""
    inner, width = c.size("intermediate_size") // 2, c.heads * c.size("kv_channels", default=c.head_dim)
    weights = (
        linear("attn.c_attn", "attention", c.hidden, 3 * width, bias=True),
        linear("attn.c_proj", "attention", width, c.hidden),
        *feed_forward(c, inner, names=("w1", "w2", "c_proj")),
        norm("ln_1", c.hidden),
        norm("ln_2", c.hidden),
    )
    layers = [Layer(weights, (kv_cache(c, kv_heads=c.heads),))] * c.layers
    return decoder(c, layers)._replace(intermediate=inner)


QWEN2 = LlamaLike(bias=True, out_bias=False, window=switched_windows)
QWEN3 = LlamaLike(bias="attention_bias", qk_norm="head", window=switched_windows)
QWEN3_MOE = QWEN3._replace(experts=experts(), sparse=one_in_step)

TYPES: Mapping[str, Reader] = {
    "mimo": _mimo,
    "qwen": _first_qwen,
    "qwen2": QWEN2.read,
    "qwen2_5_omni_text": QWEN2.read,
    "qwen2_5_vl_text": QWEN2.read,
    "qwen2_moe": QWEN2._replace(
        bias="qkv_bias",
        experts=experts(shared_at="mlp.shared_expert", shared_gate=True),
        sparse=one_in_step,
    ).read,
    "qwen2_vl_text": QWEN2.read,
    "qwen3": QWEN3.read,
    "qwen3_moe": QWEN3_MOE.read,
    "qwen3_omni_moe_text": QWEN3_MOE.read,
    "qwen3_vl_moe_text": QWEN3_MOE.read,
    "qwen3_vl_text": QWEN3.read,
    "sdar": QWEN3.read,
}
