"""An architecture that nobody taught gpuspec: what its fields say, with less confidence.

Configs share a grammar: most new architectures are decoders whose fields have the names of earlier ones. What is
assumed stands in `Architecture.derived`. Where fields speak of something that cannot be derived from them (a memory
of unknown make, experts of unknown number, layers that run in loops), reading fails with a reason: no number is
better than a wrong one."""

from __future__ import annotations

from gpuspec.architectures.config import EXPERTS, ModelConfig
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.families.latent import indexer, indexer_cache
from gpuspec.architectures.families.llama_like import experts
from gpuspec.architectures.families.qwen import one_in_step, switched_windows
from gpuspec.architectures.kinds import indexing_layers, sparse_layers
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    gated_mlp,
    kv_cache,
    latent_attention,
    latent_cache,
    linear,
    norm,
    plain_mlp,
)
from gpuspec.architectures.signatures import kin_of, refuse

_BIAS = (
    "attention_bias",
    "qkv_bias",
    "use_qkv_bias",
    "attention_qkv_bias",
    "add_qkv_bias",
    "use_bias",
    "bias",
)
_OUT_BIAS = (
    "attention_out_bias",
    "attention_output_bias",
    "attention_bias",
    "o_proj_bias",
    "use_bias",
    "bias",
)
_QK_NORM = ("use_qk_norm", "qk_norm", "qk_layernorm", "query_key_norm", "use_qk_layernorm")
_LAYER_NORM = (
    "layer_norm_eps",
    "layer_norm_epsilon",
    "layernorm_epsilon",
    "norm_epsilon",
    "activation_function",
)
_ROTARY = (
    "rope_theta", "rope_parameters", "rope_scaling", "rotary_dim", "rotary_pct", "rotary_emb_base", "alibi",
    "partial_rotary_factor", "position_embedding_type",
)  # fmt: skip
_UNGATED = ("gelu", "gelu_new", "gelu_fast", "quick_gelu", "relu", "gelu_python", "gelu_pytorch_tanh", "")
"""Activations of blocks of two matrices, in models with LayerNorm."""
_SQUARED = ("relu2", "squared_relu", "relu_squared", "xielu")
"""Activations of blocks without a gate (Nemotron, Arcee, Apertus); BitNet alone has a gate with one."""


def unknown_name(c: ModelConfig) -> str:
    """That an architecture is unknown, in words."""
    if not c.model_type:
        return "its config names no architecture"
    return f"gpuspec does not know the architecture {c.model_type[:60]!r}"


def read_unknown(c: ModelConfig) -> Architecture:
    """The structure that the fields of an unknown architecture suggest. Raises Unsaid where they suggest none."""
    name = unknown_name(c)
    refuse(c)
    kin, read = kin_of(c)
    if read is not None:
        return read(c)._replace(derived=f"{name}: read as {kin} is, whose fields its config has")
    found, what = _decoder(c)
    return found._replace(derived=f"{name}: read from its fields as {what}")


def _decoder(c: ModelConfig) -> tuple[Architecture, str]:
    """(the structure, what it is taken for)."""
    layer_norm = c.says(*_LAYER_NORM) and not c.says("rms_norm_eps", "rms_norm_epsilon")
    gated = not _ungated(c, layer_norm=layer_norm)
    before_llama = layer_norm and not gated
    around = (
        *_attention(c, bias=before_llama),
        norm("input_layernorm", c.hidden, bias=layer_norm),
        norm("post_attention_layernorm", c.hidden, bias=layer_norm),
    )
    block, bias = (
        gated_mlp if gated else plain_mlp,
        c.flag("mlp_bias", "use_bias", "bias", default=before_llama),
    )
    routed, (seen, doubt) = _routed(c), _windows(c)
    blocks = (() if all(routed) else block(c, bias=bias), _experts(c) if any(routed) else ())
    kept = [
        Layer((*around, *blocks[moe], *chooses), caches)
        for moe, (chooses, caches) in zip(routed, _remembered(c, seen), strict=True)
    ]
    outside = list(_positions(c)) if before_llama and c.raw(*_ROTARY) is None else []
    width = c.count("embedding_size", "word_embed_proj_dim", "input_embedding_size") or c.hidden
    if width != c.hidden:
        outside.append(linear("embeddings_project", "embedding", width, c.hidden))
    what = "an encoder" if _encodes(c) else "a decoder"
    words = [
        f"{what} with {'multi-head latent' if c.count('kv_lora_rank') else 'grouped'} attention",
        f"feed-forward blocks {'with' if gated else 'without'} a gate",
        f"experts in {sum(routed)} of {len(routed)} layers" if any(routed) else "",
        doubt,
        *(f"its {name} not counted" for name in ("vision_config", "audio_config") if c.says(name)),
    ]
    found = decoder(c, kept, outside=outside, norm_bias=layer_norm, embedding=width)
    return found, ", ".join(word for word in words if word)


def _remembered(c: ModelConfig, seen: list[int]) -> list[tuple[tuple[Weight, ...], tuple[Cache, ...]]]:
    """(the weights of an indexer, the caches) of each layer."""
    if _encodes(c):
        return [((), ())] * len(seen)
    if not c.count("kv_lora_rank"):
        value = c.count("v_head_dim") or None
        return [((), (kv_cache(c, window=window, value_dim=value),)) for window in seen]
    if not c.count("index_n_heads"):
        return [((), (latent_cache(c),))] * len(seen)
    chooses = (indexer(c), (latent_cache(c), indexer_cache(c)))
    return [chooses if indexed else ((), (latent_cache(c),)) for indexed in indexing_layers(c)]


def _encodes(c: ModelConfig) -> bool:
    """Whether it reads a text at once, and so remembers none: segments of a text are what BERT and its heirs have."""
    return c.says("type_vocab_size") and not c.flag("is_decoder")


def _ungated(c: ModelConfig, *, layer_norm: bool) -> bool:
    """Whether a feed-forward block has two matrices rather than three."""
    act = c.text(
        "hidden_act", "hidden_activation", "activation_function", "activation", "mlp_hidden_act", "afn"
    )
    return act in _SQUARED or (layer_norm and act in _UNGATED)


def _attention(c: ModelConfig, *, bias: bool) -> tuple[Weight, ...]:
    if c.count("kv_lora_rank"):
        return latent_attention(c, bias=c.flag("attention_bias"))
    return attention(
        c,
        bias=c.flag(*_BIAS, default=bias),
        out_bias=c.flag(*_OUT_BIAS, default=bias),
        qk_norm="head" if c.flag(*_QK_NORM) else "",
        gated=c.flag("attn_output_gate"),
        value_dim=c.count("v_head_dim") or None,
    )


def _routed(c: ModelConfig) -> list[bool]:
    """Which layers have experts: none, where no field says how many there are."""
    if max(c.count(name) for name in EXPERTS) < 2 or not c.flag("is_moe", "use_moe", default=True):
        return [False] * c.layers
    step = c.size("interleave_moe_layer_step", "moe_layer_interval", default=1)
    first = c.count("num_dense_layers", "first_num_dense_layers", "moe_layer_start_index")
    by_step = one_in_step(c) if c.says("decoder_sparse_step", "mlp_only_layers") else [True] * c.layers
    every = [index >= first and (index + 1) % step == 0 for index in range(c.layers)]
    return [all(each) for each in zip(sparse_layers(c), by_step, every, strict=True)]


def _experts(c: ModelConfig) -> tuple[Weight, ...]:
    """A mixture, under the names that few configs use for its width inside and where it meets the layer, too."""
    inner = c.count("moe_intermediate_size", "expert_ffn_hidden_size", "moe_ffn_hidden_size", "expert_dim")
    outer = c.count("moe_hidden_size", "moe_latent_size")
    widths = {"moe_intermediate_size": inner, "hidden_size": outer}
    return experts()(c.read_as(c.model_type, **{name: width for name, width in widths.items() if width}))


def _windows(c: ModelConfig) -> tuple[list[int], str]:
    """(the tokens each layer sees, a doubt). A window is left out where no field says which layers have it."""
    kinds = c.texts("layer_types")[: c.layers]
    if len(kinds) == c.layers:
        near = ("sliding", "chunked", "local", "window")
        return [c.window if any(each in kind.lower() for each in near) else 0 for kind in kinds], ""
    if c.raw("use_sliding_window") is not None:
        return (switched_windows(c) if c.window else [0] * c.layers), ""
    period = c.raw("sliding_window_pattern")
    if c.window and type(period) is int and 1 < period <= c.layers:
        return [0 if (index + 1) % period == 0 else c.window for index in range(c.layers)], ""
    doubt = "a window that is not counted, since no field says which layers have it" if c.window else ""
    return [0] * c.layers, doubt


def _positions(c: ModelConfig) -> tuple[Weight, ...]:
    """Learned positions and segments, of models before rotary embeddings."""
    length = c.count("max_position_embeddings", "n_positions", "n_ctx")
    found = []
    for name, entries in (("position", length), ("token_type", c.count("type_vocab_size"))):
        if entries:
            found.append(Weight(f"{name}_embeddings", "embedding", c.hidden, entries, linear=False))
    return tuple(found)
