"""Hunyuan 4: sparse latent attention with gates and sinks, mixtures, several residual streams.

Source: transformers 5.24.0 (HYV4Config and its model, September 2026)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.families.latent import block_norms, drafts, experts_of, indexer, indexer_cache
from gpuspec.architectures.families.llama_like import sinks
from gpuspec.architectures.kinds import sparse_layers
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import gated_mlp, latent_attention, latent_cache, linear, vector


def _indexing(c: Config) -> list[bool]:
    """Which layers run an indexer: as listed, or the first and every fourth from the second on."""
    listed = c.per_layer("indexer_types")
    if listed:
        return [kind == "full" for kind in listed]
    return [index == 0 or index % 4 == 1 for index in range(c.layers)]


def _streams(c: Config, at: str) -> tuple[Weight, ...]:
    """How a block reads from, and writes to, `hc_mult` residual streams, without mixing them."""
    streams = c.size("hc_mult")
    sizes = {"fn": 2 * streams * streams * c.hidden, "base": 2 * streams, "scale": 2}
    return tuple(vector(f"{at}.{name}", "norms", elements) for name, elements in sizes.items())


def _hy_v4(c: Config) -> Architecture:
    heads = (
        *latent_attention(c, bias=c.flag("attention_bias")),
        linear("self_attn.gate_proj", "attention", c.hidden, c.heads * c.size("v_head_dim")),
        *sinks(c),
    )
    index, keys = indexer(c), indexer_cache(c)
    around = (*block_norms(c), *_streams(c, "attn_hc"), *_streams(c, "ffn_hc"))
    dense, mixed = gated_mlp(c), experts_of(c)
    layers = []
    for chooses, sparse in zip(_indexing(c), sparse_layers(c, first=1), strict=True):
        weights = (*heads, *(index if chooses else ()), *(mixed if sparse else dense), *around)
        layers.append(Layer(weights, (latent_cache(c), *((keys,) if chooses else ()))))
    predicts = Layer((*heads, *index, *mixed, *around), (latent_cache(c), keys))
    streams = c.size("hc_mult")
    head = {"fn": streams * streams * c.hidden, "base": streams, "scale": 1}
    outside = [vector(f"model.hc_head.hc_{name}", "norms", elements) for name, elements in head.items()]
    return decoder(c, layers, outside=outside, drafts=drafts(c, predicts))


TYPES: Mapping[str, Callable[[Config], Architecture]] = {"hy_v4": _hy_v4, "hy_v4_vl_text": _hy_v4}
