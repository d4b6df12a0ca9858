"""Byte Latent Transformer (arXiv 2412.09871): bytes are read into patches, a large model writes patches, and a
decoder writes bytes.

Source: transformers 5.24.0 (BltConfig and its model, September 2026). The layers of the large model and of the
decoder are the architecture's; encoder and patcher stand outside."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.encoder_decoders import stack
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import attention, block_norms, gated_mlp, kv_cache, linear, norm


def _block(c: ModelConfig) -> tuple[Weight, ...]:
    inner = c.size("intermediate_size", default=8 * c.hidden // 3)
    return (*attention(c), *gated_mlp(c, inner), *block_norms(c))


def _crossing(c: ModelConfig) -> tuple[Weight, ...]:
    """Attention between bytes and patches, with norms as wide as the layer."""
    return (
        *attention(c, at="cross_attn", part="cross attention"),
        norm("cross_attn.q_norm", c.hidden),
        norm("cross_attn.k_norm", c.hidden),
    )


def _reading(c: ModelConfig, reads: ModelConfig) -> list[Weight]:
    """The encoder, with the table of byte groups that it looks up by their hash."""
    parts = reads.size("cross_attn_k", default=2)
    groups = len(c.numbers("encoder_hash_byte_group_size")) or 6
    rows = groups * c.size("encoder_hash_byte_group_nb_functions", default=1)
    crossings = reads.layers if reads.flag("cross_attn_all_layers") else 1
    return [
        *stack(_block(reads), reads.layers, "local_encoder.layers"),
        *stack(_crossing(reads), crossings, "local_encoder.cross_attn_layers"),
        linear("local_encoder.patch_embedding_projection", "encoder", reads.hidden, reads.hidden * parts),
        Weight("local_encoder.embed_tokens", "embedding", reads.hidden, reads.vocabulary, linear=False),
        Weight(
            "encoder_hash_tok_embedding",
            "embedding",
            reads.hidden,
            rows * c.size("encoder_hash_byte_group_vocab"),
            linear=False,
        ),
    ]


def _patcher(c: ModelConfig) -> list[Weight]:
    """A small model of bytes that says where a patch ends."""
    if not c.flag("patch_in_forward", default=True):
        return []
    own = c.part("patcher_config")
    return [
        *stack(_block(own), own.layers, "patcher.layers"),
        Weight("patcher.embed_tokens", "encoder", own.hidden, own.vocabulary, linear=False),
        norm("patcher.norm", own.hidden),
        linear("patcher.lm_head", "encoder", own.hidden, own.vocabulary),
    ]


def _blt(c: ModelConfig) -> Architecture:
    reads, thinks = c.part("encoder_config"), c.part("global_config")
    writes = c.part("decoder_config")
    patch = c.size("patch_size", default=4)
    own = kv_cache(thinks)
    layers = [Layer(_block(thinks), (own._replace(stride=patch),))] * thinks.layers
    everywhere = writes.flag("cross_attn_all_layers", default=True)
    block, crossing, cache = _block(writes), _crossing(writes), kv_cache(writes)
    for index in range(writes.layers):
        crosses = everywhere or index == 0
        layers.append(Layer((*block, *(crossing if crosses else ())), (cache,)))
    width = writes.size("cross_attn_k", default=2) * writes.hidden
    outside = [
        *_reading(c, reads),
        *_patcher(c),
        linear("local_decoder.patch_embedding_projection", "projector", thinks.hidden, width),
        norm("local_decoder.norm", writes.hidden),
        linear("lm_head", "head", writes.hidden, c.vocabulary),
    ]
    joined = reads.size("cross_attn_k", default=2) * reads.hidden
    if joined != thinks.hidden:
        outside.append(
            linear("global_transformer.token_embedding_projection", "projector", joined, thinks.hidden)
        )
    window = c.count("local_attention_window_len")
    remembered: Cache = kv_cache(reads, window=window)._replace(layers=reads.layers)
    first = layers[0]._replace(caches=(remembered, *layers[0].caches))
    found = decoder(
        thinks.read_as(c.model_type, vocab_size=c.vocabulary),
        [first, *layers[1:]],
        final_norm=False,
        tied=True,
    )
    return found._replace(outside=tuple(outside), tied=False)


TYPES: Mapping[str, Reader] = {"blt": _blt}
