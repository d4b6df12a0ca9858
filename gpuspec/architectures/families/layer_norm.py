"""Decoders of the years before Llama and their heirs: LayerNorm, biases, a feed-forward block without a gate."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import AROUND_ATTENTION, LlamaLike, windows
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, fused_attention, kv_cache, linear, norm, plain_mlp


def _positions(name: str, entries: int, hidden: int) -> Weight:
    """A learned embedding of each position."""
    return Weight(name, "embedding", hidden, entries, linear=False)


def _opt(c: ModelConfig) -> Architecture:
    """OPT: an embedding that may be narrower than the layers. Source: transformers 5.24 OPTDecoder."""
    bias, hidden, width = (
        c.flag("enable_bias", default=True),
        c.hidden,
        c.size("word_embed_proj_dim", "hidden_size"),
    )
    norms = (
        []
        if not c.flag("layer_norm_elementwise_affine", default=True)
        else ["self_attn_layer_norm", "final_layer_norm"]
    )
    weights = (
        *attention(c, bias=bias, names=("q_proj", "k_proj", "v_proj", "out_proj")),
        *plain_mlp(c, bias=bias, at="", names=("fc1", "fc2")),
        *(norm(name, hidden, bias=True) for name in norms),
    )
    outside = [_positions("model.decoder.embed_positions", c.size("max_position_embeddings") + 2, hidden)]
    if width != hidden:
        outside.append(linear("model.decoder.project_in", "embedding", width, hidden))
        outside.append(linear("model.decoder.project_out", "head", hidden, width))
    last = c.flag("do_layer_norm_before", default=True) and not c.flag("_remove_final_layer_norm")
    return decoder(
        c,
        [Layer(weights, (kv_cache(c),))] * c.layers,
        outside=outside,
        embedding=width,
        norm_bias=True,
        final_norm=last and bool(norms),
    )


def _xglm(c: ModelConfig) -> Architecture:
    """XGLM: positions are computed, not learned."""
    weights = (
        *attention(c, bias=True, names=("q_proj", "k_proj", "v_proj", "out_proj")),
        *plain_mlp(c, bias=True, at="", names=("fc1", "fc2")),
        *(norm(name, c.hidden, bias=True) for name in ("self_attn_layer_norm", "final_layer_norm")),
    )
    return decoder(c, [Layer(weights, (kv_cache(c),))] * c.layers, norm_bias=True)


def _gpt(c: ModelConfig) -> Architecture:
    """The first GPT: norms after the blocks, so none at the end."""
    weights = (
        *fused_attention(c, qkv="attn.c_attn", out="attn.c_proj", bias=True),
        *plain_mlp(c, bias=True, names=("c_fc", "c_proj")),
        *(norm(name, c.hidden, bias=True) for name in ("ln_1", "ln_2")),
    )
    positions = _positions("transformer.positions_embed", c.size("n_positions"), c.hidden)
    return decoder(c, [Layer(weights, (kv_cache(c),))] * c.layers, outside=[positions], final_norm=False)


def _mpt(c: ModelConfig) -> Architecture:
    """MPT: no bias anywhere, ALiBi instead of positions."""
    inner = c.hidden * c.size("expansion_ratio", default=4)
    weights = (
        *fused_attention(c, qkv="attn.Wqkv", out="attn.out_proj"),
        *plain_mlp(c, inner, at="ffn"),
        *(norm(name, c.hidden) for name in ("norm_1", "norm_2")),
    )
    return decoder(c, [Layer(weights, (kv_cache(c),))] * c.layers)


def _phi(c: ModelConfig) -> Architecture:
    """Phi-1 to Phi-2: attention and feed-forward block side by side behind one norm, a head with a bias."""
    names = ("self_attn.q_layernorm", "self_attn.k_layernorm") if c.flag("qk_layernorm") else ()
    weights = (
        *attention(c, bias=True, names=("q_proj", "k_proj", "v_proj", "dense")),
        *plain_mlp(c, bias=True, names=("fc1", "fc2")),
        norm("input_layernorm", c.hidden, bias=True),
        *(norm(name, c.head_dim, bias=True) for name in names),
    )
    return decoder(c, [Layer(weights, (kv_cache(c),))] * c.layers, norm_bias=True, head_bias=True)


def _stablelm(c: ModelConfig) -> Architecture:
    """StableLM: LayerNorm around a gated block; the second norm is left out where both blocks stand side by side."""
    parallel, heads = c.flag("use_parallel_residual"), c.heads + c.kv_heads
    each_head = (norm("self_attn.qk_layernorm", heads * c.head_dim),) if c.flag("qk_layernorm") else ()
    return LlamaLike(
        bias="use_qkv_bias",
        out_bias=False,
        norm_bias=True,
        norms=AROUND_ATTENTION[: 1 if parallel else 2],
        beside=(lambda _: each_head,),
    ).read(c)


def _c_fc(c: ModelConfig, *, bias: bool = False) -> tuple[Weight, ...]:
    return plain_mlp(c, bias=bias, names=("c_fc", "c_proj"))


TYPES: Mapping[str, Reader] = {
    "mpt": _mpt,
    "nemotron": LlamaLike(bias="attention_bias", mlp=plain_mlp, mlp_bias="mlp_bias", norm_bias=True).read,
    "openai-gpt": _gpt,
    "opt": _opt,
    "phi": _phi,
    "stablelm": _stablelm,
    "stablelm_epoch": _stablelm,
    "starcoder2": LlamaLike(
        bias="use_bias", mlp=_c_fc, mlp_bias="use_bias", norm_bias=True, window=windows
    ).read,
    "xglm": _xglm,
}
