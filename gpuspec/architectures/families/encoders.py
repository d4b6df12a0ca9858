"""Encoders: BERT and what was built after it. They read a text at once and remember nothing of it.

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import Weights
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    copies,
    kv_cache,
    linear,
    norm,
    plain_mlp,
    vector,
)
from gpuspec.named_tuple import NamedTuple

_SELF = ("self.query", "self.key", "self.value", "output.dense")
_WITH_HEAD = ("CausalLM", "MaskedLM", "LMHead", "PreTraining", "ConditionalGeneration")


def table(name: str, width: int, entries: int) -> Weight:
    """An embedding."""
    return Weight(f"embeddings.{name}", "embedding", width, entries, linear=False)


def writes(c: ModelConfig) -> bool:
    """Whether the checkpoint has a head over the vocabulary: by `architectures`; where nothing is said, it has."""
    names = c.texts("architectures")
    return not names or any(mark in name for name in names for mark in _WITH_HEAD)


class BertLike(NamedTuple):
    """In what an encoder differs from BERT. `read` reads its configs."""

    width: Callable[[ModelConfig], int] = lambda c: c.hidden
    """Of the embeddings, where they are narrower than the layers."""
    inner: Callable[[ModelConfig], int] = lambda c: c.intermediate
    """Width of the feed-forward block."""
    positions: Callable[[ModelConfig], int] = lambda c: c.size("max_position_embeddings")
    """Learned positions."""
    types: bool = True
    """Whether there is an embedding of the sentence a token belongs to (`type_vocab_size`)."""
    embedding_norm: bool = True
    final_norm: bool = False
    outside: Weights = lambda c: ()
    """What BERT has not, outside the layers."""
    beside: Weights = lambda c: ()
    """The same in every layer."""
    transform: bool = True
    """Whether the head has a layer of its own in front of the embedding."""
    pooler: Callable[[ModelConfig], bool] = lambda c: not writes(c)
    """Whether there is a layer that makes one vector of a text."""

    def read(self, c: ModelConfig) -> Architecture:
        """The structure that a config states."""
        weights = (
            *attention(c, bias=True, at="attention", names=_SELF),
            *plain_mlp(c, self.inner(c), bias=True, at="", names=("intermediate.dense", "output.dense")),
            norm("attention.output.LayerNorm", c.hidden, bias=True),
            norm("output.LayerNorm", c.hidden, bias=True),
            *self.beside(c),
        )
        caches = (kv_cache(c),) if c.flag("is_decoder") else ()
        return encoder(
            c,
            [Layer(weights, caches)] * c.layers,
            width=self.width(c),
            outside=(*self._embeddings(c), *self.outside(c)),
            final_norm=self.final_norm,
            transform=self.transform,
            pooler=self.pooler(c),
        )

    def _embeddings(self, c: ModelConfig) -> list[Weight]:
        width, found = self.width(c), []
        if self.positions(c):
            found.append(table("position_embeddings", width, self.positions(c)))
        if self.types and c.count("type_vocab_size"):
            found.append(table("token_type_embeddings", width, c.count("type_vocab_size")))
        if self.embedding_norm:
            found.append(norm("embeddings.LayerNorm", width, bias=True))
        if width != c.hidden:
            found.append(linear("embeddings_project", "embedding", width, c.hidden, bias=True))
        return found


def encoder(
    c: ModelConfig,
    layers: Sequence[Layer],
    *,
    width: int,
    outside: Sequence[Weight] = (),
    final_norm: bool = False,
    norm_bias: bool = True,
    transform: bool = True,
    transform_bias: bool = True,
    head_bias: bool = True,
    pooler: bool = False,
) -> Architecture:
    """An encoder: embeddings `width` wide, the layers, and either a head, tied to the embedding unless the
    config says otherwise, or a pooler."""
    outside = list(outside)
    head = writes(c)
    if head and transform:
        outside.append(linear("cls.transform.dense", "head", c.hidden, width, bias=transform_bias))
        outside.append(norm("cls.transform.LayerNorm", width, bias=norm_bias))
    if head and not c.tied:
        outside.append(linear("cls.decoder", "head", width, c.vocabulary))
    if pooler:
        outside.append(linear("pooler.dense", "head", c.hidden, c.hidden, bias=True))
    found = decoder(
        c,
        layers,
        outside=outside,
        embedding=width,
        final_norm=final_norm,
        norm_bias=norm_bias,
        head_bias=head and head_bias,
        tied=True,
    )
    return found._replace(tied=c.tied or not head)


def _task_types(c: ModelConfig) -> tuple[Weight, ...]:
    if not c.flag("use_task_id"):
        return ()
    return (table("task_type_embeddings", c.hidden, c.size("task_type_vocab_size")),)


def _shapes_and_sounds(c: ModelConfig) -> tuple[Weight, ...]:
    """RoCBert: a character has a shape and a pronunciation, too."""
    found, width = [], c.hidden
    for name in ("pronunciation", "shape"):
        own = c.size(f"{name}_embed_dim")
        found.append(table(f"{name}_embed", own, c.size(f"{name}_vocab_size")))
        width += own if c.flag(f"enable_{name}") else 0
    if c.flag("concat_input"):
        found.append(linear("embeddings.map_inputs_layer", "embedding", width, c.hidden, bias=True))
    return tuple(found)


def _rotary_table(c: ModelConfig) -> tuple[Weight, ...]:
    return (table("embed_positions", c.head_dim, c.size("max_position_embeddings")),)


def _languages(c: ModelConfig) -> tuple[Weight, ...]:
    number = c.count("n_langs")
    if number < 2 or not c.flag("use_lang_emb"):
        return ()
    return (table("lang_embeddings", c.hidden, number),)


def _adapters(c: ModelConfig) -> tuple[Weight, ...]:
    """X-MOD: a bottleneck for each language, of which a text takes one."""
    number = max(len(c.texts("languages")), 1)
    narrow = c.hidden // c.size("adapter_reduction_factor", default=2)
    sizes = (("dense1", c.hidden, narrow), ("dense2", narrow, c.hidden))
    found = [
        copies(linear(f"output.adapter_modules.*.{name}", "mlp", inputs, outputs, bias=True), number, 1)
        for name, inputs, outputs in sizes
    ]
    if c.flag("adapter_layer_norm"):
        found.append(norm("output.adapter_layer_norm", c.hidden, bias=True))
    return tuple(found)


def _rembert(c: ModelConfig) -> Architecture:
    """RemBERT: narrow embeddings, and a wide head that is not tied to them."""
    trait = BertLike(width=lambda c: c.size("input_embedding_size"), transform=False)
    found = trait.read(c.read_as("rembert", tie_word_embeddings=True))
    if not writes(c):
        return found
    width = c.size("output_embedding_size", default=1664)
    head = (
        linear("cls.predictions.dense", "head", c.hidden, width, bias=True),
        norm("cls.predictions.LayerNorm", width, bias=True),
        linear("cls.predictions.decoder", "head", width, c.vocabulary),
    )
    return found._replace(outside=(*found.outside, *head), tied=False)


def _xlnet(c: ModelConfig) -> Architecture:
    """XLNet: relative positions with weights of their own."""
    hidden, width = c.hidden, c.heads * c.size("d_head", default=c.head_dim)
    weights = (
        *(linear(f"rel_attn.{name}", "attention", hidden, width) for name in "qkvor"),
        *(vector(f"rel_attn.{name}", "attention", width) for name in ("r_r_bias", "r_s_bias", "r_w_bias")),
        vector("rel_attn.seg_embed", "attention", 2 * width),
        *plain_mlp(c, c.size("d_inner"), bias=True, at="ff", names=("layer_1", "layer_2")),
        norm("rel_attn.layer_norm", hidden, bias=True),
        norm("ff.layer_norm", hidden, bias=True),
    )
    mask = vector("mask_emb", "embedding", hidden)
    layers = [Layer(weights)] * c.layers
    return encoder(c, layers, width=hidden, outside=[mask], transform=False)


def _relative_positions(c: ModelConfig) -> tuple[Weight, ...]:
    """DeBERTa: one table of relative positions, and with unshared keys projections of it in every layer."""
    if not c.flag("relative_attention"):
        return ()
    reach = c.raw("max_relative_positions")
    reach = reach if type(reach) is int and reach > 0 else c.size("max_position_embeddings")
    entries = 2 * (c.count("position_buckets") if _positive(c, "position_buckets") else reach)
    found = [table("rel_embeddings", c.hidden, entries)]
    if "layer_norm" in c.text("norm_rel_ebd"):
        found.append(norm("encoder.LayerNorm", c.hidden, bias=True))
    return tuple(found)


def _positive(c: ModelConfig, name: str) -> bool:
    value = c.raw(name)
    return type(value) is int and value > 0


def _kinds_of_position(c: ModelConfig) -> str:
    """Which of "c2p" and "p2c" DeBERTa attends with: a text, or a list."""
    said = c.raw("pos_att_type")
    return said if isinstance(said, str) else " ".join(c.texts("pos_att_type"))


def _relative_projections(c: ModelConfig) -> tuple[Weight, ...]:
    if not c.flag("relative_attention") or c.flag("share_att_key"):
        return ()
    kinds = _kinds_of_position(c)
    names = [name for kind, name in (("c2p", "pos_key_proj"), ("p2c", "pos_query_proj")) if kind in kinds]
    return tuple(
        linear(f"attention.self.{name}", "attention", c.hidden, c.hidden, bias=True) for name in names
    )


def _first_deberta(c: ModelConfig) -> Architecture:
    """DeBERTa: one matrix for query, key and value, of which two have biases."""
    found = BertLike(positions=_deberta_positions, outside=_relative_positions, pooler=lambda c: False).read(
        c
    )
    at, hidden = "attention.self", c.hidden
    projections = [linear(f"{at}.in_proj", "attention", hidden, 3 * hidden)]
    projections += [vector(f"{at}.{name}", "attention", hidden) for name in ("q_bias", "v_bias")]
    if c.flag("relative_attention"):
        kinds = _kinds_of_position(c)
        projections += [linear(f"{at}.pos_proj", "attention", hidden, hidden)] * ("c2p" in kinds)
        projections += [linear(f"{at}.pos_q_proj", "attention", hidden, hidden, bias=True)] * ("p2c" in kinds)
    weights = (*projections, *found.layers[0].weights[3:])
    return found._replace(layers=(Layer(weights),) * len(found.layers))


def _convbert(c: ModelConfig) -> Architecture:
    """ConvBERT (arXiv 2008.02496): half of the heads, and convolutions over spans in the place of the others."""
    found = BertLike(width=lambda c: c.size("embedding_size"), pooler=lambda c: False).read(c)
    hidden, kernel = c.hidden, c.size("conv_kernel_size")
    groups = c.size("num_groups", default=1)
    heads = max(c.heads // c.size("head_ratio", default=2), 1)
    width, at = heads * max(hidden // heads // 2, 1), "attention.self"
    kept = [
        weight._replace(inputs=max(weight.inputs // groups, 1)) if weight.part == "mlp" else weight
        for weight in found.layers[0].weights[3:]
    ]
    weights = (
        *(
            linear(f"{at}.{name}", "attention", hidden, width, bias=True)
            for name in ("query", "key", "value")
        ),
        vector(f"{at}.key_conv_attn_layer.depthwise", "attention", hidden * kernel),
        linear(f"{at}.key_conv_attn_layer.pointwise", "attention", hidden, width, bias=True),
        linear(f"{at}.conv_kernel_layer", "attention", width, heads * kernel, bias=True),
        linear(f"{at}.conv_out_layer", "attention", hidden, width, bias=True),
        *kept,
    )
    return found._replace(layers=(Layer(weights),) * len(found.layers))


def for_global_tokens(at: str) -> Weights:
    """Longformer: projections of their own for the tokens that see everything. `at`: where its attention is."""
    return lambda c: tuple(
        linear(f"{at}.{name}_global", "attention", c.hidden, c.hidden, bias=True)
        for name in ("query", "key", "value")
    )


def _deberta_positions(c: ModelConfig) -> int:
    return c.size("max_position_embeddings") if c.flag("position_biased_input", default=True) else 0


def _buckets(c: ModelConfig) -> tuple[Weight, ...]:
    entries = c.size("relative_attention_num_buckets", default=32)
    return (Weight("encoder.relative_attention_bias", "embedding", c.heads, entries, linear=False),)


def _albert(c: ModelConfig) -> Architecture:
    """ALBERT: all layers share the weights of a few (`num_hidden_groups`)."""
    groups = min(c.size("num_hidden_groups", default=1) * c.size("inner_group_num", default=1), MOST_LAYERS)
    found = BertLike(width=lambda c: c.size("embedding_size")).read(c)
    return found._replace(layers=found.layers[:1] * groups)


_BERT = BertLike()
TYPES: Mapping[str, Reader] = {
    "albert": _albert,
    "bert": _BERT.read,
    "bert-generation": BertLike(types=False, transform=False, pooler=lambda c: False).read,
    "big_bird": BertLike(pooler=lambda c: True).read,
    "camembert": _BERT.read,
    "convbert": _convbert,
    "data2vec-text": _BERT.read,
    "deberta": _first_deberta,
    "deberta-v2": BertLike(
        positions=_deberta_positions,
        outside=_relative_positions,
        beside=_relative_projections,
        pooler=lambda c: False,
    ).read,
    "distilbert": BertLike(
        types=False, inner=lambda c: c.size("hidden_dim", default=4 * c.hidden), pooler=lambda c: False
    ).read,
    "electra": BertLike(width=lambda c: c.size("embedding_size"), pooler=lambda c: False).read,
    "ernie": BertLike(outside=_task_types).read,
    "longformer": BertLike(beside=for_global_tokens("attention.self")).read,
    "megatron-bert": BertLike(embedding_norm=False, final_norm=True).read,
    "mpnet": BertLike(types=False, outside=_buckets).read,
    "rembert": _rembert,
    "roberta": _BERT.read,
    "roberta-prelayernorm": BertLike(final_norm=True).read,
    "roc_bert": BertLike(outside=_shapes_and_sounds).read,
    "roformer": BertLike(
        positions=lambda c: 0,
        width=lambda c: c.size("embedding_size", default=c.hidden),
        outside=_rotary_table,
        pooler=lambda c: False,
    ).read,
    "xlm": BertLike(
        types=False,
        transform=False,
        inner=lambda c: 4 * c.hidden,
        outside=_languages,
        pooler=lambda c: False,
    ).read,
    "xlm-roberta": _BERT.read,
    "xlm-roberta-xl": BertLike(embedding_norm=False, final_norm=True).read,
    "xlnet": _xlnet,
    "xmod": BertLike(beside=_adapters).read,
}
