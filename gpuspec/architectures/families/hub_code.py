"""Architectures whose code lies on the hub beside their weights: transformers has no class for them.

Sources: vLLM 0.33.0's model files and llama.cpp's converters (September 2026); what they count is compared with the
elements that the hub states for the checkpoints named in tests/architectures/counts.jsonl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, by_its_count, decoder
from gpuspec.architectures.families.llama_like import (
    AROUND_ATTENTION,
    AROUND_BOTH,
    LLAMA,
    LlamaLike,
    everything,
    normed_if,
    output_gate,
)
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, gated_mlp, kv_cache, linear, norm, vector


def _looped(read: Reader, field: str, usual: int) -> Reader:
    """Layers that a token passes several times: each pass has keys and values of its own."""

    def reader(c: ModelConfig) -> Architecture:
        passes = min(c.size(field, default=usual), 1000)
        found = read(c)
        layers = [
            layer._replace(caches=tuple(cache._replace(layers=passes) for cache in layer.caches))
            for layer in found.layers
        ]
        return found._replace(layers=tuple(layers))

    return reader


def _ouro(c: ModelConfig) -> Architecture:
    """Ouro (arXiv 2510.25741): four norms a layer, a gate that may end the loop early."""
    found = LlamaLike(norms=AROUND_BOTH).read(c)
    gate = linear("model.early_exit_gate", "head", c.hidden, 1, bias=True)
    return found._replace(outside=(*found.outside, gate))


def _talkie(c: ModelConfig) -> Architecture:
    """Talkie: norms without weights, gains for heads and blocks. Source: llama.cpp conversion/talkie.py."""

    def gains(c: ModelConfig) -> tuple[Weight, ...]:
        sizes = {"attn.head_gain": c.heads, "attn_gain": 1, "mlp_gain": 1, "embed_skip": 1}
        return tuple(vector(name, "norms", elements) for name, elements in sizes.items())

    found = LlamaLike(norms=(), final_norm=False, beside=(gains,), window=everything).read(c)
    return found._replace(outside=(*found.outside, vector("lm_head_gain", "norms", 1)))


def _head_gate(c: ModelConfig) -> tuple[Weight, ...]:
    """A gate for each head of queries."""
    return (linear("self_attn.g_proj", "attention", c.hidden, c.heads),)


def _k2_horizon(c: ModelConfig) -> Architecture:
    """K2 Horizon. Its mixtures of attention (MoVA) are not read."""
    if c.count("mova_num_experts"):
        raise Unsaid("its config has mixtures of attention (mova_num_experts), which gpuspec does not know")
    return LlamaLike(
        bias="attention_bias",
        out_bias=False,
        qk_norm=normed_if("query_key_norm", "width"),
        beside=(output_gate,) if c.text("attention_gate_func") else (),
        window=everything,
    ).read(c)


def _plamo3_windows(c: ModelConfig) -> list[int]:
    """A number or null for each layer; without them every `sliding_window_pattern`-th sees everything."""
    listed = c.raw("interleaved_sliding_window")
    if isinstance(listed, (list, tuple)) and len(listed) >= c.layers:
        return [each if type(each) is int and 0 < each < 10**9 else 0 for each in listed[: c.layers]]
    period = c.size("sliding_window_pattern", default=8)
    return [c.window if (index + 1) % period else 0 for index in range(c.layers)]


def _down_bias(c: ModelConfig, *, bias: bool = False) -> tuple[Weight, ...]:
    gate, up, down = gated_mlp(c, bias=bias)
    return gate, up, down._replace(bias=c.hidden)


def _blocks(c: ModelConfig) -> Sequence[Mapping[str, Any]]:
    listed = c.raw("block_configs")
    if not isinstance(listed, (list, tuple)) or len(listed) < c.layers:
        raise Unsaid("its config does not say block_configs, one for each layer")
    return [each if isinstance(each, dict) else {} for each in listed[: c.layers]]


def _nemotron_nas(c: ModelConfig) -> Architecture:
    """Llama after a search: each layer has KV heads and a width of its own, or lacks a block, or has a matrix for it.

    Source: vLLM 0.33.0 nemotron_nas.py."""
    layers = []
    for block in _blocks(c):
        attends, feeds = (
            ModelConfig(block[name] if isinstance(block.get(name), dict) else {})
            for name in ("attention", "ffn")
        )
        weights: list[Weight] = []
        caches = []
        if attends.flag("replace_with_linear"):
            weights.append(linear("self_attn.linear_attn", "attention", c.hidden, c.hidden))
        elif not attends.flag("no_op"):
            kv_heads = max(c.heads // attends.size("n_heads_in_group"), 1)
            weights += attention(c, bias=c.flag("attention_bias"), kv_heads=kv_heads)
            caches.append(kv_cache(c, kv_heads=kv_heads))
        if weights:
            weights.append(norm(AROUND_ATTENTION[0], c.hidden))
        if feeds.flag("replace_with_linear"):
            weights += [
                linear("mlp.linear_mlp", "mlp", c.hidden, c.hidden),
                norm(AROUND_ATTENTION[1], c.hidden),
            ]
        elif not feeds.flag("no_op"):
            width = feeds.count("intermediate_size") or _times(feeds.number("ffn_mult", 0), c.hidden)
            weights += [*gated_mlp(c, width, bias=c.flag("mlp_bias")), norm(AROUND_ATTENTION[1], c.hidden)]
        layers.append(Layer(tuple(weights), tuple(caches)))
    return decoder(c, layers)


def _times(multiplier: float, hidden: int) -> int:
    """Two thirds of so many times the width, rounded up to a multiple of 256."""
    if not 0 < multiplier < 1000:
        raise Unsaid("its config does not say ffn_mult")
    return -(-int(2 * multiplier * hidden / 3) // 256) * 256


def _openelm(c: ModelConfig) -> Architecture:
    """OpenELM (arXiv 2404.14619): heads and widths grow from layer to layer.

    Source: llama.cpp conversion/openelm.py."""
    hidden, divisor, head = c.size("model_dim"), c.size("ffn_dim_divisor", default=256), c.size("head_dim")
    queries, keys = c.numbers("num_query_heads"), c.numbers("num_kv_heads")
    said = c.raw("ffn_multipliers")
    number = c.size("num_transformer_layers")
    plain = isinstance(said, (list, tuple)) and all(
        type(each) in (int, float) and 0 < each < 100 for each in said
    )
    if not plain or not min(len(queries), len(keys), len(said)) >= number:
        raise Unsaid(
            "its config does not say num_query_heads, num_kv_heads and ffn_multipliers of each layer"
        )
    sizes = ModelConfig({"hidden_size": hidden, "num_attention_heads": 1})
    layers = []
    for q, kv, multiplier in zip(queries[:number], keys, said, strict=False):
        inner = max(divisor, int(multiplier * hidden + divisor / 2) // divisor * divisor)
        inner += divisor if inner < 0.9 * multiplier * hidden else 0
        qk = (
            [norm("attn.q_norm", head), norm("attn.k_norm", head)]
            if c.flag("normalize_qk_projections")
            else []
        )
        weights = (
            linear("attn.qkv_proj", "attention", hidden, (q + 2 * kv) * head),
            linear("attn.out_proj", "attention", q * head, hidden),
            linear("ffn.proj_1", "mlp", hidden, 2 * inner),
            linear("ffn.proj_2", "mlp", inner, hidden),
            norm("attn_norm", hidden),
            norm("ffn_norm", hidden),
            *qk,
        )
        layers.append(Layer(weights, (kv_cache(sizes, kv_heads=kv, head_dim=head),)))
    known = {"model_type": c.model_type, "hidden_size": hidden, "vocab_size": c.vocabulary, "head_dim": head}
    length = {"max_position_embeddings": c.raw("max_context_length")}
    return decoder(
        ModelConfig(known | length), layers, tied=c.flag("share_input_output_layers", default=True)
    )


_PLAIN = LlamaLike(window=everything)

TYPES: Mapping[str, Reader] = {
    "k2_horizon": _k2_horizon,
    "maincoder": LlamaLike(qk_norm="head", window=everything).read,
    "nanbeige": _looped(_PLAIN.read, "num_loops", 1),
    "nemotron-nas": _nemotron_nas,
    "nemotron_labs_diffusion": by_its_count(_PLAIN.read),
    "openelm": _openelm,
    "orion": LlamaLike(norm_bias=True, window=everything).read,
    "ouro": _looped(_ouro, "total_ut_steps", 4),
    "plamo3": LlamaLike(qk_norm="head", norms=AROUND_BOTH, window=_plamo3_windows).read,
    "solar": LLAMA.read,
    "spark2_5": by_its_count(LlamaLike(beside=(_head_gate,)).read),
    "step1": _PLAIN.read,
    "talkie": _talkie,
    "telechat": LlamaLike(out_bias=True, mlp=_down_bias, window=everything).read,
    "telechat3": _PLAIN.read,
    "xverse": _PLAIN.read,
}
