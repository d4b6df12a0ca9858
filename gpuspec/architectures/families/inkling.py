"""Inkling: windowed and full layers of different shapes, relative positions, short convolutions on four paths.

Source: transformers 5.24.0 (InklingTextConfig and its model, September 2026)."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import windowed
from gpuspec.architectures.kinds import sparse_layers
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


def _windowed(c: ModelConfig) -> list[bool]:
    listed = windowed(c)
    if listed:
        return listed
    if c.raw("local_layer_ids") is not None:
        local = set(c.numbers("local_layer_ids"))
        return [index in local for index in range(c.layers)]
    return [(index + 1) % 6 != 0 for index in range(c.layers)]


def _attention(c: ModelConfig, window: int) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    own = "swa_" if window else ""
    heads = c.size(f"{own}num_attention_heads", "num_attention_heads")
    kv_heads = c.size(f"{own}num_key_value_heads", "num_key_value_heads")
    head = c.size(f"{own}head_dim", "head_dim")
    relative, kernel, hidden = c.size("d_rel"), c.size("sconv_kernel_size", "conv_kernel_size"), c.hidden
    far = window or c.size("rel_extent")
    weights = (
        *attention(c, qk_norm="head", heads=heads, kv_heads=kv_heads, head_dim=head),
        linear("self_attn.r_proj", "attention", hidden, heads * relative),
        vector("self_attn.rel_logits_proj.proj", "attention", relative * far),
        vector("self_attn.k_sconv.conv1d", "attention", kv_heads * head * kernel),
        vector("self_attn.v_sconv.conv1d", "attention", kv_heads * head * kernel),
        vector("attn_sconv.conv1d", "attention", hidden * kernel),
        vector("mlp_sconv.conv1d", "mlp", hidden * kernel),
        *block_norms(c),
    )
    remembered = (2 * kv_heads * head + 2 * hidden) * kernel
    caches = (
        kv_cache(c, window=window, kv_heads=kv_heads, head_dim=head),
        Cache("state", state=remembered),
    )
    return weights, caches


def _inkling(c: ModelConfig) -> Architecture:
    dense_width, width = c.intermediate, c.size("moe_intermediate_size", default=c.intermediate)
    if c.count("dense_intermediate_size"):  # then `intermediate_size` is an expert's width
        dense_width, width = c.count("dense_intermediate_size"), c.intermediate
    shared = c.count("n_shared_experts")
    routed = (
        *mixture(
            c,
            experts=c.size("n_routed_experts"),
            used=c.size("num_experts_per_tok"),
            width=width,
            shared=shared * width,
        ),
        *((linear("mlp.gate.shared", "router", c.hidden, shared),) if shared else ()),
        vector("mlp.gate.global_scale", "router", 1),
    )
    block = (*gated_mlp(c, dense_width), vector("mlp.global_scale", "mlp", 1))
    shapes = {seen: _attention(c, c.window if seen else 0) for seen in (True, False)}
    layers = []
    for seen, sparse in zip(_windowed(c), sparse_layers(c, field="dense_mlp_idx"), strict=True):
        weights, caches = shapes[seen]
        layers.append(Layer((*weights, *(routed if sparse else block)), caches))
    return decoder(
        c,
        layers,
        outside=(norm("model.embed_tokens.embed_norm", c.hidden),),
        head=c.count("unpadded_vocab_size") or None,
        tied=False,
    )


def _second(c: ModelConfig, *, full: bool, first: bool) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """A layer of Inkling 2: gated attention over earlier blocks' states, with sinks; in full layers the short
    convolutions depend on the token, and query, key and value read states of their own."""
    own, hidden, kernel = "" if full else "swa_", c.hidden, c.size("conv_kernel_size")
    heads, kv_heads = c.size(f"{own}num_attention_heads"), c.size(f"{own}num_key_value_heads")
    head, relative = c.size(f"{own}head_dim"), c.size("d_rel")
    window = 0 if full else c.window
    kv, inputs = kv_heads * head, ("q", "k", "v") if full else ("",)
    convolutions = [vector(f"self_attn.{name}_proj.sconv", "attention", kv * kernel) for name in "kv"]
    if full:
        convolutions += [
            linear(f"self_attn.{name}_proj.sconv.weight_proj", "attention", hidden, kv_heads * kernel)
            for name in "kv"
        ]
    weights = (
        *attention(c, heads=heads, kv_heads=kv_heads, head_dim=head),
        linear("self_attn.o_proj.gate_proj", "attention", hidden, heads * head),
        linear("self_attn.sink_proj", "attention", hidden, heads),
        linear("self_attn.relative_position_bias.linear", "attention", hidden, heads * relative),
        vector(
            "self_attn.relative_position_bias.proj", "attention", relative * (window or c.size("rel_extent"))
        ),
        vector("self_attn.relative_position_bias.norm", "attention", heads * relative),
        vector("self_attn.q_proj.norm", "attention", heads * head),
        *convolutions,
        *(norm(f"{name}{'_' if name else ''}input_layernorm", hidden) for name in inputs),
        norm("post_attention_layernorm", hidden),
        vector("post_attention_convolution", "attention", hidden * kernel),
        vector("post_mlp_convolution", "mlp", hidden * kernel),
        vector("mlp_input.query", "norms", hidden),
        *(() if first else (vector("attention_input.query", "norms", len(inputs) * hidden),)),
    )
    return weights, (
        kv_cache(c, window=window, kv_heads=kv_heads, head_dim=head),
        Cache("state", state=2 * (kv + hidden) * kernel),
    )


def _messages(c: ModelConfig) -> tuple[Weight, ...]:
    """Gates on what a looped layer tells its next pass."""
    rank = c.size("loop_gate_rank")
    return tuple(
        linear(f"{name}_message_gate.{gate}", "mixer", inputs, outputs)
        for name in ("q", "k", "v", "mlp")
        for gate, inputs, outputs in (
            ("down_proj", 2 * c.hidden, rank),
            ("forget_gate_proj", rank, c.hidden),
            ("message_gate_proj", rank, c.hidden),
        )
    )


def _loop(c: ModelConfig) -> tuple[int, int, int]:
    """(first looped layer, first after them, passes); checkpoints keep them in a block of their own."""
    if c.model_type != "inkling2_loop_text":
        return 0, 0, 1
    own = c.inner("loop_config")
    names = (("core_start", "loop_layer_index_start"), ("core_end", "loop_layer_index_end"))
    start, end = (own.count(short) if own and own.says(short) else c.count(long) for short, long in names)
    said = own.count("num_passes") if own and own.says("num_passes") else c.count("loop_num_passes")
    if said > MOST_LAYERS:
        raise Unsaid(f"its config runs layers {said:,} times")
    start = min(start, c.layers)
    return start, max(min(end, c.layers), start), max(said, 1)


def _inkling2(c: ModelConfig) -> Architecture:
    """Inkling 2, and the same with layers that run several times: each pass has a cache of its own."""
    start, end, passes = _loop(c)
    routed = mixture(
        c,
        experts=c.size("n_routed_experts"),
        used=c.size("num_experts_per_tok"),
        width=c.size("moe_intermediate_size"),
    )
    gates = _messages(c) if passes > 1 or end else ()
    shapes = {seen: _second(c, full=not seen, first=False) for seen in (True, False)}
    layers = []
    for index, near in enumerate(_windowed(c)):
        weights, caches = shapes[near] if index else _second(c, full=not near, first=True)
        looped = start <= index < end
        layers.append(
            Layer(
                (*weights, *routed, *(gates if looped else ())),
                tuple(cache._replace(layers=passes if looped else 1) for cache in caches),
            )
        )
    outside = [
        norm("model.embed_tokens.embed_norm", c.hidden),
        vector("model.final_input.query", "norms", c.hidden),
    ]
    if end:
        outside.append(vector("model.message_input.query", "norms", (end - start) * 4 * c.hidden))
    return decoder(
        c,
        layers,
        outside=outside,
        head=c.count("unpadded_vocab_size") or None,
        tied=False,
    )


TYPES: Mapping[str, Reader] = {
    "inkling2_loop_text": _inkling2,
    "inkling2_text": _inkling2,
    "inkling_text": _inkling,
}
