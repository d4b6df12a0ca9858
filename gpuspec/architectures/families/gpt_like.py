"""Decoders built like GPT-2: LayerNorm with biases, a plain feed-forward block, often learned positions.

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import Flag, Weights, said
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import feed_forward, kv_cache, linear, norm, vector
from gpuspec.named_tuple import NamedTuple


class GptLike(NamedTuple):
    """In what an architecture differs from GPT-2. `read` reads its configs."""

    query: Sequence[str] = ("attn.c_attn",)
    """Names of the query, key and value projections; one name where they are one matrix."""
    out: str = "attn.c_proj"
    up: str = "mlp.c_fc"
    down: str = "mlp.c_proj"
    norms: Sequence[str] | Callable[[ModelConfig], Sequence[str]] = ("ln_1", "ln_2")
    bias: Flag = True
    """Of query, key and value."""
    out_bias: Flag | None = None
    """Of attention's output; None: as `bias`."""
    mlp_bias: Flag = True
    kv_heads: Callable[[ModelConfig], int] = lambda c: c.kv_heads
    positions: Callable[[ModelConfig], int] = lambda c: 0
    """Learned positions."""
    inner: Callable[[ModelConfig], int] = lambda c: c.intermediate
    """Width of the feed-forward block."""
    norm_bias: bool = True
    embedding: Callable[[ModelConfig], int | None] = lambda c: None
    """Its width, where that is not the model's."""
    final_norm: Callable[[ModelConfig], bool] = lambda c: True
    head_bias: bool = False
    beside: Weights = lambda c: ()
    """Weights in every layer that GPT-2 has not."""
    outside: Weights = lambda c: ()
    """Weights outside the layers."""

    def read(self, c: ModelConfig) -> Architecture:
        """The structure that a config states."""
        hidden, head, heads, inner = c.hidden, c.head_dim, c.heads, self.inner(c)
        bias, mlp_bias = said(c, self.bias), said(c, self.mlp_bias)
        kv_heads = self.kv_heads(c)
        widths = [heads * head, kv_heads * head, kv_heads * head]
        if len(self.query) == 1:
            widths = [sum(widths)]
        weights = (
            *(
                linear(name, "attention", hidden, width, bias=bias)
                for name, width in zip(self.query, widths, strict=True)
            ),
            linear(
                self.out,
                "attention",
                heads * head,
                hidden,
                bias=bias if self.out_bias is None else said(c, self.out_bias),
            ),
            linear(self.up, "mlp", hidden, inner, bias=mlp_bias),
            linear(self.down, "mlp", inner, hidden, bias=mlp_bias),
            *(
                norm(name, hidden, bias=self.norm_bias)
                for name in (self.norms(c) if callable(self.norms) else self.norms)
            ),
            *self.beside(c),
        )
        outside = list(self.outside(c))
        positions = self.positions(c)
        if positions:
            outside.append(Weight("wpe", "embedding", hidden, positions, linear=False))
        caches: tuple[Cache, ...] = (kv_cache(c, kv_heads=kv_heads),)
        if c.flag("add_cross_attention"):
            weights += _crossing(c)
            caches += (kv_cache(c, kv_heads=heads)._replace(kind="cross"),)
        layers = [Layer(weights, caches)] * c.layers
        return decoder(
            c,
            layers,
            outside=outside,
            embedding=self.embedding(c),
            norm_bias=self.norm_bias,
            final_norm=self.final_norm(c),
            head_bias=self.head_bias,
        )


def _crossing(c: ModelConfig) -> tuple[Weight, ...]:
    """Attention on what an encoder made, in GPT-2 as the second half of a model that sees."""
    wide, at, part = c.hidden, "crossattention", "cross attention"
    return (
        linear(f"{at}.c_attn", part, wide, 2 * wide, bias=True),
        linear(f"{at}.q_attn", part, wide, wide, bias=True),
        linear(f"{at}.c_proj", part, wide, wide, bias=True),
        norm("ln_cross_attn", wide, bias=True),
    )


def _learned(c: ModelConfig) -> int:
    return c.size("n_positions", "max_position_embeddings", "n_ctx")


def _embedding_norm(c: ModelConfig) -> tuple[Weight, ...]:
    return (norm("word_embeddings_layernorm", c.hidden, bias=True),)


def _falcon_kv_heads(c: ModelConfig) -> int:
    """Falcon 7B has one KV head; the later ones state their number."""
    if c.flag("new_decoder_architecture"):
        return c.size("num_kv_heads", "n_head_kv", default=c.heads)
    return 1 if c.flag("multi_query") else c.heads


def _falcon_norms(c: ModelConfig) -> Sequence[str]:
    """One norm in front of a parallel block, or two; a block after the other has two."""
    if not c.flag("parallel_attn"):
        return ("input_layernorm", "post_attention_layernorm")
    two = c.count("num_ln_in_parallel_attn") or (2 if c.flag("new_decoder_architecture") else 1)
    return ("ln_attn", "ln_mlp") if two == 2 else ("input_layernorm",)


def _qk_norms(c: ModelConfig) -> tuple[Weight, ...]:
    """A LayerNorm over each head of queries and keys (Persimmon, Phi)."""
    if not c.flag("qk_layernorm"):
        return ()
    names = ("self_attn.q_layernorm", "self_attn.k_layernorm")
    return tuple(norm(name, c.head_dim, bias=True) for name in names)


def _opt_norms(c: ModelConfig) -> Sequence[str]:
    return _NORMS if c.flag("layer_norm_elementwise_affine", default=True) else ()


def _opt_ends_with_norm(c: ModelConfig) -> bool:
    last = c.flag("do_layer_norm_before", default=True) and not c.flag("_remove_final_layer_norm")
    return last and bool(_opt_norms(c))


def _opt_width(c: ModelConfig) -> int:
    return c.size("word_embed_proj_dim", "hidden_size")


def _around_opt(c: ModelConfig) -> tuple[Weight, ...]:
    """OPT's positions, of which two are for padding, and what leads from a narrower embedding to the layers and
    back. Source: transformers 5.24 OPTDecoder."""
    hidden, width, entries = c.hidden, _opt_width(c), c.size("max_position_embeddings") + 2
    positions = Weight("model.decoder.embed_positions", "embedding", hidden, entries, linear=False)
    if width == hidden:
        return (positions,)
    return (
        positions,
        linear("model.decoder.project_in", "embedding", width, hidden),
        linear("model.decoder.project_out", "head", hidden, width),
    )


def _gpt_positions(c: ModelConfig) -> tuple[Weight, ...]:
    return (
        Weight("transformer.positions_embed", "embedding", c.hidden, c.size("n_positions"), linear=False),
    )


def _last_dense_bias(c: ModelConfig) -> tuple[Weight, ...]:
    """Only the last layer of GPT-NeoX Japanese has a bias on attention's output."""
    return (vector(f"layers.{c.layers - 1}.attention.dense_bias", "attention", c.hidden),)


def _cpmant(c: ModelConfig) -> Architecture:
    """CPM-Ant: RMS norms, a gated block, learned prompts, and biases between segments in place of positions."""
    hidden, heads, head = c.hidden, c.heads, c.size("dim_head")
    at = "self_att.self_attention"
    weights = (
        *(
            linear(f"{at}.{name}", "attention", hidden, heads * head)
            for name in ("project_q", "project_k", "project_v")
        ),
        linear(f"{at}.attention_out", "attention", heads * head, hidden),
        *feed_forward(c, c.size("dim_ff"), at="ffn.ffn", names=("w_in.w_0", "w_in.w_1", "w_out")),
        norm("self_att.layernorm_before_attention", hidden),
        norm("ffn.layernorm_before_ffn", hidden),
    )
    segments = c.size("segment_types")
    prompts = c.count("prompt_types") * c.count("prompt_length")
    buckets = segments**2 + c.size("position_bias_num_buckets")
    outside = (
        Weight("segment_embedding", "embedding", hidden, segments, linear=False),
        vector("position_bias.relative_attention_bias", "embedding", heads * buckets),
    )
    layers = [Layer(weights, (kv_cache(c, kv_heads=heads, head_dim=head),))] * c.layers
    found = decoder(c, layers, outside=outside, tied=True)
    embedding = found.outside[0]._replace(outputs=c.vocabulary + prompts)
    head_weight = linear("lm_head", "head", hidden, c.vocabulary)  # the prompts have no logits
    return found._replace(outside=(embedding, *found.outside[1:], head_weight), head_dim=head)


_SPLIT = ("q_proj", "k_proj", "v_proj")
_NORMS = ("self_attn_layer_norm", "final_layer_norm")
_XGLM = GptLike(
    query=[f"self_attn.{name}" for name in _SPLIT],
    out="self_attn.out_proj",
    up="fc1",
    down="fc2",
    norms=_NORMS,
)
_GPT2 = GptLike(positions=_learned)
_GPT_J = GptLike(
    query=[f"attn.{name}" for name in _SPLIT],
    out="attn.out_proj",
    up="mlp.fc_in",
    down="mlp.fc_out",
    norms=["ln_1"],
    bias=False,
    head_bias=True,
)
_FALCON = GptLike(
    query=["self_attention.query_key_value"],
    out="self_attention.dense",
    up="mlp.dense_h_to_4h",
    down="mlp.dense_4h_to_h",
    bias="bias",
    mlp_bias="bias",
    kv_heads=_falcon_kv_heads,
    norms=_falcon_norms,
)
_NEOX = GptLike(
    query=["attention.query_key_value"],
    out="attention.dense",
    up="mlp.dense_h_to_4h",
    down="mlp.dense_4h_to_h",
    norms=["input_layernorm", "post_attention_layernorm"],
    bias="attention_bias",
)

TYPES: Mapping[str, Reader] = {
    "biogpt": _XGLM._replace(
        positions=lambda c: c.size("max_position_embeddings") + 2  # two rows for padding
    ).read,
    "bloom": _FALCON._replace(
        bias=True,
        mlp_bias=True,
        kv_heads=lambda c: c.heads,
        inner=lambda c: 4 * c.hidden,
        norms=["input_layernorm", "post_attention_layernorm"],
        outside=_embedding_norm,
    ).read,
    "codegen": _GPT_J._replace(query=["attn.qkv_proj"]).read,
    "cpmant": _cpmant,
    "ctrl": GptLike(
        query=[f"multi_head_attention.{name}" for name in ("Wq", "Wk", "Wv")],
        out="multi_head_attention.dense",
        up="ffn.0",
        down="ffn.2",
        norms=["layernorm1", "layernorm2"],
        head_bias=True,
    ).read,
    "falcon": _FALCON.read,
    "gpt-sw3": _GPT2.read,
    "gpt2": _GPT2.read,
    "gpt_bigcode": _GPT2._replace(kv_heads=lambda c: 1 if c.flag("multi_query") else c.heads).read,
    "gpt_neo": _GPT2._replace(
        query=[f"attn.attention.{name}" for name in _SPLIT],
        out="attn.attention.out_proj",
        bias=False,
        out_bias=True,
    ).read,
    "gpt_neox": _NEOX.read,
    "gpt_neox_japanese": _NEOX._replace(
        bias=False,
        mlp_bias=False,
        inner=lambda c: c.hidden * c.size("intermediate_multiple_size", default=4),
        outside=_last_dense_bias,
    ).read,
    "gptj": _GPT_J.read,
    "mpt": GptLike(
        query=["attn.Wqkv"],
        out="attn.out_proj",
        up="ffn.up_proj",
        down="ffn.down_proj",
        norms=["norm_1", "norm_2"],
        bias=False,
        mlp_bias=False,
        norm_bias=False,
        inner=lambda c: c.hidden * c.size("expansion_ratio", default=4),
    ).read,
    # Its norms stand behind the blocks, so there is none at the end.
    "openai-gpt": GptLike(outside=_gpt_positions, final_norm=lambda c: False).read,
    "opt": _XGLM._replace(
        bias="enable_bias",
        mlp_bias="enable_bias",
        norms=_opt_norms,
        embedding=_opt_width,
        final_norm=_opt_ends_with_norm,
        outside=_around_opt,
    ).read,
    "persimmon": _FALCON._replace(
        query=["self_attn.query_key_value"],
        out="self_attn.dense",
        bias=True,
        mlp_bias=True,
        kv_heads=lambda c: c.heads,
        norms=["input_layernorm", "post_attention_layernorm"],
        beside=_qk_norms,
    ).read,
    "phi": GptLike(
        query=[f"self_attn.{name}" for name in _SPLIT],
        out="self_attn.dense",
        up="mlp.fc1",
        down="mlp.fc2",
        norms=["input_layernorm"],
        beside=_qk_norms,
        head_bias=True,
    ).read,
    "xglm": _XGLM.read,
}
