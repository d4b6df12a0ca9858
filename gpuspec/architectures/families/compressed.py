"""DeepSeek-V4: attention over a window and over compressed entries of what came before.

Names of modules are those of DeepSeek's checkpoints (attn.wq_a, ffn.experts.*.w1), not of transformers."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder, with_defaults_of
from gpuspec.architectures.families.latent import indexer_cache
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import linear, mixture, norm, vector

_KINDS = {"compressed_sparse_attention": "sparse", "heavily_compressed_attention": "heavy"}


def _strides(c: ModelConfig) -> list[int]:
    """Tokens that each layer compresses into one entry; 0: it sees its window only.

    Source: transformers `DeepseekV4Config`: a list of strides, else a list of kinds, else two heavily compressed
    layers and then a sparse one after each heavy one."""
    listed = c.numbers("compress_ratios")
    if len(listed) >= c.layers:
        return list(listed[: c.layers])
    rates = c.inner("compress_rates")
    sparse = rates.size("compressed_sparse_attention", default=4) if rates else 4
    heavy = rates.size("heavily_compressed_attention", default=128) if rates else 128
    stride = {"sparse": sparse, "heavy": heavy}
    kinds = c.per_layer("layer_types")
    if kinds:
        return [stride.get(_KINDS.get(kind, ""), 0) for kind in kinds]
    return [sparse if index > 1 and index % 2 else heavy for index in range(c.layers)]


def entry_bytes(c: ModelConfig) -> int:
    """Bytes of an entry: 8 bits for what is not rotated, 16 for what is, a scale for each 64 of the first and a byte
    to fill. Source: vLLM models/deepseek_v4/attention.py (448 + 128 + 8 = 584), its default on NVIDIA GPUs."""
    rotated = c.count("qk_rope_head_dim") or 64
    plain = max(c.head_dim - rotated, 0)
    return plain + 2 * rotated + plain // 64 + 1


def _compressor(c: ModelConfig, at: str, width: int, stride: int, *, overlap: bool) -> tuple[Weight, ...]:
    """Weighs the tokens of an entry; `overlap`: and those of the one before."""
    columns = width * (2 if overlap else 1)
    return (
        vector(f"{at}.ape", "attention", stride * columns),
        linear(f"{at}.wkv", "attention", c.hidden, columns),
        linear(f"{at}.wgate", "attention", c.hidden, columns),
        norm(f"{at}.norm", width),
    )


def _waiting(width: int, stride: int, *, overlap: bool) -> Cache:
    """What a compressor keeps of the tokens that no entry holds yet: values and scores in 32 bits.

    Source: vLLM `CompressorStateCache`."""
    times = 2 if overlap else 1
    return Cache("window", width=2 * times * width, window=times * stride, bits=32)


def compressed_attention(c: ModelConfig, stride: int) -> tuple[tuple[Weight, ...], tuple[Cache, ...]]:
    """Attention over a window and, with a `stride`, over an entry for each so many tokens; and what it remembers."""
    head, heads, rank = c.head_dim, c.heads, c.size("q_lora_rank")
    groups, out = c.size("o_groups"), c.size("o_lora_rank")
    weights = [
        vector("attn.attn_sink", "attention", heads),
        linear("attn.wq_a", "attention", c.hidden, rank),
        norm("attn.q_norm", rank),
        linear("attn.wq_b", "attention", rank, heads * head),
        linear("attn.wkv", "attention", c.hidden, head),
        norm("attn.kv_norm", head),
        linear("attn.wo_a", "attention", heads * head // groups, groups * out),
        linear("attn.wo_b", "attention", groups * out, c.hidden),
    ]
    caches = [Cache("window", width=entry_bytes(c), window=c.size("sliding_window"), bits=8)]
    sparse = 0 < stride < 128  # the heavily compressed layers read every entry, so they choose none
    if stride > 1:
        weights += _compressor(c, "attn.compressor", head, stride, overlap=sparse)
        caches.append(Cache("latent", width=entry_bytes(c), stride=stride, bits=8))
        caches.append(_waiting(head, stride, overlap=sparse))
    if sparse and stride > 1:
        count, width = c.size("index_n_heads"), c.size("index_head_dim")
        weights += _compressor(c, "attn.indexer.compressor", width, stride, overlap=True)
        weights.append(linear("attn.indexer.wq_b", "attention", rank, count * width))
        weights.append(linear("attn.indexer.weights_proj", "attention", c.hidden, count))
        caches += [indexer_cache(c, stride=stride), _waiting(width, stride, overlap=True)]
    return tuple(weights), tuple(caches)


def ffn_experts(c: ModelConfig) -> tuple[Weight, ...]:
    """A mixture, and shared experts, under the names of these checkpoints: w1 gate, w2 down, w3 up."""
    width = c.size("moe_intermediate_size")
    return mixture(
        c,
        experts=c.size("n_routed_experts"),
        used=c.size("num_experts_per_tok"),
        width=width,
        shared=width * c.count("n_shared_experts"),
        names=("w1", "w3", "w2"),
        router="ffn.gate",
        at="ffn.experts.*",
        shared_at="ffn.shared_experts",
    )


def hyper_connections(c: ModelConfig) -> tuple[Weight, ...]:
    """How a layer reads from, and writes to, `hc_mult` residual streams (arXiv 2512.24880)."""
    streams = c.size("hc_mult")
    mixes = streams * (2 + streams)
    return tuple(
        vector(f"{name}_{part}", "norms", elements)
        for name in ("hc_attn", "hc_ffn")
        for part, elements in (("fn", mixes * streams * c.hidden), ("base", mixes), ("scale", 3))
    )


def stream_head(c: ModelConfig, at: str) -> tuple[Weight, ...]:
    """What makes one stream of them, in front of the output head."""
    streams = c.size("hc_mult")
    sizes = {"fn": streams * streams * c.hidden, "base": streams, "scale": 1}
    return tuple(vector(f"{at}_{name}", "norms", elements) for name, elements in sizes.items())


def _deepseek_v4(c: ModelConfig) -> Architecture:
    if c.layers and not c.heads * c.head_dim // c.size("o_groups"):
        raise Unsaid("its config has more o_groups than columns of all heads")
    around = (
        *ffn_experts(c),
        *hyper_connections(c),
        norm("attn_norm", c.hidden),
        norm("ffn_norm", c.hidden),
    )
    made: dict[int, Layer] = {}
    strides = _strides(c)
    for stride in {*strides, 0}:
        weights, caches = compressed_attention(c, stride)
        made[stride] = Layer((*weights, *around), caches)
    join = (
        linear("e_proj", "draft", c.hidden, c.hidden),
        linear("h_proj", "draft", c.hidden, c.hidden),
        norm("enorm", c.hidden),
        norm("hnorm", c.hidden),
        norm("norm", c.hidden),
        *stream_head(c, "hc_head"),
    )
    predicts = Layer((*made[0].weights, *join), made[0].caches)  # a draft sees its window only
    return decoder(
        c,
        [made[stride] for stride in strides],
        outside=stream_head(c, "hc_head"),
        drafts=[predicts] * min(c.count("num_nextn_predict_layers"), 100),
        names=("embed", "norm", "head"),
    )


TYPES: Mapping[str, Reader] = {
    "deepseek_v4": _deepseek_v4,
    "deepseek_ref": with_defaults_of(
        "deepseek_v4", _deepseek_v4
    ),  # DeepSeek's own code, in sgl-project's uploads
}
