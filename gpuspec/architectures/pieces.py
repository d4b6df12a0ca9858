"""The pieces that layers are made of: attention, feed-forward blocks, experts, norms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Cache, Weight


def linear(module: str, part: str, inputs: int, outputs: int, *, bias: bool = False) -> Weight:
    """A linear layer."""
    return Weight(module, part, inputs, outputs, bias=outputs if bias else 0)


def norm(module: str, width: int, *, bias: bool = False) -> Weight:
    """A normalisation: a weight for each column, and a bias in LayerNorm."""
    return Weight(module, "norms", width * (2 if bias else 1), linear=False)


def block_norms(c: ModelConfig) -> tuple[Weight, ...]:
    """The norms in front of attention and of the feed-forward block, as Llama names them."""
    return norm("input_layernorm", c.hidden), norm("post_attention_layernorm", c.hidden)


def vector(module: str, part: str, elements: int) -> Weight:
    """Parameters that are no linear layer: gates, sinks, convolutions, decay rates."""
    return Weight(module, part, elements, linear=False)


def copies(weight: Weight, number: int, used: int | None = None) -> Weight:
    """The same weight `number` times, of which a token passes through `used` (None: all)."""
    return weight._replace(copies=number, used=number if used is None else min(used, number))


def attention(
    c: ModelConfig,
    *,
    bias: bool = False,
    out_bias: bool | None = None,
    qk_norm: str = "",
    gated: bool = False,
    heads: int | None = None,
    kv_heads: int | None = None,
    head_dim: int | None = None,
    value_dim: int | None = None,
    seen: int | None = None,
    at: str = "self_attn",
    part: str = "attention",
    names: tuple[str, str, str, str] = ("q_proj", "k_proj", "v_proj", "o_proj"),
    norms: tuple[str, str] = ("q_norm", "k_norm"),
) -> tuple[Weight, ...]:
    """Attention with query, key, value and output projections.

    `bias`: of query, key and value; `out_bias`: of the output (None: as `bias`). `qk_norm`: "" none, "head" one
    weight for each column of a head, "width" for each column of all heads. `gated`: the query projection is twice as
    wide and its second half a gate. `seen`: the width of what keys and values are made of. Sizes that are None are
    the config's."""
    heads, kv_heads = heads or c.heads, kv_heads or c.kv_heads
    key = head_dim or c.head_dim
    value = value_dim or key
    hidden, seen = c.hidden, seen or c.hidden
    found = [
        linear(f"{at}.{names[0]}", part, hidden, heads * key * (2 if gated else 1), bias=bias),
        linear(f"{at}.{names[1]}", part, seen, kv_heads * key, bias=bias),
        linear(f"{at}.{names[2]}", part, seen, kv_heads * value, bias=bias),
        linear(f"{at}.{names[3]}", part, heads * value, hidden, bias=bias if out_bias is None else out_bias),
    ]
    if qk_norm:
        found.append(norm(f"{at}.{norms[0]}", key * (heads if qk_norm == "width" else 1)))
        found.append(norm(f"{at}.{norms[1]}", key * (kv_heads if qk_norm == "width" else 1)))
    return tuple(found)


def fused_attention(
    c: ModelConfig,
    *,
    qkv: str = "self_attn.qkv_proj",
    out: str = "self_attn.o_proj",
    bias: bool = False,
) -> tuple[Weight, ...]:
    """Attention whose checkpoint keeps query, key and value in one matrix."""
    width = (c.heads + 2 * c.kv_heads) * c.head_dim
    return (
        linear(qkv, "attention", c.hidden, width, bias=bias),
        linear(out, "attention", c.heads * c.head_dim, c.hidden, bias=bias),
    )


def kv_cache(
    c: ModelConfig,
    *,
    window: int = 0,
    kv_heads: int | None = None,
    head_dim: int | None = None,
    value_dim: int | None = None,
) -> Cache:
    """The cache of such attention. `window`: tokens it sees; 0: all."""
    heads, key = kv_heads or c.kv_heads, head_dim or c.head_dim
    return Cache(
        "window" if window else "full", width=heads * (key + (value_dim or key)), heads=heads, window=window
    )


def latent_attention(c: ModelConfig, *, at: str = "self_attn", bias: bool = False) -> tuple[Weight, ...]:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): queries and keys through low-rank projections."""
    heads, nope, rope = c.heads, c.size("qk_nope_head_dim"), c.count("qk_rope_head_dim")
    rank, value, hidden = (
        c.size("kv_lora_rank"),
        c.size("v_head_dim", default=max(c.hidden // heads, 1)),
        c.hidden,
    )
    q_rank = c.count("q_lora_rank")
    query: tuple[Weight, ...]
    if q_rank:
        query = (
            linear(f"{at}.q_a_proj", "attention", hidden, q_rank, bias=bias),
            norm(f"{at}.q_a_layernorm", q_rank),
            linear(f"{at}.q_b_proj", "attention", q_rank, heads * (nope + rope)),
        )
    else:
        query = (linear(f"{at}.q_proj", "attention", hidden, heads * (nope + rope)),)
    return (
        *query,
        linear(f"{at}.kv_a_proj_with_mqa", "attention", hidden, rank + rope, bias=bias),
        norm(f"{at}.kv_a_layernorm", rank),
        linear(f"{at}.kv_b_proj", "attention", rank, heads * (nope + value)),
        linear(f"{at}.o_proj", "attention", heads * value, hidden, bias=bias),
    )


def latent_cache(c: ModelConfig) -> Cache:
    """What latent attention keeps: the compressed vector and the rotated key, on every GPU of tensor parallel.

    Source: vLLM MLAAttentionSpec (kv_lora_rank + qk_rope_head_dim, one head)."""
    return Cache("latent", width=c.size("kv_lora_rank") + c.count("qk_rope_head_dim"))


def feed_forward(
    c: ModelConfig,
    width: int | None = None,
    *,
    outer: int | None = None,
    bias: bool = False,
    at: str = "mlp",
    part: str = "mlp",
    names: Sequence[str],
) -> tuple[Weight, ...]:
    """Matrices into the block's `width`, and one out of it, the last of `names`.

    `outer`: the width around it, where that is not the model's."""
    inner, hidden = width or c.intermediate, outer or c.hidden
    *into, out = (f"{at}.{name}" if at else name for name in names)
    return (
        *(linear(name, part, hidden, inner, bias=bias) for name in into),
        linear(out, part, inner, hidden, bias=bias),
    )


GATED = ("gate_proj", "up_proj", "down_proj")
PLAIN = ("up_proj", "down_proj")
gated_mlp = partial(feed_forward, names=GATED)
"""Gate, up and down (SwiGLU and its kin)."""
plain_mlp = partial(feed_forward, names=PLAIN)
"""Up and down."""


def fused_mlp(c: ModelConfig, *, bias: bool = False) -> tuple[Weight, ...]:
    """A gated block with gate and up in one matrix."""
    return (
        linear("mlp.gate_up_proj", "mlp", c.hidden, 2 * c.intermediate, bias=bias),
        linear("mlp.down_proj", "mlp", c.intermediate, c.hidden, bias=bias),
    )


def mixture(
    c: ModelConfig,
    *,
    experts: int,
    used: int,
    width: int,
    shared: int = 0,
    outer: int | None = None,
    names: Sequence[str] = GATED,
    bias: bool = False,
    shared_bias: bool | None = None,
    router_bias: bool = False,
    shared_gate: bool = False,
    router: str = "mlp.gate",
    at: str = "mlp.experts.*",
    shared_at: str = "mlp.shared_experts",
) -> tuple[Weight, ...]:
    """A mixture of experts, of which a token takes `used`, with `shared` columns of experts that all tokens take.

    `names`: of an expert's matrices, as `feed_forward` has them. `outer`: the width around an expert, where
    that is not the model's. `shared_bias`: of the shared ones (None: as `bias`).
    `router_bias`: a correction for each expert. `shared_gate`: a gate in front of the shared experts."""
    found = [linear(router, "router", c.hidden, experts, bias=router_bias)]
    each = feed_forward(c, width, outer=outer, bias=bias, at=at, part="experts", names=names)
    found += [copies(weight, experts, used) for weight in each]
    if shared:
        shared_too = bias if shared_bias is None else shared_bias
        found += feed_forward(c, shared, bias=shared_too, at=shared_at, part="shared experts", names=names)
    if shared_gate:
        found.append(linear(f"{shared_at}_gate", "shared experts", c.hidden, 1))
    return tuple(found)
