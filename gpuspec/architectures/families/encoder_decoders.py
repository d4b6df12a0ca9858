"""Encoder-decoders: BART, T5 and their kin. The decoder remembers what it wrote, and keys and values of every token
that the encoder read ("cross").

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against. The weights of an encoder's layers stand together as copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.encoders import for_global_tokens
from gpuspec.architectures.families.llama_like import Flag, Weights, said
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import attention, kv_cache, linear, mixture, norm, plain_mlp, vector
from gpuspec.named_tuple import NamedTuple

_OUT = ("q_proj", "k_proj", "v_proj", "out_proj")


def layers_of(c: ModelConfig, *names: str) -> int:
    """How many layers a stack has."""
    number = c.size(*names)
    if number > MOST_LAYERS:
        raise Unsaid(f"its config says {number:,} layers")
    return number


def stack(weights: Sequence[Weight], number: int, at: str) -> list[Weight]:
    """The weights of as many alike layers of an encoder."""
    return [
        weight._replace(
            module=f"{at}.*.{weight.module}",
            part="encoder",
            copies=weight.copies * number,
            used=weight.used * number,
        )
        for weight in weights
        if number
    ]


def remembered(c: ModelConfig, heads: int, head: int) -> tuple[Cache, Cache]:
    """What a decoder's layer keeps of its own text, and of the encoder's."""
    own = kv_cache(c, kv_heads=heads, head_dim=head)
    return own, own._replace(kind="cross")


def of_fixed_length(found: Architecture, entries: int) -> Architecture:
    """A model whose encoder hands on so many entries whatever it was given: an image of one size, half a minute of
    sound. Of cross attention that length is kept, not the text's (vLLM 0.33.0 `CrossAttentionSpec`)."""

    def kept(cache: Cache) -> Cache:
        return cache._replace(width=0, state=cache.width * entries) if cache.kind == "cross" else cache

    layers = (layer._replace(caches=tuple(map(kept, layer.caches))) for layer in found.layers)
    return found._replace(layers=tuple(layers))


class BartLike(NamedTuple):
    """In what an architecture differs from BART. `read` reads its configs."""

    bias: Flag = True
    """Of attention."""
    key_bias: bool = True
    seen: Callable[[ModelConfig], int] = lambda c: c.hidden
    """Width of what the decoder attends to."""
    positions: Callable[[ModelConfig], tuple[int, int]] = lambda c: (
        (c.size("max_position_embeddings") + 2,) * 2
    )
    """Learned positions of encoder and decoder. BART's first two rows are for padding."""
    embedding_norm: Flag = True
    final_norm: bool = False
    """Whether each stack ends with a norm."""
    in_encoder: Weights = lambda c: ()
    """Weights in the encoder's layers that BART has not."""
    outside: Weights = lambda c: ()
    """The same outside the layers."""
    reads_text: bool = True
    """Whether the encoder has the decoder's vocabulary. Where nothing is tied, each then has an embedding beside the
    shared one."""

    def block(self, c: ModelConfig, *, heads: int, inner: int, crosses: bool) -> tuple[Weight, ...]:
        """A layer; `crosses`: with attention on what the encoder read."""
        hidden, bias = c.hidden, said(c, self.bias)
        head = max(hidden // heads, 1)
        found: list[Weight] = []
        places = [("self_attn", "attention", hidden)]
        if crosses:
            places.append(("encoder_attn", "cross attention", self.seen(c)))
        for at, part, seen in places:
            projections = attention(
                c,
                bias=bias,
                heads=heads,
                kv_heads=heads,
                head_dim=head,
                seen=seen,
                at=at,
                part=part,
                names=_OUT,
            )
            found += [
                weight._replace(bias=weight.bias if self.key_bias or "k_proj" not in weight.module else 0)
                for weight in projections
            ]
            found.append(norm(f"{at}_layer_norm", hidden, bias=True))
        found += plain_mlp(c, inner, bias=True, at="", names=("fc1", "fc2"))
        found.append(norm("final_layer_norm", hidden, bias=True))
        return tuple(found)

    def around(self, c: ModelConfig, at: str, positions: int) -> list[Weight]:
        """What stands around the layers of a stack: its positions and norms."""
        found = []
        if positions:
            found.append(Weight(f"{at}.embed_positions", "embedding", c.hidden, positions, linear=False))
        if said(c, self.embedding_norm):
            found.append(norm(f"{at}.layernorm_embedding", c.hidden, bias=True))
        if self.final_norm:
            found.append(norm(f"{at}.layer_norm", c.hidden, bias=True))
        return found

    def read(self, c: ModelConfig, *, head: int | None = None, tied: bool | None = None) -> Architecture:
        """The structure that a config states."""
        of_encoder, of_decoder = self.positions(c)
        outside: list[Weight] = [*self.outside(c)]
        if c.flag("is_encoder_decoder", default=True):
            block = self.block(
                c,
                heads=c.size("encoder_attention_heads"),
                inner=c.size("encoder_ffn_dim"),
                crosses=False,
            )
            number = layers_of(c, "encoder_layers")
            outside += stack((*block, *self.in_encoder(c)), number, "model.encoder.layers")
            outside += [each._replace(part="encoder") for each in self.around(c, "model.encoder", of_encoder)]
            if self.reads_text and head is None and tied is None and not c.tied:
                outside += [
                    Weight(f"model.{at}.embed_tokens", "embedding", c.hidden, c.vocabulary, linear=False)
                    for at in ("encoder", "decoder")
                ]
        outside += self.around(c, "model.decoder", of_decoder)
        return self.written(c, outside, head=head, tied=tied)

    def written(
        self, c: ModelConfig, outside: Sequence[Weight], *, head: int | None = None, tied: bool | None = None
    ) -> Architecture:
        """The decoder, with all else outside its layers. `head`, `tied`: as `decoder` has them."""
        heads, inner = c.size("decoder_attention_heads"), c.size("decoder_ffn_dim")
        width = max(c.hidden // heads, 1)
        weights = self.block(c, heads=heads, inner=inner, crosses=True)
        layer = Layer(weights, remembered(c, heads, width))
        found = decoder(
            c,
            [layer] * layers_of(c, "decoder_layers"),
            outside=outside,
            final_norm=False,
            head=head,
            tied=tied,
        )
        return found._replace(heads=heads, kv_heads=heads, head_dim=width, intermediate=inner)


def _plain_positions(c: ModelConfig) -> tuple[int, int]:
    number = c.size("max_position_embeddings")
    return number, number


def _computed(c: ModelConfig) -> tuple[int, int]:
    return 0, 0


def _marian(c: ModelConfig) -> Architecture:
    """Marian: source and target may have vocabularies of their own."""
    trait = BartLike(positions=_plain_positions, embedding_norm=False)
    if c.flag("share_encoder_decoder_embeddings", default=True):
        return trait.read(c)
    entries = c.size("decoder_vocab_size", default=c.vocabulary)
    found = trait.read(c, head=entries)
    target = Weight("model.decoder.embed_tokens", "embedding", c.hidden, entries, linear=False)
    return found._replace(outside=(*found.outside, target))


def _fsmt(c: ModelConfig) -> Architecture:
    """FSMT: an embedding for each language, and a head that is tied only if the config says so."""
    source, target = c.size("src_vocab_size"), c.size("tgt_vocab_size")
    found = BartLike(embedding_norm=False).read(c.read_as("fsmt", vocab_size=source), tied=True)
    more = [Weight("model.decoder.embed_tokens", "embedding", c.hidden, target, linear=False)]
    tied = c.flag("tie_word_embeddings")
    if not tied:
        more.append(linear("model.decoder.output_projection", "head", c.hidden, target))
    return found._replace(outside=(*found.outside, *more), tied=tied)


def _whisper_ears(c: ModelConfig) -> tuple[Weight, ...]:
    """Two convolutions over the spectrum, three frames wide."""
    if not c.flag("is_encoder_decoder", default=True):
        return ()
    hidden, mels = c.hidden, c.size("num_mel_bins")
    return (
        Weight("model.encoder.conv1", "audio", 3 * mels, hidden, bias=hidden, linear=False),
        Weight("model.encoder.conv2", "audio", 3 * hidden, hidden, bias=hidden, linear=False),
    )


def _trocr_positions(c: ModelConfig) -> tuple[int, int]:
    learned = c.flag("use_learned_position_embeddings", default=True)
    return 0, c.size("max_position_embeddings") + 2 if learned else 0


def _trocr(c: ModelConfig) -> Architecture:
    """TrOCR's decoder: what it reads may be of another width."""
    trait = BartLike(
        positions=_trocr_positions,
        embedding_norm="layernorm_embedding",
        seen=lambda c: c.count("cross_attention_hidden_size") or c.hidden,
    )
    return trait.written(c, trait.around(c, "model.decoder", _trocr_positions(c)[1]))


def _nllb_moe(c: ModelConfig) -> Architecture:
    """NLLB-MoE: M2M-100 with experts in one layer of four."""
    trait = BartLike(positions=_computed, embedding_norm=False, final_norm=True)
    found = trait.read(c)
    number = c.size("num_experts")

    def mixed(weights: Sequence[Weight], width: int) -> list[Weight]:
        kept = [weight for weight in weights if weight.module not in ("fc1", "fc2")]
        experts = mixture(
            c,
            experts=number,
            used=2,  # every token takes its two best
            width=width,
            names=("fc1", "fc2"),
            bias=True,
            router="ffn.router.classifier",
            router_bias=c.flag("router_bias"),
            at="ffn.experts.*",
        )
        return [*kept, *experts]

    def sparse(field: str, layers: int) -> list[bool]:
        step = c.count(field)
        return [bool(step) and (index + 1) % step == 0 for index in range(layers)]

    layers = tuple(
        layer._replace(weights=tuple(mixed(layer.weights, c.size("decoder_ffn_dim")))) if routed else layer
        for layer, routed in zip(found.layers, sparse("decoder_sparse_step", len(found.layers)), strict=True)
    )
    inner = c.size("encoder_ffn_dim")
    block = trait.block(c, heads=c.size("encoder_attention_heads"), inner=inner, crosses=False)
    routed = sum(sparse("encoder_sparse_step", layers_of(c, "encoder_layers")))
    outside = [weight for weight in found.outside if ".encoder.layers." not in weight.module]
    outside += stack(block, layers_of(c, "encoder_layers") - routed, "model.encoder.layers")
    outside += stack(mixed(block, inner), routed, "model.encoder.layers")
    return decoder(c, layers, outside=outside[1:], final_norm=False, tied=True)


def _prophetnet(c: ModelConfig) -> Architecture:
    """ProphetNet: predicts several tokens at once, with relative positions in every decoder layer."""
    hidden, heads = c.hidden, c.size("num_decoder_attention_heads")
    head, buckets = max(hidden // heads, 1), c.size("num_buckets")
    names = ("query_proj", "key_proj", "value_proj", "out_proj")

    def block(heads: int, inner: int) -> tuple[Weight, ...]:
        own = max(hidden // heads, 1)
        return (
            *attention(c, bias=True, heads=heads, kv_heads=heads, head_dim=own, names=names),
            *plain_mlp(c, inner, bias=True, at="feed_forward", names=("intermediate", "output")),
            norm("self_attn_layer_norm", hidden, bias=True),
            norm("feed_forward_layer_norm", hidden, bias=True),
        )

    weights = (
        *block(heads, c.size("decoder_ffn_dim")),
        *attention(
            c,
            bias=True,
            heads=heads,
            kv_heads=heads,
            head_dim=head,
            at="cross_attn",
            part="cross attention",
            names=names,
        ),
        norm("cross_attn_layer_norm", hidden, bias=True),
        linear("self_attn.relative_pos_embeddings", "attention", hidden, heads * buckets, bias=True),
    )
    positions = c.size("max_position_embeddings")
    outside = [
        *stack(
            block(c.size("num_encoder_attention_heads"), c.size("encoder_ffn_dim")),
            layers_of(c, "num_encoder_layers"),
            "prophetnet.encoder.layers",
        ),
        *(
            weight
            for at in ("prophetnet.encoder", "prophetnet.decoder")
            for weight in (
                Weight(f"{at}.position_embeddings", "embedding", hidden, positions, linear=False),
                norm(f"{at}.embeddings_layer_norm", hidden, bias=True),
            )
        ),
        vector("prophetnet.decoder.ngram_embeddings", "embedding", c.size("ngram") * hidden),
    ]
    layers = [Layer(weights, remembered(c, heads, head))] * layers_of(c, "num_decoder_layers")
    found = decoder(c, layers, outside=outside, final_norm=False, tied=True)
    return found._replace(heads=heads, kv_heads=heads, head_dim=head)


_BART = BartLike()
_NO_NORM_FIRST = BartLike(positions=_plain_positions, embedding_norm=False, final_norm=True)


def _whisper(c: ModelConfig) -> Architecture:
    trait = _NO_NORM_FIRST._replace(
        key_bias=False,
        reads_text=False,
        positions=lambda c: (c.size("max_source_positions"), c.size("max_target_positions")),
        outside=_whisper_ears,
    )
    return of_fixed_length(trait.read(c), c.size("max_source_positions"))


TYPES: Mapping[str, Reader] = {
    "bart": _BART.read,
    "bigbird_pegasus": BartLike(bias="use_bias", positions=_plain_positions).read,
    "blenderbot": _NO_NORM_FIRST.read,
    "blenderbot-small": BartLike(positions=_plain_positions).read,
    "fsmt": _fsmt,
    "led": BartLike(
        positions=lambda c: (
            c.size("max_encoder_position_embeddings"),
            c.size("max_decoder_position_embeddings"),
        ),
        in_encoder=for_global_tokens("self_attn"),
    ).read,
    "m2m_100": _NO_NORM_FIRST._replace(positions=_computed).read,
    "marian": _marian,
    "mbart": BartLike(final_norm=True).read,
    "mvp": _BART.read,
    "nllb-moe": _nllb_moe,
    "pegasus": _NO_NORM_FIRST.read,
    "pegasus_x": _NO_NORM_FIRST._replace(
        bias=False,
        positions=_computed,
        in_encoder=lambda c: (norm("global_self_attn_layer_norm", c.hidden, bias=True),),
        outside=lambda c: (
            vector(
                "model.encoder.embed_global", "encoder", c.size("num_global_tokens", default=32) * c.hidden
            ),
        ),
    ).read,
    "plbart": _BART.read,
    "prophetnet": _prophetnet,
    "trocr": _trocr,
    "whisper": _whisper,
}
