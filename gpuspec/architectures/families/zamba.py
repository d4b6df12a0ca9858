"""Zamba: Mamba layers, some of which come after an attention block whose weights they share."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.mamba import step_rank
from gpuspec.architectures.mixers import Mixer, mamba2, state
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import gated_mlp, linear, norm, vector


def _attention(c: ModelConfig, width: int, at: str) -> tuple[Weight, ...]:
    """Attention over a text's state beside its embedding: twice the model's width comes in."""
    return (
        linear(f"{at}.q_proj", "attention", 2 * c.hidden, width),
        *(linear(f"{at}.{name}_proj", "attention", 2 * c.hidden, c.kv_heads * _head(c)) for name in "kv"),
        linear(f"{at}.o_proj", "attention", width, c.hidden),
    )


def _head(c: ModelConfig) -> int:
    return c.count("attention_head_dim") or max(2 * c.hidden // c.heads, 1)


def _cache(c: ModelConfig) -> Cache:
    return Cache("full", width=2 * c.kv_heads * _head(c), heads=c.kv_heads)


def _zamba_mixer(c: ModelConfig) -> Mixer:
    """Mamba whose inner columns are parted into heads with their own projections."""
    heads, states, kernel = c.size("n_mamba_heads"), c.size("mamba_d_state"), c.size("mamba_d_conv")
    inner, rank = c.size("mamba_expand") * c.hidden, step_rank(c, "mamba_dt_rank")
    bias, conv_bias = c.flag("mamba_proj_bias"), c.flag("mamba_conv_bias", default=True)
    weights = (
        linear("mamba.in_proj", "mixer", c.hidden, 2 * inner, bias=bias),
        vector("mamba.conv1d", "mixer", inner * (kernel + conv_bias)),
        vector("mamba.x_proj_weight", "mixer", inner * (rank + 2 * states)),
        vector("mamba.dt_proj_weight", "mixer", inner // heads * heads * rank),
        vector("mamba.dt_proj_bias", "mixer", inner),
        vector("mamba.A_log", "mixer", inner * states),
        vector("mamba.D", "mixer", inner),
        linear("mamba.out_proj", "mixer", inner, c.hidden, bias=bias),
    )
    return Mixer(weights, (state(inner * (kernel - 1), heads=heads), state(inner * states, heads=heads)))


def _zamba2_mixer(c: ModelConfig) -> Mixer:
    heads = c.size("n_mamba_heads")
    return mamba2(
        c,
        heads=heads,
        head_dim=max(c.size("mamba_expand") * c.hidden // heads, 1),
        groups=c.size("mamba_ngroups"),
        states=c.size("mamba_d_state"),
        kernel=c.size("mamba_d_conv"),
        bias=c.flag("add_bias_linear"),
        conv_bias=c.flag("use_conv_bias", default=True),
        at="mamba",
    )


def _layers(c: ModelConfig, mixer: Mixer, kinds: list[str], beside: tuple[Weight, ...]) -> list[Layer]:
    """`beside`: what a layer with attention has of its own."""
    mixes = Layer((*mixer.weights, norm("input_layernorm", c.hidden)), mixer.caches)
    both = Layer((*mixes.weights, *beside), (*mixes.caches, _cache(c)))
    return [both if kind == "hybrid" else mixes for kind in kinds]


def _zamba(c: ModelConfig) -> Architecture:
    kinds = list(c.per_layer("layers_block_type"))
    if not kinds:
        every, first = c.size("attn_layer_period"), c.count("attn_layer_offset")
        after = ["hybrid" if index % every == first else "mamba" for index in range(max(c.layers - 3, 0))]
        kinds = ["mamba", "mamba", "hybrid", *after][: c.layers]
    at = "model.shared_transf"
    shared = (
        *_attention(c, c.heads * _head(c), f"{at}.self_attn"),
        *gated_mlp(c, at=f"{at}.feed_forward"),
        norm(f"{at}.input_layernorm", 2 * c.hidden),
        norm(f"{at}.pre_ff_layernorm", c.hidden),
    )
    layers = _layers(c, _zamba_mixer(c), kinds, (linear("linear", "attention", c.hidden, c.hidden),))
    return decoder(c, layers, outside=shared)


def _zamba2(c: ModelConfig) -> Architecture:
    kinds = list(c.per_layer("layers_block_type"))
    if not kinds:
        attending = set(c.numbers("hybrid_layer_ids") or (*range(6, 43, 6), 47, 51))
        kinds = ["hybrid" if index in attending else "mamba" for index in range(c.layers)]
    rank, width, inner = c.size("adapter_rank"), c.heads * _head(c), c.intermediate
    adapters = {"gate_up_proj": (c.hidden, 2 * inner)}
    if c.flag("use_shared_attention_adapter"):
        adapters |= {f"linear_{name}": (2 * c.hidden, width) for name in "qkv"}
    beside = [linear("linear", "attention", c.hidden, c.hidden)]
    for name, (inputs, outputs) in adapters.items():
        beside.append(linear(f"{name}_adapter_list.0", "attention", inputs, rank))
        beside.append(linear(f"{name}_adapter_list.1", "attention", rank, outputs))
    bias = c.flag("add_bias_linear")
    shared: list[Weight] = []
    for block in range(min(c.size("num_mem_blocks"), kinds.count("hybrid"))):
        at = f"model.shared_transformers.{block}"
        shared += _attention(c, width, f"{at}.self_attn")
        shared += [
            linear(f"{at}.feed_forward.gate_up_proj", "mlp", c.hidden, 2 * inner, bias=bias),
            linear(f"{at}.feed_forward.down_proj", "mlp", inner, c.hidden, bias=bias),
            norm(f"{at}.input_layernorm", 2 * c.hidden),
            norm(f"{at}.pre_ff_layernorm", c.hidden),
        ]
    return decoder(c, _layers(c, _zamba2_mixer(c), kinds, tuple(beside)), outside=shared)


TYPES: Mapping[str, Reader] = {"zamba": _zamba, "zamba2": _zamba2}
