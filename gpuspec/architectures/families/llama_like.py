"""Decoders built like Llama: pre-norm, grouped-query attention, a gated feed-forward block or a mixture of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, gated_mlp, kv_cache, mixture, norm


def windows(c: Config) -> list[int]:
    """The tokens each layer sees, by `layer_types` where the config has them; 0: all."""
    kinds = c.texts("layer_types")
    if len(kinds) == c.layers:
        return [c.window if "sliding" in kind or "chunked" in kind else 0 for kind in kinds]
    return [c.window] * c.layers


def dense(
    *,
    bias: Callable[[Config], bool] | bool = False,
    out_bias: bool | None = None,
    mlp_bias: str = "",
    qk_norm: str = "",
    norms: int = 2,
    window: Callable[[Config], list[int]] = windows,
) -> Callable[[Config], Architecture]:
    """A reader of dense decoders. `bias`, `qk_norm`: as `attention` has them; `mlp_bias`: the field that says whether
    the feed-forward block has one; `norms`: in a layer; `window`: the tokens each layer sees."""

    def read(c: Config) -> Architecture:
        common: tuple[Weight, ...] = (
            *attention(c, bias=bias(c) if callable(bias) else bias, out_bias=out_bias, qk_norm=qk_norm),
            *gated_mlp(c, bias=c.flag(mlp_bias)),
            *(norm(f"norm_{each}", c.hidden) for each in range(norms)),
        )
        return decoder(c, [Layer(common, (kv_cache(c, window=seen),)) for seen in window(c)])

    return read


def everything(c: Config) -> list[int]:
    """Each layer sees the whole text."""
    return [0] * c.layers


def _attention_bias(c: Config) -> bool:
    return c.flag("attention_bias")


def _qwen2_window(c: Config) -> list[int]:
    return windows(c) if c.flag("use_sliding_window") else everything(c)


def _mixtral(c: Config) -> Architecture:
    weights = (
        *attention(c),
        *mixture(
            c,
            experts=c.size("num_local_experts"),
            used=c.size("num_experts_per_tok"),
            width=c.intermediate,
            router="block_sparse_moe.gate",
            at="block_sparse_moe.experts.*",
        ),
        norm("input_layernorm", c.hidden),
        norm("post_attention_layernorm", c.hidden),
    )
    return decoder(c, [Layer(weights, (kv_cache(c, window=seen),)) for seen in windows(c)])


def _qwen3_moe(c: Config) -> Architecture:
    around = (
        *attention(c, bias=_attention_bias(c), qk_norm="head"),
        norm("input_layernorm", c.hidden),
        norm("post_attention_layernorm", c.hidden),
    )
    experts = mixture(
        c,
        experts=c.size("num_experts", "num_local_experts"),
        used=c.size("num_experts_per_tok"),
        width=c.size("moe_intermediate_size"),
    )
    step, dense_layers = c.size("decoder_sparse_step", default=1), c.numbers("mlp_only_layers")
    layers = []
    for index, seen in enumerate(_qwen2_window(c)):
        sparse = index not in dense_layers and (index + 1) % step == 0
        layers.append(Layer((*around, *(experts if sparse else gated_mlp(c))), (kv_cache(c, window=seen),)))
    return decoder(c, layers)


TYPES: Mapping[str, Callable[[Config], Architecture]] = {
    "llama": dense(bias=_attention_bias, mlp_bias="mlp_bias", window=everything),
    "mistral": dense(),
    "qwen2": dense(bias=True, out_bias=False, window=_qwen2_window),
    "qwen3": dense(bias=_attention_bias, qk_norm="head", window=_qwen2_window),
    "mixtral": _mixtral,
    "qwen3_moe": _qwen3_moe,
}
