"""Decoders with several residual streams (hyper-connections), sparse attention and a delta rule: GLM-5.3, Hy4,
Qwen4."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.compressed import hyper_connections, stream_head
from gpuspec.architectures.families.delta import kimi_mixer
from gpuspec.architectures.families.latent import drafts, experts_of, indexer, indexer_cache
from gpuspec.architectures.families.llama_like import experts
from gpuspec.architectures.kinds import LINEAR, every, indexing_layers, sparse_layers
from gpuspec.architectures.mixers import gated_delta_net, state
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    copies,
    gated_mlp,
    kv_cache,
    latent_attention,
    latent_cache,
    linear,
    norm,
    vector,
)


def _glm5_next(c: ModelConfig) -> Architecture:
    """GLM-5.3: Kimi's delta rule in three of four layers; sparse latent attention whose indexer pools its keys."""
    pool, mixer = c.size("index_kpool"), kimi_mixer(c)
    heads = latent_attention(c, bias=c.flag("attention_bias"))
    width = c.size("index_head_dim")
    index = (
        *indexer(c),
        vector("self_attn.indexer.index_kpool_compress_ape", "attention", pool * width),
        linear("self_attn.indexer.index_kpool_compress_gate", "attention", c.hidden, width),
    )
    # The pool that is still filling: a key and a score of each of its tokens (vLLM `Glm5NextTailCache`).
    keys = (indexer_cache(c, stride=pool), state(2 * width * pool))
    around = (*block_norms(c), *hyper_connections(c))
    dense, mixed = gated_mlp(c), experts_of(c)
    kinds = c.per_layer("layer_types") or every(c, 4)
    layers = []
    for kind, chooses, sparse in zip(kinds, indexing_layers(c), sparse_layers(c, first=3), strict=True):
        block = mixed if sparse else dense
        if kind in LINEAR:
            layers.append(Layer((*mixer.weights, *block, *around), mixer.caches))
        else:
            weights = (*heads, *(index if chooses else ()), *block, *around)
            layers.append(Layer(weights, (latent_cache(c), *(keys if chooses else ()))))
    predicts = Layer((*heads, *index, *mixed, *around), (latent_cache(c), *keys))
    return decoder(c, layers, drafts=drafts(c, predicts))


def _hy_v4(c: ModelConfig) -> Architecture:
    """Hy4: latent attention with sinks and an output gate; in each fourth layer an indexer chooses what it reads."""
    streams = c.size("hc_mult")
    value = c.heads * c.size("v_head_dim")
    heads = (
        *latent_attention(c, bias=c.flag("attention_bias")),
        vector("self_attn.sinks", "attention", c.heads),
        linear("self_attn.gate_proj", "attention", c.hidden, value),
    )
    read = {"fn": 2 * streams * streams * c.hidden, "base": 2 * streams, "scale": 2}
    around = (
        *block_norms(c),
        *(vector(f"{at}_hc.{name}", "norms", size) for at in ("attn", "ffn") for name, size in read.items()),
    )
    dense, mixed = gated_mlp(c), experts_of(c)
    listed = c.per_layer("indexer_types")
    indexes = [each == "full" for each in listed] or [
        index == 0 or (index - 1) % 4 == 0 for index in range(c.layers)
    ]
    layers = []
    for chooses, sparse in zip(indexes, sparse_layers(c, first=1), strict=True):
        weights = (*heads, *(indexer(c) if chooses else ()), *(mixed if sparse else dense), *around)
        layers.append(Layer(weights, (latent_cache(c), *((indexer_cache(c),) if chooses else ()))))
    return decoder(c, layers, outside=stream_head(c, "model.hc_head.hc"))


def _residual(c: ModelConfig, at: str, *, writes: bool = True) -> tuple[Weight, ...]:
    """How a block of Qwen4 reads from, and writes to, its residual streams."""
    streams, rank = c.size("hc_count"), c.size("hc_lowrank")
    wide = streams * c.hidden
    found = (
        norm(f"{at}.hc_norm", wide),
        linear(f"{at}.input_mix_weight_down", "norms", wide, rank),
        linear(f"{at}.input_mix_weight_up", "norms", rank, wide),
    )
    return (*found, linear(f"{at}.block_inject_weight", "norms", wide, streams)) if writes else found


def _ngrams(c: ModelConfig) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """Embeddings of the last few tokens together, looked up by their hash: a table far larger than the vocabulary.

    A table's length is a prime just above `ngram_vocab_size_base` for each head; what that adds is 10^-5 of it."""
    wide, width = c.size("hc_count") * c.hidden, c.size("ple_embed_dim", default=c.hidden)
    orders = c.size("ngram_size") - 1
    tables = orders * c.size("heads_per_ngram")
    if not 0 < tables <= width:
        raise Unsaid("its config does not say how wide its n-gram embeddings are")
    kernel, ngram = c.size("ple_conv_kernel_size"), c.size("ngram_size")
    rows = tables * c.size("ngram_vocab_size_base")
    step = c.size("make_ngram_vocab_size_divisible_by", default=1)
    table = Weight("ple.ple_embedding.ngram_embedding", "embedding", width // tables, linear=False)
    weights = (
        copies(table, -(-rows // step) * step, tables),  # a token looks up one row of each
        linear("ple.key_proj", "mixer", width, wide),
        linear("ple.value_proj", "mixer", width, c.hidden),
        *(norm(f"ple.norm_{name}", wide) for name in ("key", "query", "conv")),
        vector("ple.conv1d", "mixer", wide * kernel),
    )
    return weights, (state(wide * (kernel - 1) * ngram), state(ngram - 1, bits=64))


def _qwen4_indexer(c: ModelConfig) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """Heads that choose blocks of tokens by the mean of their keys."""
    heads, width = c.count("indexer_n_heads"), c.count("indexer_head_dim")
    if not heads or not width:
        return (), ()
    kv, pool = c.size("indexer_kv_heads", default=1), c.size("indexer_compress_ratio")
    weights = (
        linear("self_attn.indexer.index_qk_proj", "attention", c.hidden, (heads + kv) * width),
        norm("self_attn.indexer.q_layernorm", width),
        norm("self_attn.indexer.k_layernorm", width),
    )
    # A mean key for each block, and the keys of the block that is still filling (vLLM models/qwen4_exp).
    return weights, (Cache("index", width=kv * width, stride=pool, bits=16), state(kv * width * pool))


def _qwen4_exp(c: ModelConfig) -> Architecture:
    mixer, (index, keys) = gated_delta_net(c, fused=False), _qwen4_indexer(c)
    heads = attention(c, bias=c.flag("attention_bias"), gated=True, qk_norm="head")
    around = (
        *experts(shared_at="mlp.shared_expert", shared_gate=True)(c),
        *_residual(c, "attn_hyper_connection"),
        *_residual(c, "mlp_hyper_connection"),
    )
    with_ngrams = set(c.numbers("ple_layer_ids")[:MOST_LAYERS])
    table, states = _ngrams(c) if with_ngrams else ((), ())
    kinds = c.per_layer("layer_types") or every(c, c.size("full_attention_interval", default=4))
    layers = []
    for number, kind in enumerate(kinds, start=1):
        body, caches = (
            (mixer.weights, mixer.caches) if kind in LINEAR else ((*heads, *index), (kv_cache(c), *keys))
        )
        looks_up = number in with_ngrams
        weights = (*body, *around, *(table if looks_up else ()))
        layers.append(Layer(weights, (*caches, *(states if looks_up else ()))))
    mixer_at_end = _residual(c, "model.hyper_connection_mixer", writes=False)
    join = (
        linear("fc_embedding", "draft", c.hidden, c.hidden),
        linear("fc_hidden", "draft", c.hidden, c.hidden),
        norm("pre_fc_norm_embedding", c.hidden),
        norm("pre_fc_norm_hidden", c.size("hc_count") * c.hidden),
        *_residual(c, "hyper_connection_mixer", writes=False),
    )
    predicts = Layer((*heads, *index, *around, *join), (kv_cache(c), *keys))
    depth = min(c.count("mtp_num_hidden_layers", "num_nextn_predict_layers"), 100)
    return decoder(c, layers, outside=mixer_at_end, drafts=[predicts] * depth, final_norm=False)


TYPES: Mapping[str, Reader] = {
    "glm5_next_text": _glm5_next,
    "hy_v4": _hy_v4,
    "hy_v4_vl_text": _hy_v4,
    "qwen4_exp_text": _qwen4_exp,
}
