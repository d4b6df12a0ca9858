"""Models that see without a tower of the usual kind, or have more than a tower and a text model.

Sources: the model classes of transformers 5.24.0 (September 2026), whose parameter counts these rows are tested
against."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import LlamaLike, everything
from gpuspec.architectures.families.seeing import TYPES as SEEING
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, block_norms, gated_mlp, kv_cache, norm, plain_mlp, vector
from gpuspec.architectures.towers import projectors as between
from gpuspec.architectures.towers import resamplers
from gpuspec.architectures.towers.blocks import (
    GATED,
    O_PROJ,
    blocks,
    chain,
    measures,
    pixels,
    placed,
    table,
    within,
)
from gpuspec.architectures.towers.senses import Sense, joined, text_model, tower_of


def _fuyu(c: ModelConfig) -> tuple[Weight, ...]:
    """Patches go through one linear layer into the text model (Fuyu)."""
    text = c.inner("text_config")
    width = text.hidden if text is not None else c.hidden
    return placed("model", "vision", chain("vision_embed_tokens", pixels(c), width))


def _gemma4_unified(c: ModelConfig) -> tuple[Weight, ...]:
    """Gemma 4 without towers: patches and pieces of sound go through an embedding each."""
    text, v, a = c.inner("text_config"), c.inner("vision_config"), c.inner("audio_config")
    width = text.hidden if text is not None else c.hidden
    found: tuple[Weight, ...] = ()
    if v is not None:
        side, inner = v.size("patch_size") * v.size("pooling_kernel_size"), v.size("mm_embed_dim")
        patch = 3 * side**2
        embedding = (
            norm("patch_ln1", patch, bias=True),
            *chain("patch_dense", patch, inner),
            norm("patch_ln2", inner, bias=True),
            table("pos_embedding", 2 * v.size("mm_posemb_size"), inner),
            norm("pos_norm", inner, bias=True),
        )
        out = chain("multimodal_embedder.embedding_projection", v.size("output_proj_dims"), width, bias=False)
        found += placed("model.embed_vision", "vision", embedding)
        found += placed("model.embed_vision", "projector", out)
    if a is not None:
        inner = a.size("audio_embed_dim", "hidden_size")
        found += placed(
            "model.embed_audio", "projector", chain("embedding_projection", inner, width, bias=False)
        )
    return found


def _diffusion_gemma(c: ModelConfig) -> tuple[Weight, ...]:
    """A Gemma 4 that refines a canvas of tokens: a gated block mixes in what it thought before."""
    text = c.inner("text_config")
    if text is None:
        return ()
    block = gated_mlp(text, at="model.decoder.self_conditioning")
    return (*block, norm("model.decoder.self_conditioning.pre_norm", text.hidden))


def _janus(c: ModelConfig) -> Architecture:
    """Janus writes text and images: the image tokenizer and the head for its tokens are loaded with the rest."""
    found = joined(Sense(at="vision_model", projector=_janus_aligner, projector_at="aligner"))(c)
    codes = c.inner("vq_config")
    if codes is None:
        return found
    width, entries = codes.size("projection_dim"), codes.size("num_embeddings")
    depth = codes.size("num_hidden_layers")
    generation = (
        table("generation_embeddings", entries, codes.size("embed_dim")),
        *chain("generation_aligner.fc1", codes.size("embed_dim"), width),
        *within("generation_aligner.hidden_layers.*", chain("fc", width, width), max(depth - 1, 0)),
        *chain("generation_head.proj_out", width, width),
        *chain("generation_head.vision_head", width, entries),
    )
    more = (*placed("model.vqmodel", "vision", tower_of(codes)), *placed("model", "vision", generation))
    return found._replace(outside=(*found.outside, *more))


def _janus_aligner(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    width, depth = v.size("projection_dim"), v.size("depth", default=2)
    return (
        *chain("fc1", measures(v).width, width),
        *within("hidden_layers.*", chain("fc", width, width), depth - 1),
    )


def _chameleon(c: ModelConfig) -> Architecture:
    """Chameleon: images are words of the text model; norms of queries and keys have a weight for each head."""
    normed = [vector("self_attn.qk_norm", "attention", 2 * (c.heads + c.kv_heads) * c.head_dim)]
    around = (
        *attention(c, bias=c.flag("attention_bias")),
        *normed,
        *gated_mlp(c, bias=c.flag("mlp_bias")),
        *block_norms(c),
    )
    codes = c.inner("vq_config")
    outside = placed("model.vqmodel", "vision", tower_of(codes)) if codes is not None else ()
    return decoder(c, [Layer(around, (kv_cache(c),))] * c.layers, outside=outside)


def _pi0(c: ModelConfig) -> Architecture:
    """A vision-language model whose keys a second, smaller decoder of actions reads (π0)."""
    whole, actions = c.part("vlm_config"), c.part("dit_config")
    found = SEEING["paligemma"](whole)
    second = LlamaLike(bias="attention_bias", window=everything).read(actions)
    width = actions.hidden
    state, action = c.size("max_state_dim"), c.size("max_action_dim")
    extra = (
        *chain("state_proj", state, width),
        *chain("action_in_proj", action, width),
        *chain("action_time_mlp_in action_time_mlp_out", 2 * width, width, width),
        *chain("action_out_proj", width, action),
    )
    more = placed("model.dit", "projector", (*second.weights, *extra))
    return found._replace(model_type=c.model_type, outside=(*found.outside, *more))


def _idefics(c: ModelConfig) -> Architecture:
    """IDEFICS: gated layers between those of Llama attend to the image."""
    v = c.part("vision_config")
    seen, every = measures(v).width, c.size("cross_layer_interval")
    norms = block_norms(c)
    cross = (
        *chain("cross_attn.q_proj", c.hidden, c.hidden, bias=False),
        *chain("cross_attn.k_proj", seen, c.hidden, bias=False),
        *chain("cross_attn.v_proj", seen, c.hidden, bias=False),
        *chain("cross_attn.o_proj", c.hidden, c.hidden, bias=False),
        vector("alphas", "", 2 * (c.hidden if c.text("alpha_type") == "vector" else 1)),
    )
    crossing = tuple(weight._replace(part="cross attention") for weight in cross)
    own = (*attention(c), *gated_mlp(c), *norms)
    layers = []
    for index in range(c.layers):
        weights = (*own, *crossing, *gated_mlp(c, at="gated_cross_attn.mlp"), *norms)
        seen_cache = kv_cache(c)._replace(kind="cross")
        if index % every == 0:
            layers.append(Layer(weights, (kv_cache(c), seen_cache)))
        else:
            layers.append(Layer(own, (kv_cache(c),)))
    more = c.count("additional_vocab_size")
    outside = [*placed("model.vision_model", "vision", tower_of(v))]
    if more:
        outside += [*placed("model", "embedding", [table("additional_embedding", more, c.hidden)])] * 2
    unsure = "its perceiver is not counted" if c.flag("use_resampler") else ""
    return decoder(c, layers, outside=outside)._replace(derived=unsure)


def bert_like(c: ModelConfig, *, cross: int = 0) -> tuple[Weight, ...]:
    """A layer of BERT; `cross`: the width of what it attends to beside."""
    again: tuple[Weight, ...] = ()
    if cross:
        again = (
            *chain("crossattention.self.query", c.hidden, c.hidden),
            *chain("crossattention.self.key", cross, c.hidden),
            *chain("crossattention.self.value", cross, c.hidden),
            *chain("crossattention.output.dense", c.hidden, c.hidden),
            norm("crossattention.output.LayerNorm", c.hidden, bias=True),
        )
    return (
        *attention(c, bias=True, at="attention.self"),
        *plain_mlp(c, bias=True, at="intermediate"),
        *(norm(name, c.hidden, bias=True) for name in ("attention.output.LayerNorm", "output.LayerNorm")),
        *(weight._replace(part="cross attention") for weight in again),
    )


def _git(c: ModelConfig) -> Architecture:
    """GIT: a BERT that reads the patches as the start of its text."""
    v = c.part("vision_config")
    places = [table("git.embeddings.position_embeddings", c.size("max_position_embeddings"), c.hidden)]
    projection = (*chain("0", measures(v).width, c.hidden), norm("1", c.hidden, bias=True))
    outside = (
        *placed("", "embedding", places),
        *placed("git.image_encoder.vision_model", "vision", tower_of(v)),
        *placed("git.visual_projection", "projector", projection),
    )
    layers = [Layer(bert_like(c), (kv_cache(c),))] * c.layers
    return decoder(c, layers, outside=outside, norm_bias=True, head_bias=True)


def _blip(c: ModelConfig) -> Architecture:
    """BLIP: a BERT as a decoder, each of whose layers attends to the patches."""
    text, v = c.part("text_config"), c.part("vision_config")
    wide = text.size("encoder_hidden_size", default=measures(v).width)
    layer = Layer(bert_like(text, cross=wide), (kv_cache(text), kv_cache(text)._replace(kind="cross")))
    places = table(
        "text_decoder.bert.embeddings.position_embeddings", text.size("max_position_embeddings"), text.hidden
    )
    turned = (
        *chain("transform.dense", text.hidden, text.hidden),
        norm("transform.LayerNorm", text.hidden, bias=True),
    )
    outside = (
        *placed("", "embedding", [places]),
        *placed("text_decoder.cls.predictions", "head", turned),
        *placed("vision_model", "vision", tower_of(v)),
    )
    found = decoder(text, [layer] * text.layers, outside=outside, norm_bias=True, head_bias=True)
    return found._replace(model_type=c.model_type)


def _deepseek_ocr2(c: ModelConfig) -> Architecture:
    """SAM, then a small Qwen2 that turns its features into the tokens of learnt queries (DeepSeek-OCR 2)."""
    found = text_model(c)
    v = c.part("vision_config")
    fine, coarse = v.part("sam_config"), v.part("encoder_config")
    m = measures(coarse)
    keys = coarse.size("num_key_value_heads", default=m.heads) * m.head_dim
    tower = (
        *within("sam_encoder", tower_of(fine)),
        *within(
            "vision_encoder",
            blocks(
                m, at="layers.*", names=O_PROJ, keys=keys, out_bias=False,
                mlp=GATED, mlp_bias=False, norm_bias=False,
            ),
        ),
        norm("vision_encoder.norm", m.width),
        table("query_resolutions", 144 + 256, m.width),
    )  # fmt: skip
    projection = (*chain("layers", m.width, found.hidden), vector("view_separator", "", found.hidden))
    more = (
        *placed("model.vision_tower", "vision", tower),
        *placed("model.multi_modal_projector", "projector", projection),
    )
    return found._replace(model_type=c.model_type, outside=(*found.outside, *more))


def _evolla(c: ModelConfig) -> Architecture:
    """Evolla reads proteins: an ESM encoder, a resampler, and layers of Llama some of which attend to it."""
    protein = c.part("protein_encoder_config")
    m, wide = measures(protein), c.hidden
    every = max(c.layers // max(c.count("aligner_num_add_layers"), 1), 1)
    inner, bias = wide * c.size("aligner_ffn_mult"), c.flag("aligner_enable_bias")
    adapter = (
        *chain("adapter.query", wide, wide),
        *chain("adapter.key_protein", wide, wide),
        *chain("adapter.value_protein", wide, wide),
        *chain("adapter.out_proj", wide, wide, bias=bias),
        norm("adapter.attention_norm", wide),
        norm("adapter.ff.norm", wide, bias=True),
        *chain("adapter.ff.fc1 adapter.ff.fc2", wide, inner, wide, bias=False),
        vector("adapter.gates", "", 2),
    )
    crossing = tuple(weight._replace(part="cross attention") for weight in adapter)
    own = (
        *attention(c, bias=c.flag("attention_bias")),
        *gated_mlp(c, bias=c.flag("mlp_bias")),
        *block_norms(c),
    )
    layers = [
        Layer((*own, *crossing) if (index + 1) % every == 0 else own, (kv_cache(c),))
        for index in range(c.layers)
    ]
    encoder = (
        table("embeddings.word_embeddings", protein.size("vocab_size"), m.width),
        *blocks(m, at="encoder.layer.*", attention="attention.", mlp=("intermediate.dense", "output.dense")),
        norm("encoder.emb_layer_norm_after", m.width, bias=True),
    )
    heads = c.size("resampler_heads") * c.size("resampler_dim_head")
    resampled = m.width * c.size("resampler_ff_mult")
    layer = (
        norm("norm_media", m.width, bias=True),
        norm("norm_latents", m.width, bias=True),
        *chain("to_q", m.width, heads, bias=False),
        *chain("to_kv", m.width, 2 * heads, bias=False),
        *chain("to_out", heads, m.width, bias=False),
        norm("ff.norm", m.width, bias=True),
        *chain("ff.fc1 ff.fc2", m.width, resampled, m.width, bias=False),
    )
    resampler = (
        table("latents", c.size("resampler_num_latents"), m.width),
        *within("layers.*", layer, min(c.size("resampler_depth"), 100)),
        *chain("protein_projector", m.width, wide),
        norm("norm", wide, bias=True),
    )
    outside = (
        *placed("model.protein_encoder.model", "encoder", encoder),
        *placed("model.protein_encoder.sequence_compressor_resampler", "projector", resampler),
    )
    return decoder(c, layers, outside=outside, tied=False)


_GEMMA4_EYES = Sense(
    projector=between.gemma4, projector_at="embed_vision", optional=True, usual="gemma4_vision"
)
TYPES: Mapping[str, Reader] = {
    "apertus1p5": joined(
        Sense(at="vision_tokenizer"), Sense("audio_config", "audio", "audio_tokenizer")
    ),
    "blip": _blip,
    "chameleon": _chameleon,
    "deepseek_ocr2": _deepseek_ocr2,
    "diffusion_gemma": joined(_GEMMA4_EYES, extra=_diffusion_gemma),
    "emu3": joined(Sense("vq_config", at="vqmodel")),
    "evolla": _evolla,
    "fuyu": joined(extra=_fuyu),
    "gemma4_unified": joined(extra=_gemma4_unified),
    "git": _git,
    "granite4_vision": joined(Sense(projector=resamplers.granite4, projector_at="")),
    "idefics": _idefics,
    "janus": _janus,
    "pi0": _pi0,
}  # fmt: skip
"""`model_type` → its reader."""
