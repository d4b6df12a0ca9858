"""The layers of DeepSeek-V4.1: few compress and index what came before, the others read their entries.

Source: vLLM 0.33.0 models/deepseek_v41 (attention.py, compressor.py)."""

from __future__ import annotations

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.families.compressed import (
    compressed_attention,
    entry_bytes,
    ffn_experts,
    hyper_connections,
)
from gpuspec.architectures.families.latent import indexer_cache
from gpuspec.architectures.mixers import state
from gpuspec.architectures.parts import Cache, Layer, Weight
from gpuspec.architectures.pieces import linear, norm


def _source(c: ModelConfig, stride: int) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """What a layer adds that compresses: entries of `stride` tokens, which later layers read, too."""
    head, at = c.head_dim, "attn.compressor"
    weights = [linear(f"{at}.wkv", "attention", c.hidden, head), norm(f"{at}.norm", head)]
    caches = [Cache("latent", width=entry_bytes(c), stride=stride, bits=8)]
    if stride > 1:
        weights.append(linear(f"{at}.wgate", "attention", c.hidden, head))
        caches.append(state(8 * 2 * head, bits=32))  # a ring of values and scores of the open group
    return tuple(weights), tuple(caches)


def _index(c: ModelConfig, stride: int, *, owns_keys: bool) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
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


def layers_that_share(c: ModelConfig) -> list[Layer]:
    """The layers, by `kv_source_layer_ids` and `index_source_layer_ids`."""
    strides = c.numbers("compress_ratios")
    if len(strides) < c.layers:
        raise Unsaid("its config does not say compress_ratios of each layer")
    sources, indexes = set(c.numbers("kv_source_layer_ids")), set(c.numbers("index_source_layer_ids"))
    around = (
        *ffn_experts(c),
        *hyper_connections(c),
        norm("attn_norm", c.hidden),
        norm("ffn_norm", c.hidden),
    )
    plain, window = compressed_attention(c, 0)
    layers: list[Layer] = []
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
        layers.append(Layer(tuple(weights), tuple(caches)))
    return layers
