"""ZAYA1 (arXiv 2511.17127): queries and keys pass a convolution; a mixture with a small network for its router."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.mixers import state
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import block_norms, copies, gated_mlp, kv_cache, linear, norm, vector


def _attention(c: ModelConfig) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    queries, keys = c.heads * c.head_dim, c.kv_heads * c.head_dim
    mixed, bias, at = queries + keys, c.flag("attention_bias"), "self_attn.qkv_proj"
    short, grouped = c.size("cca_time0"), c.size("cca_time1")
    weights = (
        linear(f"{at}.q_proj", "attention", c.hidden, queries, bias=bias),
        linear(f"{at}.k_proj", "attention", c.hidden, keys, bias=bias),
        linear(f"{at}.v_proj_current", "attention", c.hidden, max(keys // 2, 1), bias=bias),
        linear(f"{at}.v_proj_delayed", "attention", c.hidden, max(keys // 2, 1), bias=bias),
        vector(f"{at}.conv_qk_depthwise", "attention", mixed * (short + 1)),
        vector(f"{at}.conv_qk_grouped", "attention", mixed * (c.head_dim * grouped + 1)),
        vector("self_attn.qk_norm.temp", "attention", c.kv_heads),
        linear("self_attn.o_proj", "attention", queries, c.hidden, bias=bias),
    )
    # Beside keys and values: the columns that the convolutions look back on, and half of the last token's values.
    return weights, (state(mixed * (short + grouped - 2) + keys // 2),)


def _mixture(c: ModelConfig) -> tuple[Weight, ...]:
    """Experts, and one more choice that skips them all."""
    experts, inner = c.size("num_experts"), c.size("router_hidden_size")
    each = gated_mlp(c, c.size("moe_intermediate_size"), at="mlp.experts.*", part="experts")
    return (
        linear("mlp.gate.down_proj", "router", c.hidden, inner, bias=True),
        norm("mlp.gate.router_mlp.norm", inner),
        linear("mlp.gate.router_mlp.fc1", "router", inner, inner, bias=True),
        linear("mlp.gate.router_mlp.fc2", "router", inner, inner, bias=True),
        linear("mlp.gate.router_mlp.out_proj", "router", inner, experts + 1),
        *(copies(weight, experts, c.size("num_experts_per_tok", default=1)) for weight in each),
    )


def _zaya(c: ModelConfig) -> Architecture:
    heads, states = _attention(c)
    weights = (
        *heads,
        *_mixture(c),
        *block_norms(c),
        vector("post_attention_residual_scale", "norms", 4 * c.hidden),
        vector("post_mlp_residual_scale", "norms", 4 * c.hidden),
    )
    kinds = c.per_layer("layer_types") or ("hybrid",) * c.layers
    seen = {kind: c.size("sliding_window") if "sliding" in kind else 0 for kind in set(kinds)}
    layers = [Layer(weights, (kv_cache(c, window=seen[kind]), *states)) for kind in kinds]
    carried = vector("mlp.gate.router_states_scale", "router", c.size("router_hidden_size"))
    layers[1:] = [Layer((*layer.weights, carried), layer.caches) for layer in layers[1:]]
    scaled = vector("model.input_hidden_states", "norms", 2 * c.hidden)
    return decoder(c, layers, outside=[scaled], head_bias=c.flag("lm_head_bias"))


TYPES: Mapping[str, Reader] = {"zaya": _zaya}
