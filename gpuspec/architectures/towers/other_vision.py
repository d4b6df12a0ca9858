"""Vision towers that are more than one stack of like layers.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import (
    GATED,
    O_PROJ,
    PLAIN,
    blocks,
    chain,
    kernel,
    measures,
    patches,
    pixels,
    side,
    table,
    within,
)
from gpuspec.architectures.towers.vision import Tower, grouped


def _llama4(c: ModelConfig) -> tuple[Weight, ...]:
    m = measures(c)
    into, out = c.size("projector_input_dim"), c.size("projector_output_dim")
    adapter = (*chain("mlp.fc1", m.inner, into, bias=False), *chain("mlp.fc2", out, out, bias=False))
    return (
        *chain("patch_embedding.linear", pixels(c), m.width, bias=False),
        vector("class_embedding", "", m.width),
        table("positional_embedding_vlm", patches(c) + 1, m.width),
        norm("layernorm_pre", m.width, bias=True),
        norm("layernorm_post", m.width, bias=True),
        *blocks(m, at="model.layers.*", names=O_PROJ),
        *within("vision_adapter", adapter),
    )


def _mllama(c: ModelConfig) -> tuple[Weight, ...]:
    """Local layers, then global ones with gates; positions for each tile and aspect ratio."""
    m, tiles = measures(c), c.size("max_num_tiles")
    stated = c.raw("supported_aspect_ratios")
    ratios = (len(stated) if isinstance(stated, (list, tuple)) else 0) or c.size(
        "max_aspect_ratio_id", default=8
    )
    places, shapes = patches(c) + 1, ratios + 1
    gated = table("gated_positional_embedding.tile_embedding", shapes, tiles * places * m.width)
    return (
        kernel("patch_embedding", pixels(c), m.width, 1, bias=False),
        vector("class_embedding", "", m.width),
        vector("gates", "", 3),
        table("gated_positional_embedding.embedding", places, m.width),
        gated,
        table("pre_tile_positional_embedding.embedding", shapes, tiles * m.width),
        table("post_tile_positional_embedding.embedding", shapes, tiles * m.width),
        norm("layernorm_pre", m.width, bias=True),
        norm("layernorm_post", m.width, bias=True),
        *blocks(m, at="transformer.layers.*", names=O_PROJ, bias=False),
        *blocks(
            m,
            at="global_transformer.layers.*",
            number=c.count("num_global_layers"),
            names=O_PROJ,
            bias=False,
            others=2,
        ),
    )


def _glm4v(c: ModelConfig) -> tuple[Weight, ...]:
    """Source: Glm4vVisionModel: the layers are `out_hidden_size` wide inside, the merger `intermediate_size`."""
    m, out = measures(c), c.size("out_hidden_size")
    return (
        table("embeddings.position_embedding", patches(c), m.width),
        norm("post_conv_layernorm", m.width),
        *_glm_around(c, inner=m.inner),
        *blocks(
            m._replace(inner=out), at="blocks.*", attention="attn.", names=("qkv", "proj"), mlp=GATED,
            bias=c.flag("attention_bias"), out_bias=False, mlp_bias=False, norm_bias=False,
        ),
    )  # fmt: skip


def _glm_ocr(c: ModelConfig) -> tuple[Weight, ...]:
    m, bias = measures(c), c.flag("attention_bias")
    inner = c.count("projection_intermediate_size") or c.size("in_channels", default=3) * c.size(
        "out_hidden_size"
    )
    return (
        *_glm_around(c, inner=inner),
        *blocks(
            m, at="blocks.*", attention="attn.", names=("qkv", "proj"), mlp=GATED, bias=bias, mlp_bias=bias,
            norm_bias=False, qk_norm=2 * m.head_dim,
        ),
    )  # fmt: skip


def _glm_around(c: ModelConfig, *, inner: int) -> tuple[Weight, ...]:
    m, out = measures(c), c.size("out_hidden_size")
    frames, merge = c.size("temporal_patch_size", default=1), c.size("spatial_merge_size") ** 2
    return (
        kernel("patch_embed.proj", pixels(c) * frames, m.width, 1),
        kernel("downsample", m.width, out, merge),
        norm("post_layernorm", m.width),
        norm("merger.post_projection_norm", out, bias=True),
        *chain("merger.proj", out, out, bias=False),
        *chain("merger.gate_proj merger.down_proj", out, inner, out, bias=False),
        *chain("merger.up_proj", out, inner, bias=False),
    )


def _gemma4(c: ModelConfig) -> tuple[Weight, ...]:
    m = measures(c)
    return (
        *chain("patch_embedder.input_proj", pixels(c), m.width, bias=False),
        table("patch_embedder.position_embedding_table", 2 * c.size("position_embedding_size"), m.width),
        *blocks(
            m, names=O_PROJ, **grouped(c, m), bias=c.flag("attention_bias"), mlp=GATED,
            mlp_bias=False, norms=4, norm_bias=False, qk_norm=2 * m.head_dim,
        ),
    )  # fmt: skip


def _radio(c: ModelConfig) -> tuple[Weight, ...]:
    """Source: RadioModel: positions for the largest image, class and register tokens, an embedding of frames."""
    m = measures(c)
    tokens = c.count("num_cls_tokens") + c.count("num_registers")
    largest = c.size("max_img_size") // side(c, "patch_size")
    video = c.size("video_temporal_patch_size", default=1)
    gated = c.flag("use_swiglu_ffn")
    inner = (int(m.width * c.number("mlp_ratio", 4.0) * 2 / 3) + 7) // 8 * 8 if gated else m.inner
    return (
        *chain("embeddings.patch_projection", pixels(c), m.width, bias=False),
        *(chain("embeddings.video_patch_projection", pixels(c) * video, m.width, bias=False) if video > 1 else ()),
        table("embeddings.position_embedding", max(largest, 1) ** 2, m.width),
        table("embeddings.cls_register_token", max(tokens, 1), m.width),
        *blocks(
            m._replace(inner=inner), at="encoder.layer.*", attention="attention.", names=O_PROJ,
            bias=c.flag("qkv_bias", default=True), out_bias=True, mlp=GATED if gated else PLAIN,
            others=2 * m.width,
        ),
    )  # fmt: skip


def _lfm3(c: ModelConfig) -> tuple[Weight, ...]:
    """Convolutions in most layers, attention in some, a gated block in all."""
    m = measures(c)
    kinds = c.texts("layer_types")
    attending = sum("attention" in kind for kind in kinds) if kinds else 6
    keys = c.size("num_key_value_heads", default=m.heads) * m.head_dim
    whole = blocks(
        m, at="layers.*", names=O_PROJ, keys=keys, bias=False, norm_bias=False, mlp_bias=False,
        mlp=("feed_forward.w1", "feed_forward.w3", "feed_forward.w2"), qk_norm=2 * m.head_dim,
    )  # fmt: skip
    convolution = (
        *chain("conv.in_proj", m.width, 3 * m.width, bias=False),
        vector("conv.spatial_conv", "", m.width * c.size("conv_kernel_size", default=3) ** 2),
        *chain("conv.out_proj", m.width, m.width, bias=False),
    )
    frames = c.size("temporal_patch_size", default=1)
    return (
        *chain("patch_embed", pixels(c) * frames, m.width, bias=False),
        norm("embedding_norm", m.width),
        *(
            each._replace(copies=attending) if ".self_attn." in each.module else each
            for each in whole
            if attending or ".self_attn." not in each.module
        ),
        *within("layers.*", convolution, max(m.layers - attending, 0)),
    )


_DOTS3_EXPERTS = (*[0] * 25, *range(4, 65, 4), 64)
"""Experts of each layer where a config names none. Source: transformers 5.24, Dots3NoteVisionConfig.__post_init__."""


def _dots3_experts(c: ModelConfig, layers: int) -> list[int]:
    """Experts of each layer of dots3's tower; those with none are dense."""
    kinds, exceptions = c.texts("mlp_layer_types"), c.raw("per_layer_config")
    stated = c.raw("pyramid_num_routed") or (None if kinds else _DOTS3_EXPERTS)
    if isinstance(stated, (list, tuple)):
        return [number if type(number) is int and number < 10_000 else 0 for number in stated[:layers]]
    usual, found = c.size("num_local_experts"), []
    for index in range(layers):
        said = exceptions.get(str(index)) if isinstance(exceptions, dict) else None
        own = said.get("num_local_experts") if isinstance(said, dict) else None
        sparse = index >= len(kinds) or kinds[index] == "sparse"
        found.append((own if type(own) is int and 0 < own < 10_000 else usual) if sparse else 0)
    return found


def _dots3(c: ModelConfig) -> tuple[Weight, ...]:
    """A tower whose later layers are mixtures, with more experts the later they are."""
    m, width = measures(c), c.size("moe_intermediate_size")
    numbers = [number for number in _dots3_experts(c, m.layers) if number > 0]
    whole = blocks(
        m, at="blocks.*", attention="attn.", names=("qkv", "proj"), bias=c.flag("attention_bias"), mlp=GATED,
        mlp_bias=c.flag("mlp_bias"), norm_bias=False, qk_norm=2 * m.head_dim,
    )  # fmt: skip
    expert = (
        *chain("gate_proj down_proj", m.width, width, m.width, bias=False),
        *chain("up_proj", m.width, width, bias=False),
    )
    plain, out = m.layers - len(numbers), c.size("adapter_out_dim")
    wide = c.size("adapter_in_dim") * c.size("adapter_merge_size") ** 2
    return (
        kernel("patch_embed.proj", pixels(c), m.width, 1),
        norm("patch_embed.norm", m.width),
        norm("norm", m.width),
        *(
            each._replace(copies=plain) if ".mlp." in each.module else each
            for each in whole
            if plain or ".mlp." not in each.module
        ),
        *within("blocks.*.mlp.experts.*", expert, sum(numbers)),
        vector("blocks.*.mlp.gate", "", max(sum(numbers), 1) * m.width),
        norm("merger.ln_q", c.size("adapter_in_dim"), bias=True),
        *chain("merger.mlp.0 merger.mlp.2", wide, wide, out),
    )


def _pix2struct(c: ModelConfig) -> tuple[Weight, ...]:
    """Patches with a row and a column each (Pix2Struct, Kosmos-2.5)."""
    m = measures(c)
    places = c.size("max_num_patches", "seq_len")
    inside = c.count("d_kv", "head_dim") or m.head_dim
    return (
        *chain("embeddings.patch_projection", c.size("patch_embed_hidden_size"), m.width),
        table("embeddings.row_embedder", places, m.width),
        table("embeddings.column_embedder", places, m.width),
        *blocks(
            m, at="encoder.layer.*", attention="attention.", names=("query", "key", "value", "output"),
            query=m.heads * inside, bias=False, mlp=("mlp.wi_0", "mlp.wi_1", "mlp.wo"), mlp_bias=False,
            norm_bias=False,
        ),
        norm("layernorm", m.width),
    )  # fmt: skip


def _florence(c: ModelConfig) -> tuple[Weight, ...]:
    """DaViT: stages of blocks that attend over windows and then over channels."""
    widths, depths = c.numbers("embed_dim"), c.numbers("depths")
    sizes, normed = c.numbers("patch_size"), c.raw("patch_prenorm")
    first = normed if isinstance(normed, (list, tuple)) else ()
    found: list[Weight] = []
    before = c.size("in_channels", default=3)
    for stage, (width, depth, size) in enumerate(zip(widths, depths, sizes, strict=False)):
        half = (
            kernel("conv1", 1, width, 9),
            kernel("conv2", 1, width, 9),
            norm("norm1", width, bias=True),
            norm("norm2", width, bias=True),
            *chain("attn.qkv", width, 3 * width, bias=c.flag("qkv_bias", default=True)),
            *chain("attn.proj", width, width),
            *chain("ffn.fc1 ffn.fc2", width, int(width * c.number("mlp_ratio", 4.0)), width),
        )
        prenorm = stage < len(first) and bool(first[stage])
        found.append(kernel(f"convs.{stage}.conv", before, width, size**2))
        found.append(norm(f"convs.{stage}.norm", before if prenorm else width, bias=True))
        found += within(f"blocks.{stage}.*", half, 2 * depth)
        before = width
    return tuple(found)


def _ladder(c: ModelConfig) -> list[tuple[int, int, int, int]]:
    """Inkling's plan of (frames, side, side, channels): from a pixel to the whole patch, by prime factors.

    Source: transformers 5.24.0, `plan_out_scales`."""
    side_now, frames = 1, 1
    ladder = [(1, 1, 1, c.size("num_channels", default=3))]
    channels = ladder[0][3]
    for factor in _prime_factors(side(c, "patch_size")):
        side_now *= factor
        ladder.append((1, side_now, side_now, -(-(side_now**2 * channels) // 64) * 64))
    for factor in _prime_factors(c.size("temporal_patch_size", default=1)):
        frames *= factor
        ladder.append((frames, side_now, side_now, side_now**2 * channels * frames * 64))
    return ladder


def _prime_factors(number: int) -> list[int]:
    """Largest first."""
    if number > 10_000:
        raise Unsaid(f"its config says patches of {number:,}")
    found, factor = [], 2
    while number > 1:
        while number % factor == 0:
            found.append(factor)
            number //= factor
        factor += 1
    return found[::-1]


def _inkling(c: ModelConfig) -> tuple[Weight, ...]:
    """Linear layers that each fold neighbours into channels."""
    ladder, layers = _ladder(c), measures(c, layers=c.size("n_layers", "num_hidden_layers")).layers
    wholes = [math.log(t * h * w) for t, h, w, _ in ladder]
    total = math.log(side(c, "patch_size") ** 2 * c.size("temporal_patch_size", default=1) * ladder[0][3])
    ideals = [total * step / layers for step in range(layers + 1)]
    if layers < len(ladder):
        raise Unsaid("gpuspec does not know Inkling's tower with fewer layers than steps of its patches")
    chosen = [min(range(len(ladder)), key=lambda at: abs(ideal - wholes[at])) for ideal in ideals]
    chosen[0], chosen[-1] = 0, len(ladder) - 1
    out = c.size("text_hidden_size")
    found = [norm("final_norm", out)]
    for index, (low, high) in enumerate(pairwise(chosen)):
        start, end = ladder[low], ladder[high]
        folded = (end[0] // start[0]) * (end[1] // start[1]) * (end[2] // start[2])
        last = index == layers - 1
        width = out if last else end[3]
        found += chain(f"encoder_layers.{index}.projection", start[3] * max(folded, 1), width, bias=False)
        if not last:
            found.append(norm(f"encoder_layers.{index}.layer_norm", width))
    return tuple(found)


# MobileNetV5, the eyes of Gemma 3n, is a timm model: its config says its name alone.
_TIMM = {"mobilenetv5_300m_enc": 294_126_912}
"""Parameters by `architecture`. Source: timm 1.0.31, `timm.create_model(name, num_classes=0)` on the meta device."""


def _timm(c: ModelConfig) -> tuple[Weight, ...]:
    name = c.text("architecture")
    if name not in _TIMM:
        raise Unsaid(f"gpuspec does not know the timm model {name!r} that is its vision tower")
    return (vector("timm_model", "", _TIMM[name]),)


TOWERS: Mapping[str, Tower] = {
    "gemma3n_vision": _timm,
    "inkling_vision": _inkling,
    "llama4_vision_model": _llama4,
    "mllama_vision_model": _mllama,
    "glm4v_vision": _glm4v,
    "glm4v_moe_vision": _glm4v,
    "glm_ocr_vision": _glm_ocr,
    "glm5_next_vision": _glm_ocr,
    "gemma4_vision": _gemma4,
    "radio": _radio,
    "lfm3_vl_vision": _lfm3,
    "dots3_note_vision_encoder": _dots3,
    "pix2struct_vision_model": _pix2struct,
    "kosmos_2_5_vision_model": _pix2struct,
    "florence_vision": _florence,
}
"""`model_type` of a tower's config → what reads it."""
