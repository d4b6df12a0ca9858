"""Decoders in which most layers follow a delta rule and the others attention: Qwen3-Next, Qwen3.5, OLMo Hybrid,
Kimi Linear, Ling 2.5 and 3, MiniMax-01."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.latent import drafts, experts_of
from gpuspec.architectures.families.llama_like import experts
from gpuspec.architectures.families.mixtures import BLOCK_SPARSE
from gpuspec.architectures.families.qwen import one_in_step
from gpuspec.architectures.kinds import LINEAR, every, sparse_layers
from gpuspec.architectures.mixers import (
    DeltaShape,
    Mixer,
    delta_states,
    gated_delta_net,
    kimi_delta,
    state,
)
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    gated_mlp,
    kv_cache,
    latent_attention,
    latent_cache,
    linear,
    norm,
    vector,
)


def _qwen_draft(c: ModelConfig, attends: Layer) -> Layer:
    """The layer that predicts one token more: attention always, and what joins two states."""
    join = (
        linear("fc", "draft", 2 * c.hidden, c.hidden),
        norm("pre_fc_norm_embedding", c.hidden),
        norm("pre_fc_norm_hidden", c.hidden),
        norm("norm", c.hidden),
    )
    return Layer((*attends.weights, *join), attends.caches)


LARA = ("linear_attention", "sliding_attention", "linear_attention", "full_attention", "sliding_attention")


def _lara_kinds(c: ModelConfig) -> tuple[str, ...]:
    return tuple(LARA[index % len(LARA)] for index in range(c.layers))


def _qwen_kinds(c: ModelConfig) -> tuple[str, ...]:
    return every(c, c.size("full_attention_interval", default=4))


def qwen_delta(
    *, fused: bool, gated: bool = True, usual: Callable[[ModelConfig], tuple[str, ...]] = _qwen_kinds
) -> Reader:
    """A reader of Qwen3-Next (`fused`: its projections are), Qwen3.5 and what is built like them. `gated`:
    attention has an output gate, and the shared expert one in front; `usual`: what each layer is, where the config
    does not list it."""

    def read(c: ModelConfig) -> Architecture:
        mixer = gated_delta_net(c, fused=fused)
        heads = attention(c, bias=c.flag("attention_bias"), gated=gated, qk_norm="head")
        norms = block_norms(c)
        mixed = experts(shared_at="mlp.shared_expert", shared_gate=gated)(c) if c.count("num_experts") else ()
        kinds = c.per_layer("layer_types") or usual(c)

        def layer(kind: str, block: tuple[Weight, ...]) -> Layer:
            if kind in LINEAR:
                return Layer((*mixer.weights, *block, *norms), mixer.caches)
            return Layer(
                (*heads, *block, *norms), (kv_cache(c, window=c.window if "sliding" in kind else 0),)
            )

        layers = []
        for kind, sparse in zip(kinds, one_in_step(c), strict=True):
            layers.append(layer(kind, mixed if mixed and sparse else gated_mlp(c)))
        depth = min(c.count("mtp_num_hidden_layers", "num_nextn_predict_layers"), 100)
        draft = _qwen_draft(c, layer("full_attention", mixed or gated_mlp(c)))
        return decoder(c, layers, drafts=[draft] * depth)

    return read


def _olmo_shape(c: ModelConfig) -> DeltaShape:
    keys, values = (
        c.size("linear_num_key_heads", default=c.heads),
        c.size("linear_num_value_heads", default=c.heads),
    )
    key = c.size("linear_key_head_dim", default=max(3 * c.hidden // (4 * keys), 1))
    value = c.size("linear_value_head_dim", default=2 * key)
    return DeltaShape(keys, values, key, value, c.size("linear_conv_kernel_dim", default=4))


def _olmo_hybrid(c: ModelConfig) -> Architecture:
    shape = _olmo_shape(c)
    wide = {"q": shape.keys, "k": shape.keys, "v": shape.values, "g": shape.values}
    narrow = dict.fromkeys("ab", shape.value_heads)
    mixer: list[Weight] = [
        linear(f"linear_attn.{name}_proj", "mixer", c.hidden, columns)
        for name, columns in (wide | narrow).items()
    ]
    mixer += [
        vector("linear_attn.conv1d", "mixer", shape.mixed * shape.kernel),
        vector("linear_attn.A_log", "mixer", shape.value_heads),
        vector("linear_attn.dt_bias", "mixer", shape.value_heads),
        norm("linear_attn.o_norm", shape.value_dim),
        linear("linear_attn.o_proj", "mixer", shape.values, c.hidden),
    ]
    around = (*gated_mlp(c), norm("post_attention_layernorm", c.hidden))
    states = delta_states(c, shape)
    mixes = Layer((*mixer, *around, norm("input_layernorm", c.hidden)), states)
    heads = attention(c, bias=c.flag("attention_bias"), qk_norm="width")
    attends = Layer((*heads, *around, norm("post_feedforward_layernorm", c.hidden)), (kv_cache(c),))
    kinds = c.per_layer("layer_types") or every(c, 4)
    return decoder(c, [mixes if kind in LINEAR else attends for kind in kinds])


def _kimi_kinds(c: ModelConfig) -> tuple[str, ...]:
    """Which layers attend: by a list, by their numbers (from 1) in `linear_attn_config`, or each fourth after the
    first (transformers `KimiLinearConfig`)."""
    listed = c.per_layer("layer_types")
    if listed:
        return listed
    inner = c.inner("linear_attn_config")
    attending = set(inner.numbers("full_attn_layers")) if inner else set()
    if not attending:
        attending = {index + 1 for index in range(4, c.layers, 4)}
    kinds = ("full_attention" if index + 1 in attending else "linear_attention" for index in range(c.layers))
    return tuple(kinds)


def kimi_mixer(c: ModelConfig, *, full_gate: bool = False) -> Mixer:
    """Kimi's delta rule, its sizes in `linear_attn_config` or under other names. `full_gate`: of its output."""
    inner = c.inner("linear_attn_config")
    sizes = inner or c
    names = (
        ("num_heads", "head_dim", "short_conv_kernel_size")
        if inner
        else ("linear_num_heads", "linear_head_dim", "linear_conv_kernel_dim")
    )
    return kimi_delta(
        c,
        heads=sizes.size(names[0]),
        head_dim=sizes.size(names[1]),
        kernel=sizes.size(names[2], default=4),
        full_gate=full_gate,
    )


def _kimi_experts(c: ModelConfig) -> tuple[Weight, ...]:
    """A mixture whose experts may work in a narrower space than the layer (`routed_expert_hidden_size`, Kimi K3)."""
    narrow = c.count("routed_expert_hidden_size")
    mixed = experts_of(c, block="block_sparse_moe", outer=narrow or None)
    if not narrow:
        return mixed
    around = [
        linear("block_sparse_moe.routed_expert_down_proj", "mlp", c.hidden, narrow),
        linear("block_sparse_moe.routed_expert_up_proj", "mlp", narrow, c.hidden),
    ]
    if c.flag("latent_moe_use_norm"):
        around.append(norm("block_sparse_moe.routed_expert_norm", narrow))
    return (*mixed, *around)


def _kimi_linear(c: ModelConfig) -> Architecture:
    inner = c.inner("linear_attn_config")
    norms = list(block_norms(c))
    heads = list(latent_attention(c, bias=c.flag("attention_bias")))
    if c.flag("mla_use_output_gate"):
        heads.append(linear("self_attn.g_proj", "attention", c.hidden, c.heads * c.size("v_head_dim")))
    outside: list[Weight] = []
    if c.count("attn_res_block_size"):  # attention over the outputs of earlier blocks of layers, of Kimi K3
        for name in ("self_attention", "mlp"):
            norms += [norm(f"{name}_res_norm", c.hidden), vector(f"{name}_res_proj", "norms", c.hidden)]
        outside = [
            norm("model.output_attn_res_norm", c.hidden),
            vector("model.output_attn_res_proj", "norms", c.hidden),
        ]
    return _alternating(
        c,
        _kimi_kinds(c),
        sparse_layers(c, first=1),
        mixer=kimi_mixer(c, full_gate=bool(inner and inner.flag("use_full_rank_gate"))),
        heads=heads,
        experts=_kimi_experts(c) if c.count("num_experts", "num_local_experts") else gated_mlp(c),
        norms=norms,
        outside=outside,
    )


def _alternating(
    c: ModelConfig,
    kinds: Sequence[str],
    routed: Sequence[bool],
    *,
    mixer: Mixer,
    heads: Sequence[Weight],
    experts: Sequence[Weight],
    norms: Sequence[Weight],
    outside: Sequence[Weight] = (),
) -> Architecture:
    """Layers with the mixer or with latent attention, and experts in those that are `routed`. A draft attends."""
    dense = gated_mlp(c)
    layers = []
    for kind, sparse in zip(kinds, routed, strict=True):
        body, caches = (mixer.weights, mixer.caches) if kind in LINEAR else (heads, (latent_cache(c),))
        layers.append(Layer((*body, *(experts if sparse else dense), *norms), caches))
    predicts = Layer((*heads, *experts, *norms), (latent_cache(c),))
    # Its class ties nothing, whatever the config says (transformers 5.24, `_tied_weights_keys`).
    return decoder(c, layers, outside=outside, drafts=drafts(c, predicts), tied=False)


def _lightning(c: ModelConfig) -> Mixer:
    """Lightning attention of Ling and Ring 2.5: a matrix a head, with a decay that is fixed; its state is in the
    model's dtype.

    Source: vLLM 0.33.0 `BailingMoELinearAttention` (layers/mamba/linear/bailing_linear_attn.py)."""
    width, bias, at = c.heads * c.head_dim, c.flag("use_bias"), "attention"
    weights = (
        linear(f"{at}.query_key_value", "mixer", c.hidden, 3 * width, bias=bias or c.flag("use_qkv_bias")),
        *(norm(f"{at}.{name}_layernorm", c.head_dim) for name in ("query", "key") if c.flag("use_qk_norm")),
        linear(f"{at}.g_proj", "mixer", c.hidden, width),
        norm(f"{at}.g_norm", width),
        linear(f"{at}.dense", "mixer", width, c.hidden, bias=bias),
    )
    return Mixer(weights, (state(c.heads * c.head_dim**2, heads=c.heads),))


def _bailing_hybrid(c: ModelConfig) -> Architecture:
    """Ling and Ring 2.5 and 2.6: lightning attention, and latent attention in the last layer of each group. Ling 3:
    Kimi's delta rule with full-rank gates, and latent attention with a gate for each head.

    Both have this `model_type`; configs of the first have a `group_norm_size`. Sources: vLLM 0.33.0
    bailing_moe_linear.py (pull request 35102) and bailing_moe_v3.py; transformers 5.24.0 `BailingHybridConfig`."""
    heads = latent_attention(c, bias=c.flag("attention_bias"))
    if c.says("group_norm_size"):
        mixer = _lightning(c)
    else:
        heads = (*heads, linear("self_attn.g_proj", "attention", c.hidden, c.heads))
        mixer = kimi_delta(
            c,
            heads=c.heads,
            head_dim=c.size("linear_head_dim", "head_dim") if c.says("linear_head_dim", "head_dim") else 128,
            kernel=c.size("short_conv_kernel_size", "linear_conv_kernel_dim", default=4),
            full_decay=True,
            full_gate=True,
        )
    return _alternating(
        c,
        c.per_layer("layer_types") or every(c, c.size("layer_group_size")),
        sparse_layers(c),
        mixer=mixer,
        heads=heads,
        experts=experts_of(c),
        norms=block_norms(c),
    )


def _minimax(c: ModelConfig) -> Architecture:
    """MiniMax-01 and M1: lightning attention, whose state is a matrix a head, and softmax attention between."""
    width = c.heads * c.head_dim
    lightning = (
        linear("self_attn.qkv_proj", "mixer", c.hidden, 3 * width),
        linear("self_attn.output_gate", "mixer", c.hidden, width),
        norm("self_attn.norm", width),
        linear("self_attn.out_proj", "mixer", width, c.hidden),
    )
    around = (
        *BLOCK_SPARSE(c),
        *block_norms(c),
    )
    mixes = Layer((*lightning, *around), (state(c.heads * c.head_dim**2, heads=c.heads),))
    attends = Layer((*attention(c), *around), (kv_cache(c),))
    kinds = c.per_layer("layer_types")
    marked = c.numbers("attn_type_list")  # 1: softmax
    if not kinds and len(marked) == c.layers:
        kinds = tuple("full_attention" if each else "linear_attention" for each in marked)
    if not kinds:
        kinds = tuple("linear_attention" if index % 2 else "full_attention" for index in range(c.layers))
    return decoder(c, [mixes if kind in LINEAR else attends for kind in kinds])


TYPES: Mapping[str, Reader] = {
    "qwen3_next": qwen_delta(fused=True),
    "qwen3_5_text": qwen_delta(fused=False),
    "qwen3_5_moe_text": qwen_delta(fused=False),
    "lara_mini": qwen_delta(fused=False, gated=False, usual=_lara_kinds),
    "olmo_hybrid": _olmo_hybrid,
    "kimi_linear": _kimi_linear,
    "bailing_hybrid": _bailing_hybrid,
    "minimax": _minimax,
    "minimax_m1": _minimax,
    "minimax_text_01": _minimax,
}
