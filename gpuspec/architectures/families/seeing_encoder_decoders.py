"""Encoder-decoders that see: the encoder reads patches, the decoder attends to what it made of them.

Sources: the model classes of transformers 5.24.0 (September 2026), whose parameter counts these rows are tested
against."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.encoder_decoders import (
    BartLike,
    layers_of,
    of_fixed_length,
    remembered,
    stack,
)
from gpuspec.architectures.families.llama_like import one_in
from gpuspec.architectures.families.seeing_otherwise import bert_like
from gpuspec.architectures.families.t5_like import GEMMA_2, T5Like
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, feed_forward, kv_cache, norm
from gpuspec.architectures.towers import projectors as between
from gpuspec.architectures.towers.blocks import (
    chain,
    kernel,
    measures,
    patches,
    pixels,
    placed,
    table,
    within,
)
from gpuspec.architectures.towers.senses import TOWERS, read_text, tower_of
from gpuspec.architectures.towers.swin import swin_patches, swin_width


def _pix2struct(c: ModelConfig) -> Architecture:
    """Pix2Struct: a T5 whose encoder reads patches."""
    v, t = c.part("vision_config"), c.part("text_config")
    heads, head = t.heads, t.size("d_kv")
    inner = t.size("d_ff")
    weights = (
        *attention(t, heads=heads, kv_heads=heads, head_dim=head, at="self_attention.attention"),
        *attention(
            t,
            heads=heads,
            kv_heads=heads,
            head_dim=head,
            at="encoder_decoder_attention.attention",
            part="cross attention",
        ),
        *feed_forward(t, inner, at="mlp.DenseReluDense", names=("wi_0", "wi_1", "wo")),
        *(
            norm(f"{name}.layer_norm", t.hidden)
            for name in ("self_attention", "encoder_decoder_attention", "mlp")
        ),
    )
    positions = table("decoder.relative_attention_bias", t.size("relative_attention_num_buckets"), heads)
    layers = [Layer(weights, remembered(t, heads, head))] * layers_of(t, "num_layers", "num_hidden_layers")
    outside = (*placed("encoder", "vision", tower_of(v)), *placed("", "attention", [positions]))
    return decoder(t, layers, outside=outside)._replace(model_type=c.model_type)


def _pp_formulanet(c: ModelConfig) -> Architecture:
    """PP-FormulaNet: SAM, and the decoder of mBART."""
    v, t = c.part("vision_config"), c.part("text_config")
    trait = BartLike(final_norm=True)
    around = trait.around(t, "model.decoder", t.size("max_position_embeddings") + 2)
    found = trait.written(t, [*placed("model.encoder", "vision", tower_of(v)), *around])
    return found._replace(model_type=c.model_type)


def _udop(c: ModelConfig) -> Architecture:
    """UDOP: a T5 that reads patches and where on the page each word is."""
    found = T5Like().read(c)
    places = c.size("max_2d_position_embeddings")
    kinds = c.raw("relative_bias_args")
    more = max(len(kinds) - 1, 0) if isinstance(kinds, (list, tuple)) else 2
    buckets = c.size("relative_attention_num_buckets", default=32)
    patch = (kernel("proj", pixels(c), c.hidden, 1),)
    outside = (
        *placed("patch_embed", "vision", patch),
        *placed("decoder.embed_patches", "vision", patch),
        *placed(
            "encoder",
            "encoder",
            [
                *within("cell_2d_embedding", (table("position_embeddings", places, c.hidden),), 2),
                *within("relative_bias", (table("bias", buckets, c.heads),), 2 * more),
            ],
        ),
    )
    return found._replace(outside=(*found.outside, *outside))


_GEMMA_3 = GEMMA_2._replace(qk_norm="head", window=one_in(6))


def _t5gemma2(c: ModelConfig) -> Architecture:
    """T5Gemma 2: an encoder that sees, and a decoder whose attention is over its own text and the encoder's at once;
    both have one embedding."""
    reads, decodes = c.part("encoder"), c.part("decoder")
    text, v = reads.part("text_config"), reads.part("vision_config")
    tied = c.flag("tie_word_embeddings", default=True)
    found = _GEMMA_3.read(decodes.read_as(decodes.model_type, tie_word_embeddings=tied))
    encoder = _GEMMA_3.read(text)
    outside = (
        *stack(encoder.layers[0].weights, len(encoder.layers), "model.encoder.layers"),
        *placed(
            "model.encoder", "encoder", [norm("norm", encoder.hidden), norm("eoi_embedding", encoder.hidden)]
        ),
        *placed("model.encoder.vision_tower", "vision", tower_of(v)),
        *placed("model.encoder.multi_modal_projector", "projector", between.gemma3(reads, v, encoder.hidden)),
    )
    layers = tuple(
        Layer(layer.weights, (*layer.caches, layer.caches[0]._replace(kind="cross", window=0)))
        for layer in found.layers
    )
    return found._replace(model_type=c.model_type, layers=layers, outside=(*found.outside, *outside))


def _vision_encoder_decoder(c: ModelConfig) -> Architecture:
    """Any tower, any decoder: Donut, Nougat, TrOCR."""
    v, t = c.part("encoder"), c.part("decoder")
    known = v.model_type in TOWERS
    seen, entries = _seen(v) if known else (t.hidden, 0)
    if t.model_type in ("bert", "roberta"):
        found = _bert_decoder(t, seen)
    else:
        found = read_text(t.read_as(t.model_type, is_encoder_decoder=False))
    if not known:
        doubt = f"gpuspec does not know its vision tower {v.model_type!r}, which is not counted"
        return found._replace(model_type=c.model_type, derived=doubt)
    more = placed("encoder", "vision", tower_of(v))
    bridge = placed("", "projector", chain("enc_to_dec_proj", seen, found.hidden))
    if seen == found.hidden or t.count("cross_attention_hidden_size"):
        bridge = ()
    found = found._replace(model_type=c.model_type, outside=(*found.outside, *more, *bridge))
    return of_fixed_length(found, entries)


def _seen(v: ModelConfig) -> tuple[int, int]:
    """(width, entries) of what a tower makes of an image."""
    if v.raw("depths") is not None:
        return swin_width(v), swin_patches(v)
    first = {"vit": 1, "deit": 2}.get(v.model_type, 0)  # tokens in front
    return measures(v).width, patches(v) + first


def _bert_decoder(c: ModelConfig, seen: int) -> Architecture:
    places = [
        table("embeddings.position_embeddings", c.size("max_position_embeddings"), c.hidden),
        table("embeddings.token_type_embeddings", c.count("type_vocab_size") or 1, c.hidden),
    ]
    turned = (*chain("transform.dense", c.hidden, c.hidden), norm("transform.LayerNorm", c.hidden, bias=True))
    outside: tuple[Weight, ...] = (
        *placed("decoder.bert", "embedding", places),
        *placed("decoder.cls.predictions", "head", turned),
    )
    cache = kv_cache(c)
    layer = Layer(bert_like(c, cross=c.hidden), (cache, cache._replace(kind="cross")))
    return decoder(c, [layer] * c.layers, outside=outside, norm_bias=True, head_bias=True)


TYPES: Mapping[str, Reader] = {
    "pix2struct": _pix2struct,
    "pp_formulanet": _pp_formulanet,
    "t5gemma2": _t5gemma2,
    "udop": _udop,
    "vision-encoder-decoder": _vision_encoder_decoder,
}
"""`model_type` → its reader."""
