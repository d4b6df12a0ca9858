"""LFM2 and LFM3 of Liquid AI: short convolutions, and attention in some layers."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.mixers import short_convolution
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import attention, feed_forward, kv_cache, linear, mixture, norm

_NAMES = ("w1", "w3", "w2")


def _tied(c: ModelConfig) -> bool:
    """Configs before transformers 5 call it `tie_embedding`."""
    return c.flag("tie_embedding") if c.says("tie_embedding") else c.tied


def _width(c: ModelConfig) -> int:
    """Two thirds of what the config says, to the next multiple, unless that is switched off."""
    width = c.size("block_ff_dim", "intermediate_size")
    if not c.flag("block_auto_adjust_ff_dim"):
        return width
    step = c.size("block_multiple_of", default=256)
    scaled = int(c.number("block_ffn_dim_multiplier", 1.0) * int(2 * width / 3))
    return max(-(-scaled // step) * step, 1)


def _experts(c: ModelConfig) -> tuple[Weight, ...]:
    return mixture(
        c,
        experts=c.size("num_experts"),
        used=c.size("num_experts_per_tok"),
        width=c.size("moe_intermediate_size"),
        names=_NAMES,
        router="feed_forward.gate",
        at="feed_forward.experts.*",
    )


def _kinds(c: ModelConfig) -> list[str]:
    listed = c.per_layer("layer_types")
    if listed:
        return list(listed)
    attending = set(c.numbers("full_attn_idxs")) if c.says("full_attn_idxs") else set(range(c.layers))
    return ["full_attention" if index in attending else "conv" for index in range(c.layers)]


def _lfm2(c: ModelConfig) -> Architecture:
    mixer = short_convolution(c, kernel=c.size("conv_L_cache"), bias=c.flag("conv_bias"))
    heads = attention(
        c,
        qk_norm="head",
        names=("q_proj", "k_proj", "v_proj", "out_proj"),
        norms=("q_layernorm", "k_layernorm"),
    )
    norms = (norm("operator_norm", c.hidden), norm("ffn_norm", c.hidden))
    sparse = _experts(c) if c.count("num_experts") else ()
    dense = feed_forward(c, _width(c), at="feed_forward", names=_NAMES)
    first = c.count("num_dense_layers") if sparse else c.layers
    layers = []
    for index, kind in enumerate(_kinds(c)):
        body, caches = (mixer.weights, mixer.caches) if kind == "conv" else (heads, (kv_cache(c),))
        layers.append(Layer((*body, *(dense if index < first else sparse), *norms), caches))
    return decoder(c, layers, tied=_tied(c))


def _lfm3(c: ModelConfig) -> Architecture:
    mixer = short_convolution(c, kernel=c.size("conv_L_cache"), bias=c.flag("conv_bias"))
    heads = list(attention(c, bias=c.flag("attention_bias"), qk_norm="head"))
    if c.flag("use_attention_gate", default=True):
        heads.append(linear("self_attn.g_proj", "attention", c.hidden, c.heads))
    names = ["operator_norm", "ffn_norm"]
    if c.flag("use_sandwich_norm", default=True):
        names += ["post_operator_norm", "post_ffn_norm"]
    around = (*feed_forward(c, at="feed_forward", names=_NAMES), *(norm(name, c.hidden) for name in names))
    kinds = c.per_layer("layer_types") or tuple(
        "full_attention" if index % 4 == 2 else "sliding_attention" if index and index % 4 == 0 else "conv"
        for index in range(c.layers)
    )
    caches: dict[str, tuple[Cache, ...]] = {
        "conv": mixer.caches,
        "sliding_attention": (kv_cache(c, window=c.size("sliding_window")),),
    }
    made = {
        kind: Layer(
            (*(mixer.weights if kind == "conv" else heads), *around), caches.get(kind, (kv_cache(c),))
        )
        for kind in set(kinds)
    }
    return decoder(c, [made[kind] for kind in kinds], tied=_tied(c))


TYPES: Mapping[str, Reader] = {"lfm2": _lfm2, "lfm2_moe": _lfm2, "lfm3": _lfm3}
