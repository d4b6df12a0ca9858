"""Vision towers that are more than one stack of like layers.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import (
    GATED,
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
from gpuspec.architectures.towers.vision import Tower, clip

_O = ("q_proj", "k_proj", "v_proj", "o_proj")


def _llama4(c: Config) -> tuple[Weight, ...]:
    m = measures(c)
    into, out = c.size("projector_input_dim"), c.size("projector_output_dim")
    adapter = (*chain("mlp.fc1", m.inner, into, bias=False), *chain("mlp.fc2", out, out, bias=False))
    return (
        *chain("patch_embedding.linear", pixels(c), m.width, bias=False),
        vector("class_embedding", "", m.width),
        table("positional_embedding_vlm", patches(c) + 1, m.width),
        norm("layernorm_pre", m.width, bias=True),
        norm("layernorm_post", m.width, bias=True),
        *blocks(m, at="model.layers.*", names=_O),
        *within("vision_adapter", adapter),
    )


def _mllama(c: Config) -> tuple[Weight, ...]:
    """Local layers, then global ones with gates; positions for each tile and aspect ratio."""
    m, tiles = measures(c), c.size("max_num_tiles")
    ratios = len(c.raw("supported_aspect_ratios") or ()) or c.size("max_aspect_ratio_id", default=8)
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
        *blocks(m, at="transformer.layers.*", names=_O, bias=False),
        *blocks(
            m,
            at="global_transformer.layers.*",
            number=c.count("num_global_layers"),
            names=_O,
            bias=False,
            others=2,
        ),
    )


def _glm4v(c: Config) -> tuple[Weight, ...]:
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


def _glm_ocr(c: Config) -> tuple[Weight, ...]:
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


def _glm_around(c: Config, *, inner: int) -> tuple[Weight, ...]:
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


def _gemma4(c: Config) -> tuple[Weight, ...]:
    m = measures(c)
    keys = c.size("num_key_value_heads", default=m.heads) * m.head_dim
    return (
        *chain("patch_embedder.input_proj", pixels(c), m.width, bias=False),
        table("patch_embedder.position_embedding_table", 2 * c.size("position_embedding_size"), m.width),
        *blocks(
            m, names=_O, query=m.heads * m.head_dim, keys=keys, bias=c.flag("attention_bias"), mlp=GATED,
            mlp_bias=False, norms=4, norm_bias=False, qk_norm=2 * m.head_dim,
        ),
    )  # fmt: skip


def sam(c: Config) -> tuple[Weight, ...]:
    """The image encoder of Segment Anything: relative positions in each layer, over a window or the whole image."""
    m, out = measures(c), c.size("output_channels")
    grid = side(c, "image_size") // side(c, "patch_size")
    everywhere = sum(index < m.layers for index in set(c.numbers("global_attn_indexes")))
    windowed = m.layers - everywhere
    positions = 2 * m.head_dim
    relative = [(everywhere, 2 * grid - 1), (windowed, 2 * c.size("window_size") - 1)]
    return (
        kernel("patch_embed.projection", pixels(c), m.width, 1),
        *([table("pos_embed", grid**2, m.width)] if c.flag("use_abs_pos", default=True) else ()),
        *blocks(
            m, at="layers.*", attention="attn.", names=("qkv", "proj"), bias=c.flag("qkv_bias", default=True),
            out_bias=True, mlp=("mlp.lin1", "mlp.lin2"),
        ),
        *(
            table("layers.*.attn.rel_pos", rows, positions)._replace(copies=number)
            for number, rows in relative
            if number and rows > 0 and c.flag("use_rel_pos", default=True)
        ),
        *_sam_neck(m.width, out, at="neck"),
    )  # fmt: skip


def _sam_neck(width: int, out: int, *, at: str) -> tuple[Weight, ...]:
    norms = (norm("layer_norm1", out, bias=True), norm("layer_norm2", out, bias=True))
    convolutions = (kernel("conv1", width, out, 1, bias=False), kernel("conv2", out, out, 9, bias=False))
    return within(at, (*convolutions, *norms))


def _downsampling(c: Config) -> tuple[Weight, ...]:
    """The two convolutions behind SAM in DeepSeek's OCR models and what was built after them."""
    usual = (512, 896 if c.model_type == "deepseek_ocr2_sam_vision_model" else 1024)
    stated = c.numbers("downsample_channels")
    first, second = stated[:2] if len(stated) > 1 else usual
    return (
        kernel("proj.conv1", c.size("output_channels"), first, 9, bias=False),
        kernel("proj.conv2", first, second, 9, bias=False),
    )


def _unlimited_ocr(c: Config) -> tuple[Weight, ...]:
    """SAM, whose output takes the place of the patches of a CLIP."""
    fine, coarse = c.inner("sam_config"), c.inner("encoder_config")
    found: tuple[Weight, ...] = ()
    if fine is not None:
        found = within("sam_encoder", (*sam(fine), *_downsampling(fine)))
    if coarse is not None:
        left_out = ("embeddings.patch_embedding", "post_layernorm")
        found += within("vision_encoder", (each for each in clip(coarse) if each.module not in left_out))
    return found


def sam_downsampled(c: Config) -> tuple[Weight, ...]:
    """SAM, and the two convolutions behind it."""
    return (*sam(c), *_downsampling(c))


def _high_resolution(c: Config) -> tuple[Weight, ...]:
    """SAM with a second neck, as DeepSeek-VL's hybrid models put it beside SigLIP."""
    out = c.size("output_channels")
    return (
        *within("vision_encoder", sam(c)),
        *_sam_neck(measures(c).width, out, at="high_res_vision_neck"),
        *within(
            "high_res_vision_proj",
            (kernel("conv1", out, 2 * out, 9, bias=False), kernel("conv2", 2 * out, 4 * out, 9, bias=False)),
        ),
        vector("high_res_vision_alpha", "", 1),
    )


def _radio(c: Config) -> tuple[Weight, ...]:
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
            m._replace(inner=inner), at="encoder.layer.*", attention="attention.", names=_O,
            bias=c.flag("qkv_bias", default=True), out_bias=True, mlp=GATED if gated else ("mlp.fc1", "mlp.fc2"),
            others=2 * m.width,
        ),
    )  # fmt: skip


def _lfm3(c: Config) -> tuple[Weight, ...]:
    """Convolutions in most layers, attention in some, a gated block in all."""
    m = measures(c)
    kinds = c.texts("layer_types")
    attending = sum("attention" in kind for kind in kinds) if kinds else 6
    keys = c.size("num_key_value_heads", default=m.heads) * m.head_dim
    whole = blocks(
        m, at="layers.*", names=_O, keys=keys, bias=False, norm_bias=False, mlp_bias=False,
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


def _dots3(c: Config) -> tuple[Weight, ...]:
    """A tower whose later layers are mixtures, with more experts the later they are."""
    m = measures(c)
    kinds, experts, exceptions = (
        c.texts("mlp_layer_types"),
        c.size("num_local_experts"),
        c.raw("per_layer_config"),
    )
    width = c.size("moe_intermediate_size")
    numbers = []
    for index in range(m.layers):
        if index >= len(kinds) or kinds[index] == "sparse":
            said = exceptions.get(str(index)) if isinstance(exceptions, dict) else None
            own = said.get("num_local_experts") if isinstance(said, dict) else None
            numbers.append(own if type(own) is int and 0 < own < 10_000 else experts)
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


def _pix2struct(c: Config) -> tuple[Weight, ...]:
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


def _florence(c: Config) -> tuple[Weight, ...]:
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


def _formulanet(c: Config) -> tuple[Weight, ...]:
    into, middle, out = (c.size(f"post_conv_{each}_channels") for each in ("in", "mid", "out"))
    return (
        *sam(c),
        kernel("multi_modal_projector.conv1", into, middle, 9, bias=False),
        kernel("multi_modal_projector.conv2", middle, out, 9, bias=False),
        *within("multi_modal_projector", chain("linear_1 linear_2", out, out, c.size("decoder_hidden_size"))),
    )


TOWERS: Mapping[str, Tower] = {
    "llama4_vision_model": _llama4,
    "mllama_vision_model": _mllama,
    "glm4v_vision": _glm4v,
    "glm4v_moe_vision": _glm4v,
    "glm_ocr_vision": _glm_ocr,
    "glm5_next_vision": _glm_ocr,
    "gemma4_vision": _gemma4,
    "got_ocr2_vision": sam,
    "pp_chart2table_vision": sam,
    "sam_vision_model": _high_resolution,
    "pp_formulanet_vision": _formulanet,
    "deepseek_ocr2_sam_vision_model": sam_downsampled,
    "unlimited_ocr_vision": _unlimited_ocr,
    "radio": _radio,
    "lfm3_vl_vision": _lfm3,
    "dots3_note_vision_encoder": _dots3,
    "pix2struct_vision_model": _pix2struct,
    "kosmos_2_5_vision_model": _pix2struct,
    "florence_vision": _florence,
}
"""`model_type` of a tower's config → what reads it."""
