"""DeepSeek-V4.1: few layers compress and index what came before, the others read theirs; and engrams, large tables of
embeddings of a few tokens together.

Source: vLLM 0.33.0 models/deepseek_v41 (attention.py, compressor.py, common/engram.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config, Unsaid
from gpuspec.architectures.decoder import decoder
from gpuspec.architectures.families.compressed import (
    compressed_attention,
    entry_bytes,
    experts_of,
    hyper_connections,
    stream_head,
)
from gpuspec.architectures.families.latent import indexer_cache
from gpuspec.architectures.mixers import state
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import copies, linear, norm, vector


def _source(c: Config, stride: int) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """What a layer adds that compresses: entries of `stride` tokens, which later layers read, too."""
    head, at = c.head_dim, "attn.compressor"
    weights = [linear(f"{at}.wkv", "attention", c.hidden, head), norm(f"{at}.norm", head)]
    caches = [Cache("latent", width=entry_bytes(c), stride=stride, bits=8)]
    if stride > 1:
        weights.append(linear(f"{at}.wgate", "attention", c.hidden, head))
        caches.append(state(8 * 2 * head, bits=32))  # a ring of values and scores of the open group
    return tuple(weights), tuple(caches)


def _index(c: Config, stride: int, *, owns_keys: bool) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """What a layer adds that chooses entries; it has keys of its own where it compresses, too."""
    heads, width, at = c.size("index_n_heads"), c.size("index_head_dim"), "attn.indexer"
    weights = [
        linear(f"{at}.wq_b", "attention", c.size("q_lora_rank"), heads * width),
        linear(f"{at}.weights_proj", "attention", c.hidden, heads),
    ]
    if not owns_keys:
        return tuple(weights), ()
    weights += [linear(f"{at}.wk", "attention", c.head_dim, width), norm(f"{at}.k_norm", width)]
    return tuple(weights), (indexer_cache(c, stride=stride),)


def _engram(c: Config, rows: int) -> tuple[Weight, ...]:
    """A table of embeddings that hashes of the last tokens look up, and what mixes them into the streams."""
    width, streams = c.size("engram_head_dim"), c.size("hc_mult")
    hashes = c.size("engram_n_heads") * (c.size("engram_max_ngram_size") - 1)
    table = Weight("engram.embed_tokens", "embedding", width, linear=False)
    return (
        copies(table, rows, min(hashes, rows)),
        linear("engram.wkv", "mixer", hashes * width, c.hidden * (streams + 1)),
        vector("engram.q_weight", "mixer", streams * c.hidden),
        vector("engram.k_weight", "mixer", streams * c.hidden),
    )


def _deepseek_v41_text(c: Config) -> Architecture:
    strides = c.numbers("compress_ratios")
    if len(strides) < c.layers:
        raise Unsaid("its config does not say compress_ratios of each layer")
    sources, indexes = set(c.numbers("kv_source_layer_ids")), set(c.numbers("index_source_layer_ids"))
    tables = dict(zip(c.numbers("engram_layer_ids"), c.numbers("engram_num_embeddings"), strict=False))
    around = (
        *experts_of(c),
        *hyper_connections(c),
        norm("attn_norm", c.hidden),
        norm("ffn_norm", c.hidden),
    )
    plain, window = compressed_attention(c, 0)
    layers = []
    for number in range(c.layers):
        stride = max(strides[number], 1)
        weights, caches = [*plain, *around], [*window]
        if number in sources:
            more, kept = _source(c, stride)
            weights += more
            caches += kept
        if number in indexes:
            more, kept = _index(c, stride, owns_keys=number in sources)
            weights += more
            caches += kept
        if tables.get(number):
            weights += _engram(c, tables[number])
        layers.append(Layer(tuple(weights), tuple(caches)))
    return decoder(c, layers, outside=stream_head(c, "hc_head"))


def _deepseek_v41(c: Config) -> Architecture:
    text = c.inner("text_config") or c
    found = _deepseek_v41_text(text.read_as("deepseek_v4"))
    unsure = "it is read as vLLM's code has it; its vision tower and its drafts are not counted"
    return found._replace(model_type=c.model_type, derived=unsure)


TYPES: Mapping[str, Callable[[Config], Architecture]] = {"deepseek_v41": _deepseek_v41}
