"""Projectors that attend: learnt queries, or those of a window, to what a tower gives.

Each function takes the config of the whole, that of the tower, and the width of the text model. Source: the classes
of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

import re

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import (
    GATED,
    O_PROJ,
    Measures,
    blocks,
    chain,
    measures,
    table,
    within,
)


def idefics2(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A gated block into the width of the text model, then a perceiver."""
    p, t = c.inner("perceiver_config"), c.inner("text_config")
    if p is None or t is None:
        return ()
    heads, dim = p.size("resampler_n_heads"), p.size("resampler_head_dim")
    keys = p.size("num_key_value_heads") * dim
    m = Measures(p.size("resampler_depth"), text, 4 * text, heads, dim)
    wide, inner = measures(v).width, t.intermediate
    return (
        *chain("modality_projection.gate_proj modality_projection.down_proj", wide, inner, text, bias=False),
        *chain("modality_projection.up_proj", wide, inner, bias=False),
        table("perceiver_resampler.latents", p.size("resampler_n_latents"), text),
        norm("perceiver_resampler.norm", text),
        *blocks(
            m, at="perceiver_resampler.layers.*", names=O_PROJ, query=heads * dim,
            keys=keys, bias=False, mlp=GATED, mlp_bias=False, norms=3, norm_bias=False,
        ),
    )  # fmt: skip


def aria(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Learnt queries that attend to the patches (Aria)."""
    wide = measures(v).width
    most = max(
        (
            n
            for n in (c.raw("projector_patch_to_query_dict") or {}).values()
            if type(n) is int and 0 < n < 10**6
        ),
        default=c.size("max_value_projector_patch_to_query_dict", default=256),
    )
    heads = chain("q_proj k_proj v_proj", wide, wide, wide, wide, bias=False)
    attention = (
        *heads,
        *chain("multihead_attn.in_proj", wide, 3 * wide),
        *chain("multihead_attn.out_proj linear", wide, wide, wide),
        norm("layer_norm", wide, bias=True),
        norm("layer_norm_kv", wide, bias=True),
    )
    return (
        table("query", most, wide),
        *within("cross_attn", attention),
        norm("layer_norm", wide, bias=True),
        *chain("feed_forward.linear_in feed_forward.linear_out", wide, text, text, bias=False),
    )


def molmo(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Attention over the patches of a window, then a gated block (Molmo 2)."""
    a = c.inner("adapter_config")
    if a is None:
        return ()
    m, out = measures(a, layers=1), a.size("text_hidden_size")
    both = m.width * (len(a.numbers("vision_feature_layer", "vit_layers")) or 2)
    keys = a.size("num_key_value_heads", default=m.heads) * m.head_dim
    bias, query = a.flag("attention_bias", default=True), m.heads * m.head_dim
    return (
        *chain("image_pooling_2d.q_proj", both, query, bias=bias),
        *chain("image_pooling_2d.k_proj", both, keys, bias=bias),
        *chain("image_pooling_2d.v_proj", both, keys, bias=bias),
        *chain("image_pooling_2d.o_proj", query, m.width, bias=bias),
        *chain("image_projector.gate_proj image_projector.down_proj", m.width, m.inner, out, bias=False),
        *chain("image_projector.up_proj", m.width, m.inner, bias=False),
    )


def qformer(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Learnt queries that attend to the tower (BLIP-2), and a linear layer."""
    q = c.inner("qformer_config", "projector_config")
    if q is None:
        return ()
    m = measures(q)
    windows = c.count("window_size") // c.size(
        "downsample_rate", default=1
    )  # Granite Speech: queries of a window
    # The classes of BLIP-2 and InstructBLIP set what their Q-Former sees to the tower's width.
    blip = q.model_type.startswith(("blip_2", "instructblip")) and not windows
    return (
        table("query_tokens", windows or c.size("num_query_tokens", default=32), m.width),
        *querying(q, m, seen=measures(v).width if blip else q.size("encoder_hidden_size")),
        *chain("linear", m.width, text),
    )


def querying(q: ModelConfig, m: Measures, *, seen: int) -> tuple[Weight, ...]:
    """The layers of a Q-Former: every second one attends to the tower, whose width is `seen`.

    InstructBLIP's reads the instruction too: it has word embeddings and a second feed-forward block."""
    names, at = (
        ("attention.query", "attention.key", "attention.value", "output.dense"),
        "qformer.encoder.layer.*",
    )
    crossed = len(range(0, m.layers, q.size("cross_attention_frequency", default=2)))
    across = (
        *chain("attention.query", m.width, m.width),
        *chain("attention.key", seen, m.width),
        *chain("attention.value", seen, m.width),
        *chain("output.dense", m.width, m.width),
        norm("output.LayerNorm", m.width, bias=True),
    )
    found = [
        norm("qformer.layernorm", m.width, bias=True),
        *blocks(
            m,
            at=at,
            attention="attention.",
            names=names,
            mlp=("intermediate_query.dense", "output_query.dense"),
        ),
        *within(f"{at}.crossattention", across, crossed),
    ]
    if q.flag("use_qformer_text_input", default=q.model_type.startswith("instructblip")):
        second = (
            norm("output.LayerNorm", m.width, bias=True),
            *chain("intermediate.dense output.dense", m.width, m.inner, m.width),
        )
        found += within(at, second, m.layers)
    if q.model_type.startswith("instructblip"):  # BLIP-2 leaves these to the model that finds images
        found.append(table("qformer.embeddings.word_embeddings", q.size("vocab_size"), m.width))
        places = q.size("max_position_embeddings")
        found.append(table("qformer.embeddings.position_embeddings", places, m.width))
    return tuple(found)


def granite4(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A Q-Former over the windows of each layer of the tower that is looked at, and of each offset of the last."""
    q = c.inner("qformer_config")
    if q is None:
        return ()
    wide = measures(v).width
    layers = q.size("num_hidden_layers", default=1)
    m = Measures(layers, wide, q.size("intermediate_size", default=3072), max(wide // 64, 1), 64)
    written = re.fullmatch(
        r"([0-9]{1,4})/([0-9]{1,4})", c.text("downsample_rate")
    )  # of 8 by 8 patches 4 by 4 queries
    query, window = (int(written[1]), int(written[2])) if written else (4, 8)
    mapped = c.raw("deepstack_layer_map")
    number = 4 + (len(mapped) if isinstance(mapped, (list, tuple)) else 0)  # four offsets of the last layer
    one = (
        table("query", query**2, wide),
        table("image_positions", window**2, wide),
        norm("norm", wide, bias=True),
        *querying(q, m, seen=wide),
        *chain("out_linear", wide, text),
    )
    return (vector("image_newline", "", text), *within("projectors.*", one, number))


def kosmos(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Learnt queries that attend to the patches once (Kosmos-2)."""
    return (
        table("latent_query", c.size("latent_query_num"), text),
        *chain("dense", measures(v).width, text),
        *within("x_attn", chain("k_proj v_proj q_proj out_proj", text, text, text, text, text)),
    )
