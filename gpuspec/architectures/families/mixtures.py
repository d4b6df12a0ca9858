"""Mixtures of experts that are built like Llama around them.

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against; windows and draft layers as vLLM 0.33.0's model files have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import (
    AROUND_ATTENTION,
    AROUND_BOTH,
    AROUND_GLM,
    LlamaLike,
    everything,
    experts,
    normed_if,
    one_in,
    output_gate,
    sinks,
    unless_listed,
)
from gpuspec.architectures.families.qwen import one_in_step
from gpuspec.architectures.kinds import rotating_layers, sparse_layers
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    copies,
    gated_mlp,
    kv_cache,
    linear,
    mixture,
    norm,
    vector,
)

_GRANITE = experts(
    router="block_sparse_moe.router.layer", at="block_sparse_moe.experts.*", shared_at="shared_mlp"
)


@unless_listed
def _beam_windows(c: ModelConfig) -> list[int]:
    """One full layer in six, and the last one."""
    return [*one_in(6)(c)[:-1], 0]


def _gate_bias(c: ModelConfig) -> tuple[Weight, ...]:
    return (vector("self_attn.gate_bias", "attention", c.heads),)


@unless_listed
def _cohere2_windows(c: ModelConfig) -> list[int]:
    """The first, dense layers have a pattern of their own."""
    first = min(c.count("first_k_dense_replace"), c.layers)
    before, after = c.count("prefix_dense_sliding_window_pattern"), c.count("sliding_window_pattern")
    places = [(index, before) for index in range(first)]
    places += [(index, after) for index in range(c.layers - first)]
    return [c.window if every and (index + 1) % every else 0 for index, every in places]


def _cohere2_first(c: ModelConfig, *, bias: bool = False) -> tuple[Weight, ...]:
    return gated_mlp(c, c.count("prefix_dense_intermediate_size") or c.intermediate)


@unless_listed
def _dots_windows(c: ModelConfig) -> list[int]:
    """Layers from `max_window_layers` on have a window."""
    first = c.count("max_window_layers")
    return [c.window if index >= first else 0 for index in range(c.layers)]


def _ernie_sparse(c: ModelConfig) -> list[bool]:
    """Experts from one layer to another, in every so many."""
    every, first = c.size("moe_layer_interval", default=1), c.numbers("moe_layer_start_index")
    start = min(first) if first else c.count("moe_layer_start_index")
    last = c.raw("moe_layer_end_index")
    if isinstance(last, (list, tuple)):
        last = max(c.numbers("moe_layer_end_index"), default=0)
    end = last if type(last) is int and last >= 0 else c.layers - 1
    return [start <= index <= end and (index + 1) % every == 0 for index in range(c.layers)]


@unless_listed
def _flint_windows(c: ModelConfig) -> list[int]:
    """The first two layers, every fourth and the last one see everything."""
    last = c.layers - 1
    return [0 if index < 2 or index % 4 == 1 or index == last else c.window for index in range(c.layers)]


def _flint_sparse(c: ModelConfig) -> list[bool]:
    """Where the config does not say, all but the first two layers have experts."""
    said = c.raw("mlp_only_layers") is not None
    return one_in_step(c if said else c.read_as(c.model_type, mlp_only_layers=[0, 1]))


def _of_first_layer(c: ModelConfig, *names: str) -> int:
    """A number that Hunyuan writes once a layer, or once."""
    listed = c.numbers(*names)
    if listed:
        return listed[0]
    return c.count(*names)


def _hunyuan_experts(c: ModelConfig) -> tuple[Weight, ...]:
    width = _of_first_layer(c, "moe_intermediate_size") or c.intermediate
    number = _of_first_layer(c, "num_experts")
    if not number:
        raise Unsaid("its config does not say num_experts")
    return mixture(
        c,
        experts=number,
        used=_of_first_layer(c, "moe_topk", "num_experts_per_tok") or 1,
        width=width,
        shared=c.intermediate * (_of_first_layer(c, "num_shared_expert") or 1),
        router="mlp.gate.wg",
        shared_at="mlp.shared_mlp",
    )


def _laguna(c: ModelConfig) -> Architecture:
    """Laguna: the layers differ in their number of query heads, and each has a gate on its heads."""
    per_layer = c.numbers("num_attention_heads_per_layer")
    heads = per_layer[: c.layers] if len(per_layer) >= c.layers else [c.heads] * c.layers
    one_a_head = c.raw("gating") in (True, "per-head")
    routed, block = experts(router_bias=True)(c), gated_mlp(c)
    layers = []
    seen_by = unless_listed(everything)(c)
    for number, seen, sparse in zip(heads, seen_by, sparse_layers(c, first=1), strict=True):
        gate = number if one_a_head else number * c.head_dim
        weights = (
            *attention(c, bias=c.flag("attention_bias"), qk_norm="head", heads=number),
            linear("self_attn.g_proj", "attention", c.hidden, gate),
            *(routed if sparse else block),
            *block_norms(c),
        )
        layers.append(Layer(weights, (kv_cache(c, window=seen),)))
    return decoder(c, layers)


@unless_listed
def _llama4_windows(c: ModelConfig) -> list[int]:
    """Layers with rotary positions see chunks; every fourth has none and sees the whole text."""
    return [c.window if turns else 0 for turns in rotating_layers(c)]


def _llama4_experts(c: ModelConfig) -> tuple[Weight, ...]:
    return mixture(
        c,
        experts=c.size("num_local_experts"),
        used=c.size("num_experts_per_tok"),
        width=c.intermediate,
        shared=c.intermediate,
        router="feed_forward.router",
        at="feed_forward.experts.*",
        shared_at="feed_forward.shared_expert",
    )


def _llama4(c: ModelConfig) -> Architecture:
    """Llama 4: a dense block is `intermediate_size_mlp` wide, an expert and the shared one `intermediate_size`.
    MobileLLM is one without any experts."""
    step = c.count("interleave_moe_layer_step")
    routed = set(range(step - 1, c.layers, step)) if step else set()
    if isinstance(c.raw("moe_layers"), list):
        routed = set(c.numbers("moe_layers"))
    around = (
        *attention(c, bias=c.flag("attention_bias")),
        *block_norms(c),
    )
    sparse = _llama4_experts(c) if routed else ()
    block = gated_mlp(c, c.size("intermediate_size_mlp", default=c.intermediate), at="feed_forward")
    layers = [
        Layer((*around, *(sparse if index in routed else block)), (kv_cache(c, window=seen),))
        for index, seen in enumerate(_llama4_windows(c))
    ]
    return decoder(c, layers)


def _jetmoe(c: ModelConfig) -> Architecture:
    """JetMoE: experts in attention too. A token's query heads are those of the experts it takes, so there are
    `num_experts_per_tok` for each KV head; their query and output projections are the experts."""
    number, used, width = c.size("num_local_experts"), c.size("num_experts_per_tok"), c.intermediate
    kv_heads, head = c.size("num_key_value_heads"), c.size("kv_channels")

    def expert(module: str, part: str, inputs: int, outputs: int) -> Weight:
        return copies(linear(module, part, inputs, outputs), number, used)

    weights = (
        linear("self_attention.experts.router.layer", "router", c.hidden, number),
        expert("self_attention.experts.input_linear", "attention", c.hidden, kv_heads * head),
        expert("self_attention.experts.output_linear", "attention", kv_heads * head, c.hidden),
        vector("self_attention.experts.bias", "attention", c.hidden),
        linear("self_attention.kv_proj", "attention", c.hidden, 2 * kv_heads * head),
        linear("mlp.router.layer", "router", c.hidden, number),
        expert("mlp.input_linear", "experts", c.hidden, 2 * width),
        expert("mlp.output_linear", "experts", width, c.hidden),
        vector("mlp.bias", "mlp", c.hidden),
        *block_norms(c),
    )
    cache = kv_cache(c, kv_heads=kv_heads, head_dim=head)
    found = decoder(c, [Layer(weights, (cache,))] * c.layers)
    return found._replace(heads=kv_heads * used, head_dim=head, expert_width=width)


def _dbrx(c: ModelConfig) -> Architecture:
    """DBRX: the sizes of attention and of the experts are in configs of their own."""
    attention_config, block = c.inner("attn_config"), c.part("ffn_config")
    kv_heads = attention_config.count("kv_n_heads") if attention_config else 0
    around = (
        *attention(c, kv_heads=kv_heads or c.heads, at="norm_attn_norm.attn"),
        *(norm(f"norm_attn_norm.{name}", c.hidden) for name in ("norm_1", "norm_2")),
        *mixture(
            c,
            experts=block.size("moe_num_experts"),
            used=block.size("moe_top_k"),
            width=block.size("ffn_hidden_size"),
            router="ffn.router.layer",
            at="ffn.experts.mlp.*",
        ),
    )
    return decoder(c, [Layer(around, (kv_cache(c, kv_heads=kv_heads or c.heads),))] * c.layers)


BLOCK_SPARSE = experts(router="block_sparse_moe.gate", at="block_sparse_moe.experts.*")

TYPES: Mapping[str, Reader] = {
    "afmoe": LlamaLike(
        bias="attention_bias",
        qk_norm="head",
        norms=(*AROUND_ATTENTION, "pre_mlp_layernorm", "post_mlp_layernorm"),
        window=one_in(4, field="global_attn_every_n_layers"),
        beside=[output_gate],
        experts=experts(router="mlp.router.gate", router_bias=True),
        sparse=partial(sparse_layers, field="num_dense_layers"),
    ).read,
    "aria_text": LlamaLike(
        bias="attention_bias",
        mlp_bias="mlp_bias",
        window=everything,
        experts=experts(router="mlp.router", shared_bias="mlp_bias"),
    ).read,
    "beam": LlamaLike(
        bias="attention_bias",
        qk_norm="head",
        norms=AROUND_BOTH,
        window=_beam_windows,
        beside=[output_gate, _gate_bias],
        experts=experts(),
        sparse=partial(sparse_layers, first=3),
    ).read,
    "cohere2_moe": LlamaLike(
        bias="attention_bias",
        norms=["input_layernorm"],
        mlp=_cohere2_first,
        window=_cohere2_windows,
        experts=experts(),
    ).read,
    "dbrx": _dbrx,
    "dots1": LlamaLike(bias="attention_bias", qk_norm="head", window=_dots_windows, experts=experts()).read,
    "ernie4_5_moe": LlamaLike(
        bias="use_bias",
        mlp_bias="use_bias",
        head_bias="use_bias",
        window=everything,
        experts=experts(router_bias=True, shared_bias="use_bias"),
        sparse=_ernie_sparse,
        dense_drafts=True,
    ).read,
    "exaone_moe": LlamaLike(
        qk_norm="head",
        window=one_in(4, field="sliding_window_pattern"),
        experts=experts(),
        dense_drafts=True,
    ).read,
    "flex_olmo": LlamaLike(
        bias="attention_bias",
        qk_norm="width",
        norms=("post_attention_layernorm", "post_feedforward_layernorm"),
        window=everything,
        experts=experts(),
    ).read,
    "flint": LlamaLike(
        bias="attention_bias",
        qk_norm="head",
        window=_flint_windows,
        beside=[sinks],
        experts=experts(shared_at="mlp.shared_expert"),
        sparse=_flint_sparse,
    ).read,
    "glm4_moe": LlamaLike(
        bias="attention_bias",
        out_bias=False,
        qk_norm=normed_if("use_qk_norm"),
        window=everything,
        experts=experts(),
        draft_repeats=True,
    ).read,
    "gpt_oss": LlamaLike(
        bias="attention_bias",
        window=one_in(2),
        beside=[sinks],
        experts=experts(router="mlp.router", router_bias=True, bias=True),
    ).read,
    "granitemoe": LlamaLike(bias="attention_bias", window=everything, experts=_GRANITE).read,
    "granitemoe_swa": LlamaLike(
        bias="attention_bias", window=one_in(4, first=True), beside=[sinks], experts=_GRANITE
    ).read,
    "granitemoeshared": LlamaLike(bias="attention_bias", window=everything, experts=_GRANITE).read,
    "hunyuan_v1_moe": LlamaLike(
        bias="attention_bias", qk_norm="head", window=everything, experts=_hunyuan_experts
    ).read,
    "hy_v3": LlamaLike(
        bias="attention_bias",
        qk_norm="head",
        mlp_bias="mlp_bias",
        window=everything,
        experts=experts(shared_bias="mlp_bias"),
        sparse=partial(sparse_layers, first=1),
    ).read,
    "jetmoe": _jetmoe,
    "kolibri1": LlamaLike(
        qk_norm="head",
        norms=AROUND_GLM,
        window=one_in(5),
        experts=experts(),
    ).read,
    "laguna": _laguna,
    "llama4_text": _llama4,
    "mellum": LlamaLike(
        bias="attention_bias", qk_norm="head", experts=experts(), window=unless_listed(everything)
    ).read,
    "minimax_m2": LlamaLike(qk_norm="width", experts=BLOCK_SPARSE).read,
    "mixtral": LlamaLike(experts=BLOCK_SPARSE).read,
    "olmoe": LlamaLike(bias="attention_bias", qk_norm="width", window=everything, experts=experts()).read,
    "phimoe": LlamaLike(
        bias="attention_bias", norm_bias=True, head_bias="lm_head_bias", experts=BLOCK_SPARSE
    ).read,
    "sarvam_moe": LlamaLike(
        bias="attention_bias", out_bias=False, qk_norm=normed_if("use_qk_norm"), experts=experts()
    ).read,
    "solar_open": LlamaLike(bias="attention_bias", out_bias=False, experts=experts()).read,
    "unlimited_ocr_text": LlamaLike(
        bias="attention_bias",
        experts=experts(),
        sparse=partial(sparse_layers, first=1),
    ).read,
}
