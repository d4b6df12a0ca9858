"""Mixtures of experts whose layers are not all alike: MiniMax M3, MiMo-V2, Step 3.5, Muse Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gpuspec.architectures.config import EXPERTS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.latent import drafts
from gpuspec.architectures.families.llama_like import (
    AROUND_ATTENTION,
    AROUND_BOTH,
    LlamaLike,
    draft,
    experts,
    last_sees_all,
    output_gate,
)
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    gated_mlp,
    kv_cache,
    linear,
    mixture,
    norm,
    vector,
)
from gpuspec.numerals import small_number


def listed(c: ModelConfig, number: int, *fields: str) -> list[bool]:
    """A yes or no for each layer, from the first of these fields that is a list as long as the layers."""
    for field in fields:
        value = c.raw(field)
        if isinstance(value, (list, tuple)) and len(value) >= number:
            return [each in (1, "sparse", "sliding_attention") for each in value[:number]]
    return []


def _minimax_m3(c: ModelConfig) -> Architecture:
    """MiniMax M3: an indexer chooses the blocks of keys that a sparse layer reads, and keeps a key of its own.

    Sources: transformers 5.24 MiniMaxM3VLText; vLLM 0.33 models/minimax_m3/common/indexer.py (one key a token)."""
    said = c.inner("sparse_attention_config") or ModelConfig({})
    kinds = c.texts("layer_types")[: c.layers]
    indexed = [kind == "minimax_m3_sparse" for kind in kinds] or listed(
        said, c.layers, "sparse_attention_freq"
    )
    indexed = (indexed or [False] * c.layers)[: c.layers]
    if len(indexed) < c.layers:
        raise Unsaid("its config says of some layers only whether their attention is sparse")
    routed = listed(c, c.layers, "mlp_layer_types", "moe_layer_freq") or [True] * c.layers
    around = (*attention(c, qk_norm="head"), *block_norms(c))
    blocks = (
        gated_mlp(c, c.size("dense_intermediate_size", default=c.intermediate)),
        mixture(
            c,
            experts=c.size(*EXPERTS),
            used=c.size("num_experts_per_tok"),
            width=c.intermediate,
            shared=c.count("shared_intermediate_size"),
            router="block_sparse_moe.gate",
            at="block_sparse_moe.experts.*",
            shared_at="block_sparse_moe.shared_experts",
        ),
    )
    index, key = _indexer(c, said) if any(indexed) else ((), Cache("full"))
    layers = [
        Layer((*around, *blocks[moe], *(index if sparse else ())), (kv_cache(c), *([key] if sparse else [])))
        for moe, sparse in zip(routed, indexed, strict=True)
    ]
    return decoder(c, layers, drafts=drafts(c, layers[-1]))


def _indexer(c: ModelConfig, said: ModelConfig) -> tuple[tuple[Weight, ...], Cache]:
    heads = said.count("sparse_num_index_heads") or c.size("index_n_heads")
    width = said.count("sparse_index_dim") or c.size("index_head_dim")
    weights = (
        linear("self_attn.index_q_proj", "attention", c.hidden, heads * width),
        linear("self_attn.index_k_proj", "attention", c.hidden, width),
        norm("self_attn.index_q_norm", width),
        norm("self_attn.index_k_norm", width),
    )
    return weights, Cache("index", width=width, bits=16)


def _mimo_v2(c: ModelConfig) -> Architecture:
    """MiMo-V2: layers with a window have twice the KV heads, and sinks.

    Sources: transformers 5.24 MiMoV2Flash; vLLM 0.33 mimo_v2.py (values narrower than keys in the cache too)."""
    sliding = listed(c, c.layers, "hybrid_layer_pattern", "layer_types") or [
        index > 0 and (index + 1) % 6 > 0 for index in range(c.layers)
    ]
    window = c.count("sliding_window_size", "sliding_window")
    bias, value = c.flag("attention_bias"), c.size("v_head_dim", "head_dim")
    heads = c.count("swa_num_attention_heads") or c.heads
    kv_heads = c.count("swa_num_key_value_heads") or 2 * c.kv_heads
    key, near_value = c.count("swa_head_dim") or c.head_dim, c.count("swa_v_head_dim") or value
    near = attention(
        c, bias=bias, out_bias=False, heads=heads, kv_heads=kv_heads, head_dim=key, value_dim=near_value
    )
    sinks = (vector("self_attn.attention_sink_bias", "attention", heads),)
    attentions = (attention(c, bias=bias, out_bias=False, value_dim=value), (*near, *sinks))
    caches = (
        kv_cache(c, value_dim=value),
        kv_cache(c, window=window, kv_heads=kv_heads, head_dim=key, value_dim=near_value),
    )
    routed = listed(c, c.layers, "moe_layer_freq", "mlp_layer_types") or [
        index > 0 for index in range(c.layers)
    ]
    blocks = (gated_mlp(c), experts()(c))
    layers = [
        Layer((*attentions[near_by], *blocks[moe], *block_norms(c)), (caches[near_by],))
        for near_by, moe in zip(sliding, routed, strict=True)
    ]
    return decoder(c, layers)


def _step(c: ModelConfig) -> Architecture:
    """Step 3.5: layers with a window may have more query heads, each head has a gate; an MTP layer has a head.

    Sources: transformers 5.24 Step3p7Text; vLLM 0.33 step3p5.py, step3p5_mtp.py."""
    drafts = min(c.count("num_nextn_predict_layers", "num_mtp_layers"), c.layers)
    kinds = [*c.texts("layer_types"), *c.texts("mtp_layer_types")]
    sliding = ["sliding" in kind for kind in kinds] or [False] * c.layers
    sliding = (sliding + [True] * drafts)[: c.layers + drafts]
    if len(sliding) < c.layers + drafts:
        raise Unsaid("its config says of some layers only how far they see")
    kv_heads = c.size("num_attention_groups", "num_key_value_heads")
    other = c.inner("attention_other_setting") or ModelConfig({})
    near_heads = c.count("num_sliding_attention_heads") or other.count("num_attention_heads") or c.heads
    bias = c.flag("attention_bias")
    attentions = [
        (
            *attention(c, bias=bias, qk_norm="head", heads=heads, kv_heads=kv_heads),
            linear("self_attn.g_proj", "attention", c.hidden, heads),
        )
        for heads in (c.heads, near_heads)
    ]
    caches = [kv_cache(c, kv_heads=kv_heads, window=seen) for seen in (0, c.window)]
    routed = _step_experts(c, c.layers + drafts)
    blocks = (gated_mlp(c, bias=c.flag("mlp_bias")), _step_mixture(c))
    layers = [
        Layer((*attentions[near], *blocks[moe], *block_norms(c)), (caches[near],))
        for near, moe in zip(sliding, routed, strict=True)
    ]
    head = linear("transformer.shared_head.output", "draft", c.hidden, c.vocabulary)
    joined = [draft(c, layer) for layer in layers[c.layers :]]
    return decoder(
        c,
        layers[: c.layers],
        drafts=[each._replace(weights=(*each.weights, head)) for each in joined],
    )


def _step_experts(c: ModelConfig, number: int) -> list[bool]:
    """Which layers have experts: by their kinds, or by the numbers in `moe_layers_enum`; else all but three."""
    kinds = [*c.texts("mlp_layer_types"), *c.texts("mtp_mlp_layer_types")]
    if len(kinds) >= c.layers:
        return [kind == "sparse" for kind in (*kinds, *["dense"] * number)[:number]]
    said = c.raw("moe_layers_enum")
    found: set[int | None]
    if isinstance(said, str):
        found = {small_number(each.strip()) for each in said[:10_000].split(",")}
    elif isinstance(said, (list, tuple)):
        found = set(c.numbers("moe_layers_enum"))
    else:
        found = set(range(c.count("first_k_dense_replace") or 3, c.layers))
    return [index in found for index in range(number)]


def _step_mixture(c: ModelConfig) -> tuple[Weight, ...]:
    routed = mixture(
        c,
        experts=c.size(*EXPERTS),
        used=c.size("moe_top_k", "num_experts_per_tok"),
        width=c.size("moe_intermediate_size"),
        router="moe.gate",
        at="moe.experts.*",
    )
    shared = c.count("share_expert_dim", "share_expert_dims")
    if not shared:
        return routed
    bias = c.flag("mlp_bias")
    return (*routed, *gated_mlp(c, shared, bias=bias, at="share_expert", part="shared experts"))


def _narrow_experts(c: ModelConfig) -> tuple[Weight, ...]:
    """Muse Spark: experts work at a width of their own, with a projection before and behind them."""
    hidden, width, inner = c.hidden, c.size("moe_hidden_size"), c.size("moe_intermediate_size")
    return (
        *mixture(
            c,
            experts=c.size(*EXPERTS),
            used=c.size("num_experts_per_tok"),
            width=inner,
            outer=width,
        ),
        linear("mlp.pre_expert_proj", "mlp", hidden, width),
        linear("mlp.post_expert_proj", "mlp", width, hidden),
        norm("mlp.pre_expert_norm", width),
        norm("mlp.experts.post_expert_norm", width),
    )


def _residual_gates(c: ModelConfig) -> tuple[Weight, ...]:
    names: Sequence[str] = ("post_attention_residual_gate.gate", "post_feedforward_residual_gate.gate")
    return tuple(vector(name, "norms", c.hidden) for name in names)


TYPES: Mapping[str, Reader] = {
    "mimo_v2": _mimo_v2,
    "mimo_v2_flash": _mimo_v2,
    "minimax_m3": _minimax_m3,
    "minimax_m3_vl_text": _minimax_m3,
    "muse_spark_text": LlamaLike(
        beside=(output_gate, _residual_gates),
        bias="attention_bias",
        norms=(AROUND_ATTENTION[0], *AROUND_BOTH[2:]),
        window=last_sees_all(4),
        experts=_narrow_experts,
    ).read,
    "step3p5": _step,
}
