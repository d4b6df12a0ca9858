"""Encoders with rotary positions: ModernBERT, Nomic's BERT, GTE, EuroBERT, Jina's embeddings.

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, without_caches, without_head
from gpuspec.architectures.families.encoders import BertLike, encoder, table, writes
from gpuspec.architectures.families.llama_like import LLAMA, windowed
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, fused_attention, gated_mlp, kv_cache, linear, norm


def _modernbert(c: ModelConfig) -> Architecture:
    """ModernBERT: rotary positions, a gated block, no norm in front of the first attention."""
    bias, hidden = c.flag("norm_bias"), c.hidden
    decodes = c.model_type == "modernbert-decoder"
    projections = (
        attention(c, bias=c.flag("attention_bias"), at="attn", names=("q_proj", "k_proj", "v_proj", "Wo"))
        if decodes
        else fused_attention(c, qkv="attn.Wqkv", out="attn.Wo", bias=c.flag("attention_bias"))
    )
    first = (
        *projections,
        linear("mlp.Wi", "mlp", hidden, 2 * c.intermediate, bias=c.flag("mlp_bias")),
        linear("mlp.Wo", "mlp", c.intermediate, hidden, bias=c.flag("mlp_bias")),
        norm("mlp_norm", hidden, bias=bias),
    )
    later = (*first, norm("attn_norm", hidden, bias=bias))
    layers = []
    for index, local in enumerate(_local(c)):
        window = (c.window or c.count("local_attention") // 2) if local else 0
        caches = (kv_cache(c, window=window),) if decodes else ()
        layers.append(Layer(later if index else first, caches))
    return encoder(
        c,
        layers,
        width=hidden,
        outside=[norm("embeddings.norm", hidden, bias=bias)],
        final_norm=True,
        norm_bias=bias,
        transform_bias=c.flag("classifier_bias"),
        head_bias=c.flag("decoder_bias", default=True),
    )


def _local(c: ModelConfig) -> list[bool]:
    """Which layers see a window: all but the first of every three."""
    every = c.size("global_attn_every_n_layers", default=3)
    return windowed(c) or [index % every != 0 for index in range(c.layers)]


def _alike(c: ModelConfig, weights: tuple[Weight, ...]) -> Architecture:
    """Layers of these weights behind a normed embedding, to which kinds of tokens may add theirs."""
    outside = [norm("embeddings.LayerNorm", c.hidden, bias=True)]
    if c.count("type_vocab_size"):
        outside.append(table("token_type_embeddings", c.hidden, c.count("type_vocab_size")))
    return encoder(c, [Layer(weights)] * c.layers, width=c.hidden, outside=outside)


def _nomic(c: ModelConfig) -> Architecture:
    """Nomic's BERT: rotary positions, a gated block, no biases but those of norms. Older configs name its sizes as
    GPT-2 does."""
    weights = (
        *attention(c, bias=c.flag("qkv_proj_bias")),
        *gated_mlp(c, bias=c.flag("mlp_fc1_bias")),
        norm("post_attention_layernorm", c.hidden, bias=True),
        norm("post_mlp_layernorm", c.hidden, bias=True),
    )
    return _alike(c, weights)


def _gte(c: ModelConfig) -> Architecture:
    """GTE ("new" in its own code): rotary positions, a gated block of two matrices."""
    weights = (
        *fused_attention(c, qkv="attention.qkv_proj", out="attention.o_proj", bias=True),
        linear("mlp.up_gate_proj", "mlp", c.hidden, 2 * c.intermediate),
        linear("mlp.down_proj", "mlp", c.intermediate, c.hidden, bias=True),
        norm("attn_ln", c.hidden, bias=True),
        norm("mlp_ln", c.hidden, bias=True),
    )
    return _alike(c, weights)


def _eurobert(c: ModelConfig) -> Architecture:
    """EuroBERT: Llama, each token seeing the whole text."""
    found = without_caches(LLAMA.read(c))
    return found if writes(c) else without_head(found)


TYPES: Mapping[str, Reader] = {
    "eurobert": _eurobert,
    "gte": _gte,
    "jina_embeddings_v3": BertLike(positions=lambda c: 0).read,
    "modernbert": _modernbert,
    "modernbert-decoder": _modernbert,
    "new": _gte,
    "nomic_bert": _nomic,
}
