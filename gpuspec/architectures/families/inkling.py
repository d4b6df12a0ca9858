"""Inkling: windowed and full layers of different shapes, relative positions, short convolutions on four paths.

Source: transformers 5.24.0 (InklingTextConfig and its model, September 2026)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.families.llama_like import AROUND_ATTENTION, dense_first
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import attention, gated_mlp, kv_cache, linear, mixture, norm, vector


def _windowed(c: Config) -> list[bool]:
    kinds = c.texts("layer_types")
    if len(kinds) >= c.layers:
        return ["sliding" in kind for kind in kinds[: c.layers]]
    if c.raw("local_layer_ids") is not None:
        local = set(c.numbers("local_layer_ids"))
        return [index in local for index in range(c.layers)]
    return [(index + 1) % 6 != 0 for index in range(c.layers)]


def _attention(c: Config, window: int) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
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
        *(norm(name, hidden) for name in AROUND_ATTENTION),
    )
    remembered = (2 * kv_heads * head + 2 * hidden) * kernel
    caches = (
        kv_cache(c, window=window, kv_heads=kv_heads, head_dim=head),
        Cache("state", state=remembered),
    )
    return weights, caches


def _inkling(c: Config) -> Architecture:
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
    for seen, sparse in zip(_windowed(c), dense_first("dense_mlp_idx")(c), strict=True):
        weights, caches = shapes[seen]
        layers.append(Layer((*weights, *(routed if sparse else block)), caches))
    return decoder(
        c,
        layers,
        outside=(norm("model.embed_tokens.embed_norm", c.hidden),),
        head=c.count("unpadded_vocab_size") or None,
        tied=c.flag("tie_word_embeddings"),
    )


TYPES: Mapping[str, Callable[[Config], Architecture]] = {"inkling_text": _inkling}
