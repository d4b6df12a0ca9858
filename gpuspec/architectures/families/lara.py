"""Lara mini: a gated delta net, attention over a window and full attention, and a mixture in every layer.

Source: transformers 5.24.0 (LaraMiniConfig and its model, September 2026)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.families.latent import block_norms
from gpuspec.architectures.families.llama_like import experts
from gpuspec.architectures.kinds import LINEAR
from gpuspec.architectures.mixers import gated_delta_net
from gpuspec.architectures.parts import Architecture, Layer
from gpuspec.architectures.pieces import attention, kv_cache

_PERIOD = (
    "linear_attention",
    "sliding_attention",
    "linear_attention",
    "full_attention",
    "sliding_attention",
)


def _lara(c: Config) -> Architecture:
    mixer = gated_delta_net(c, fused=False)
    heads = attention(c, bias=c.flag("attention_bias"), qk_norm="head")
    around = (*experts(shared_at="mlp.shared_expert")(c), *block_norms(c))
    kinds = c.per_layer("layer_types") or [_PERIOD[index % len(_PERIOD)] for index in range(c.layers)]
    layers = []
    for kind in kinds:
        if kind in LINEAR:
            layers.append(Layer((*mixer.weights, *around), mixer.caches))
        else:
            window = c.window if "sliding" in kind else 0
            layers.append(Layer((*heads, *around), (kv_cache(c, window=window),)))
    return decoder(c, layers)


TYPES: Mapping[str, Callable[[Config], Architecture]] = {"lara_mini": _lara}
