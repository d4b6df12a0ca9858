"""State space models, and decoders that mix them with attention: Mamba, Jamba, Bamba, Granite 4, Falcon-H1."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import experts
from gpuspec.architectures.mixers import Mixer, mamba1, mamba2
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    copies,
    gated_mlp,
    kv_cache,
    linear,
    norm,
)

ATTENDS = frozenset({"attention", "full_attention"})


def step_rank(c: ModelConfig, name: str) -> int:
    """Rank of the step's projection; "auto" is a sixteenth of the width."""
    return ceil(c.hidden / 16) if c.text(name) == "auto" or c.raw(name) is None else c.size(name)


def _only(c: ModelConfig, mixer: Mixer) -> Architecture:
    """Nothing but such mixers, each with a norm in front."""
    layer = Layer((*mixer.weights, norm("norm", c.hidden)), mixer.caches)
    return decoder(c, [layer] * c.layers)


def _mamba(c: ModelConfig) -> Architecture:
    mixer = mamba1(
        c,
        inner=c.size("intermediate_size", default=c.size("expand", default=2) * c.hidden),
        states=c.size("state_size"),
        kernel=c.size("conv_kernel"),
        rank=step_rank(c, "time_step_rank"),
        bias=c.flag("use_bias"),
        conv_bias=c.flag("use_conv_bias", default=True),
    )
    return _only(c, mixer)


def _mamba2(c: ModelConfig) -> Architecture:
    mixer = mamba2(
        c,
        heads=c.size("num_heads"),
        head_dim=c.size("head_dim"),
        groups=c.size("n_groups"),
        states=c.size("state_size"),
        kernel=c.size("conv_kernel"),
        bias=c.flag("use_bias"),
        conv_bias=c.flag("use_conv_bias", default=True),
    )
    return _only(c, mixer)


def _jamba(c: ModelConfig) -> Architecture:
    mixer = mamba1(
        c,
        inner=c.size("mamba_expand") * c.hidden,
        states=c.size("mamba_d_state"),
        kernel=c.size("mamba_d_conv"),
        rank=step_rank(c, "mamba_dt_rank"),
        bias=c.flag("mamba_proj_bias"),
        conv_bias=c.flag("mamba_conv_bias", default=True),
        normed=True,
        at="mamba",
    )
    mixed = experts(router="feed_forward.router", at="feed_forward.experts.*")(c)
    one = gated_mlp(c, at="feed_forward")
    norms = (norm("input_layernorm", c.hidden), norm("pre_ff_layernorm", c.hidden))
    every, first = c.size("attn_layer_period"), c.count("attn_layer_offset")
    step, from_layer = c.size("expert_layer_period"), c.count("expert_layer_offset")
    layers = []
    for index in range(c.layers):
        attends = index % every == first
        sparse = index % step == from_layer and c.size("num_experts") > 1
        body = attention(c) if attends else mixer.weights
        caches = (kv_cache(c),) if attends else mixer.caches
        layers.append(Layer((*body, *(mixed if sparse else one), *norms), caches))
    return decoder(c, layers)


def _mamba2_of(c: ModelConfig, *, inner: int | None = None, normed: bool = True) -> Mixer:
    """The mixer of Bamba, Granite 4 and Falcon-H1, which name its sizes alike."""
    return mamba2(
        c,
        heads=c.size("mamba_n_heads"),
        head_dim=_head_dim(c),
        groups=c.size("mamba_n_groups", default=1),
        states=c.size("mamba_d_state"),
        kernel=c.size("mamba_d_conv", default=4),
        bias=c.flag("mamba_proj_bias"),
        conv_bias=c.flag("mamba_conv_bias", default=True),
        inner=inner,
        normed=normed,
        at="mamba",
    )


def _head_dim(c: ModelConfig) -> int:
    if c.text("mamba_d_head") == "auto" or c.raw("mamba_d_head") is None:
        return max(c.size("mamba_expand", default=2) * c.hidden // c.size("mamba_n_heads"), 1)
    return c.size("mamba_d_head")


def _around(c: ModelConfig) -> tuple[Weight, ...]:
    """The gated block and the norms of Bamba and Falcon-H1."""
    return (
        *gated_mlp(c, bias=c.flag("mlp_bias"), at="feed_forward"),
        norm("input_layernorm", c.hidden),
        norm("pre_ff_layernorm", c.hidden),
    )


def _bamba(c: ModelConfig) -> Architecture:
    mixer, attending, around = _mamba2_of(c), set(c.numbers("attn_layer_indices")), _around(c)
    attends = Layer((*attention(c, bias=c.flag("attention_bias")), *around), (kv_cache(c),))
    mixes = Layer((*mixer.weights, *around), mixer.caches)
    return decoder(c, [attends if index in attending else mixes for index in range(c.layers)])


def _granite_experts(c: ModelConfig) -> tuple[Weight, ...]:
    """Experts in one tensor for each side of the block; gate and up are the halves of the first."""
    experts, width = c.size("num_local_experts"), c.intermediate
    halves = linear("block_sparse_moe.input_linear", "experts", c.hidden, width)
    down = linear("block_sparse_moe.output_linear", "experts", width, c.hidden)
    used = c.size("num_experts_per_tok")
    stacked = (copies(each, experts, used)._replace(linear=False) for each in (halves, halves, down))
    return (linear("block_sparse_moe.router.layer", "router", c.hidden, experts), *stacked)


def _granite_hybrid(c: ModelConfig) -> Architecture:
    shared = c.size("shared_intermediate_size")
    around = (
        linear("shared_mlp.input_linear", "mlp", c.hidden, 2 * shared),
        linear("shared_mlp.output_linear", "mlp", shared, c.hidden),
        *(_granite_experts(c) if c.count("num_local_experts") else ()),
        *block_norms(c),
    )
    kinds = c.per_layer("layer_types", "layers_block_type") or ("mamba",) * c.layers
    attends = Layer((*attention(c, bias=c.flag("attention_bias")), *around), (kv_cache(c),))
    mixer = _mamba2_of(c)
    mixes = Layer((*mixer.weights, *around), mixer.caches)
    return decoder(c, [attends if kind in ATTENDS else mixes for kind in kinds])


def _falcon_h1(c: ModelConfig) -> Architecture:
    """Attention and Mamba-2 side by side in every layer."""
    inner = c.count("mamba_d_ssm") or c.size("mamba_expand") * c.hidden
    mixer = _mamba2_of(c, inner=inner, normed=c.flag("mamba_rms_norm"))
    out_bias = c.hidden * (c.flag("projectors_bias") - c.flag("mamba_proj_bias"))
    weights = (
        *attention(c, bias=c.flag("attention_bias")),
        *(
            each._replace(bias=each.bias + out_bias) if each.module == "mamba.out_proj" else each
            for each in mixer.weights
        ),
        *_around(c),
    )
    return decoder(c, [Layer(weights, (kv_cache(c), *mixer.caches))] * c.layers)


TYPES: Mapping[str, Reader] = {
    "mamba": _mamba,
    "falcon_mamba": _mamba,
    "mamba2": _mamba2,
    "jamba": _jamba,
    "bamba": _bamba,
    "granitemoehybrid": _granite_hybrid,
    "falcon_h1": _falcon_h1,
}
