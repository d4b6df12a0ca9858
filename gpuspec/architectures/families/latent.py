"""Decoders with multi-head latent attention: DeepSeek-V2 and what was built after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import gated_mlp, latent_attention, latent_cache, linear, mixture, norm


def _layer(c: Config, feed_forward: tuple[Weight, ...]) -> Layer:
    weights = (
        *latent_attention(c, bias=c.flag("attention_bias")),
        *feed_forward,
        norm("input_layernorm", c.hidden),
        norm("post_attention_layernorm", c.hidden),
    )
    return Layer(weights, (latent_cache(c),))


def _draft(c: Config, layer: Layer) -> Layer:
    """An MTP layer: a layer, and what joins the last hidden state with the next token's embedding."""
    join = (
        linear("eh_proj", "draft", 2 * c.hidden, c.hidden),
        norm("enorm", c.hidden),
        norm("hnorm", c.hidden),
        norm("shared_head.norm", c.hidden),
    )
    return Layer((*layer.weights, *join), layer.caches)


def _deepseek(c: Config) -> Architecture:
    width = c.size("moe_intermediate_size")
    experts = mixture(
        c,
        experts=c.size("n_routed_experts", "num_experts"),
        used=c.size("num_experts_per_tok"),
        width=width,
        shared=c.count("n_shared_experts") * width,
    )
    first = c.count("first_k_dense_replace")
    frequency = c.size("moe_layer_freq", default=1)
    layers = [
        _layer(c, experts if index >= first and index % frequency == 0 else gated_mlp(c))
        for index in range(c.layers)
    ]
    drafts = [_draft(c, layers[-1])] * c.count("num_nextn_predict_layers")
    return decoder(c, layers, drafts=drafts)


TYPES: Mapping[str, Callable[[Config], Architecture]] = {
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
    "kimi_k2": _deepseek,
}
