"""Vision towers: transformers over patches of an image. Each is a row of traits.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import (
    GATED,
    O_PROJ,
    Measures,
    area,
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

Tower = Callable[[ModelConfig], tuple[Weight, ...]]
"""From a tower's config to its weights, modules named from the tower on."""
Traits = Callable[[ModelConfig, Measures], dict[str, Any]]


def vit(
    *,
    patch: str = "embeddings.patch_embedding",
    patch_bias: bool = True,
    frames: bool = False,
    positions: Callable[[ModelConfig], int] | None = None,
    first: bool = False,
    norms: tuple[str, ...] = ("post_layernorm",),
    norm_bias: bool = True,
    traits: Traits | None = None,
    head: Callable[[ModelConfig, Measures], tuple[Weight, ...]] | None = None,
    **layer: Any,
) -> Tower:
    """A reader of vision transformers. `patch`: the module of the patch embedding; `frames`: its patches span
    several frames of a video; `positions`: how many are learnt; `first`: a class token is in front; `norms`: those
    around the layers; `traits`: those of `layer` (see `blocks`) that the config decides; `head`: what is added."""

    def read(c: ModelConfig) -> tuple[Weight, ...]:
        m = measures(c)
        depth = c.size("temporal_patch_size", "patch_temporal", default=1) if frames else 1
        embedding = [kernel(patch, pixels(c) * depth, m.width, 1, bias=patch_bias)]
        if first:
            embedding.append(vector("embeddings.class_embedding", "", m.width))
        if positions is not None:
            embedding.append(table("embeddings.position_embedding", positions(c) + first, m.width))
        return (
            *embedding,
            *(norm(name, m.width, bias=norm_bias) for name in norms),
            *blocks(m, **{"norm_bias": norm_bias, **layer, **(traits(c, m) if traits else {})}),
            *(head(c, m) if head else ()),
        )

    return read


def _attention_pooling(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    if not c.flag("vision_use_head", default=True):
        return ()
    return (
        vector("head.probe", "", m.width),
        *chain("head.attention.in_proj", m.width, 3 * m.width),
        *chain("head.attention.out_proj", m.width, m.width),
        norm("head.layernorm", m.width, bias=True),
        *chain("head.mlp.fc1 head.mlp.fc2", m.width, m.inner, m.width),
    )


def _fixed(name: str) -> Callable[[ModelConfig], int]:
    return lambda c: c.size(name)


def _kimi_positions(c: ModelConfig) -> int:
    return c.size("init_pos_emb_height", "pos_emb_height") * c.size("init_pos_emb_width", "pos_emb_width")


def _qwen3_merger(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    """One merger at the end, and one for each layer whose output goes into the text model too (DeepStack)."""
    wide, out = m.width * c.size("spatial_merge_size") ** 2, c.size("out_hidden_size")
    deep = (norm("norm", wide, bias=True), *chain("linear_fc1 linear_fc2", wide, wide, out))
    return (
        *within(
            "merger",
            (norm("norm", m.width, bias=True), *chain("linear_fc1 linear_fc2", wide, wide, out)),
        ),
        *within("deepstack_merger_list.*", deep, len(c.numbers("deepstack_visual_indexes"))),
    )


def _qwen2_merger(out: str, *, bias: bool) -> Callable[[ModelConfig, Measures], tuple[Weight, ...]]:
    def read(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
        wide = m.width * c.size("spatial_merge_size") ** 2
        return within(
            "merger", (norm("ln_q", m.width, bias=bias), *chain("mlp.0 mlp.2", wide, wide, c.size(out)))
        )

    return read


def _intern(c: ModelConfig, m: Measures) -> dict[str, Any]:
    plain = c.text("norm_type") != "rms_norm"
    return {
        "bias": c.flag("attention_bias", "qkv_bias"),
        "qk_norm": 2 * m.width if c.flag("use_qk_norm", "qk_normalization") else 0,
        "norm_bias": plain,
        "others": 2 * m.width,
    }


def _intern_positions(c: ModelConfig) -> int:
    return patches(c) if c.flag("use_absolute_position_embeddings", default=True) else 0


def _intern_last(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    if c.flag("use_mean_pooling", default=True):
        return ()
    return (norm("layernorm", m.width, bias=True),)


def _janus(c: ModelConfig, m: Measures) -> dict[str, Any]:
    return {
        "bias": c.flag("attention_bias", default=True),
        "out_bias": True,
        "qk_norm": 4 * m.width if c.flag("use_qk_norm") else 0,
    }


def _molmo_positions(c: ModelConfig) -> int:
    return c.size("num_position_embeddings", default=27**2)  # an image of 378 by 378 in patches of 14


def grouped(c: ModelConfig, m: Measures) -> dict[str, Any]:
    """Heads may be wider than the model, and of keys there may be fewer."""
    heads = c.size("num_key_value_heads", default=m.heads)
    return {"query": m.heads * m.head_dim, "keys": heads * m.head_dim}


def _scaled(c: ModelConfig, m: Measures) -> dict[str, Any]:
    return {"others": 2 * m.width}


def _qkv_bias(c: ModelConfig, m: Measures) -> dict[str, Any]:
    return {"bias": c.flag("qkv_bias", default=True)}


def _ovis(c: ModelConfig, m: Measures) -> dict[str, Any]:
    return {"bias": c.flag("qkv_bias"), "mlp_bias": c.flag("mlp_bias")}


def _step(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    return (
        kernel("downsampler1", m.width, 2 * m.width, 9),
        kernel("downsampler2", 2 * m.width, 4 * m.width, 9),
    )


def _ovis_head(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    words = max(c.size("vocab_size") - c.size("num_visual_indicator_tokens", default=5), 1)
    inputs = m.width * c.size("hidden_stride", default=1) ** 2
    return (*chain("head_linear", inputs, words, bias=False), norm("head_norm", words, bias=True))


def _minicpm_merger(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    """Attention inside windows, then a block that joins each window (MiniCPM-V 4.6)."""
    wide = m.width * area(c, "window_kernel_size")
    inside = m._replace(inner=4 * wide)
    attention = blocks(inside, at="vit_merger", number=1, norms=1)[:4]
    return (
        *attention,
        norm("vit_merger.layer_norm1", m.width, bias=True),
        norm("vit_merger.pre_norm", wide, bias=True),
        *chain(
            "vit_merger.linear_1 vit_merger.linear_2", wide, m.inner * area(c, "window_kernel_size"), m.width
        ),
    )


def _docling(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    """Two ways through the connector, coarse and fine, each with mergers for DeepStack (Granite Docling)."""
    out, scale = c.size("out_hidden_size"), c.size("scale_factor")
    deep = len(c.numbers("deepstack_visual_indexes"))
    found = [norm("connector.ln_in", m.width, bias=True), norm("connector.ln_mid", out, bias=True)]
    found += [norm("connector.ln_out", out, bias=True), *chain("connector.mlp_fc2", out, out, bias=False)]
    for way, reach in (("coarse", scale), ("fine", scale // 2)):
        if way == "fine" and not c.flag("use_fine_route", default=True):
            continue
        wide = m.width * max(reach, 1) ** 2
        merger = (norm("layer_norm", wide, bias=True), *chain("linear_1 linear_2", wide, out, out))
        found += chain(f"connector.{way}.projection", wide, out, bias=False)
        found += within(f"connector.{way}.deepstack_mergers.*", merger, deep)
    return tuple(found)


def _hunyuan_positions(c: ModelConfig) -> int:
    return (c.size("max_image_size") // side(c, "patch_size")) ** 2 + 1


def _hunyuan(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    out, merge = c.size("out_hidden_size"), c.size("spatial_merge_size") ** 2
    wide = m.width * merge
    return within(
        "patch_merger",
        (
            vector("image_newline", "", out),
            kernel("proj_conv", m.width, wide, merge),
            *chain("proj_out", wide, out),
            norm("before_rms", m.width),
        ),
    )


def _hunyuan_image(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    text, merge = c.size("text_hidden_size"), c.size("spatial_merge_size") ** 2
    return within(
        "perceive",
        (
            kernel("proj.0", m.width, 2 * m.width, merge),
            kernel("proj.2", 2 * m.width, 4 * m.width, 1),
            *chain("mlp", 4 * m.width, text),
            vector("image_newline", "", 4 * m.width),
            vector("image_begin_end_sep", "", 3 * text),
            norm("before_rms", m.width),
            norm("after_rms", text),
        ),
    )


def _inkling(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    wide, inner = m.width * c.size("spatial_merge_size") ** 2, c.size("projection_hidden_dim")
    names, bias = "merger.linear_1 merger.linear_2", c.flag("projector_bias")
    return chain(names, wide, inner, c.size("text_hidden_size"), bias=bias)


def _pooler(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    return chain("pooler.dense", m.width, c.size("pooler_output_size", default=m.width))


def _distilled(c: ModelConfig, m: Measures) -> tuple[Weight, ...]:
    """DeiT has a second token in front, which learnt from a teacher."""
    return (vector("embeddings.distillation_token", "", m.width), *_pooler(c, m))


siglip = vit(positions=patches)
siglip_with_head = vit(positions=patches, head=_attention_pooling)
siglip2 = vit(positions=_fixed("num_patches"), head=_attention_pooling)
clip = vit(patch_bias=False, first=True, positions=patches, norms=("pre_layrnorm", "post_layernorm"))
pixtral = vit(
    patch="patch_conv", patch_bias=False, norms=("ln_pre",), norm_bias=False, at="transformer.layers.*",
    attention="attention.", names=O_PROJ, bias=False, mlp_bias=False,
    mlp=("feed_forward.gate_proj", "feed_forward.up_proj", "feed_forward.down_proj"),
)  # fmt: skip
_QWEN: dict[str, Any] = {
    "patch": "patch_embed.proj", "frames": True, "at": "blocks.*", "attention": "attn.", "names": ("qkv", "proj"),
}  # fmt: skip
qwen2_vl = vit(**_QWEN, patch_bias=False, norms=(), head=_qwen2_merger("hidden_size", bias=True))
qwen2_5_vl = vit(
    **_QWEN, patch_bias=False, norms=(), norm_bias=False, mlp=GATED, traits=grouped,
    head=_qwen2_merger("out_hidden_size", bias=False),
)  # fmt: skip
qwen3_vl = vit(
    **_QWEN, norms=(), positions=_fixed("num_position_embeddings"), mlp=("mlp.linear_fc1", "mlp.linear_fc2"),
    head=_qwen3_merger,
)  # fmt: skip
intern = vit(
    patch="embeddings.patch_embeddings.projection", first=True, positions=_intern_positions, norms=(),
    at="encoder.layer.*", attention="attention.", names=("q_proj", "k_proj", "v_proj", "projection_layer"),
    out_bias=True, traits=_intern, head=_intern_last,
)  # fmt: skip
_MINICPM = vit(positions=patches, head=_minicpm_merger)
blip = vit(first=True, positions=patches, names=("qkv", "projection"), out_bias=True, traits=_qkv_bias)
kimi = vit(
    patch="patch_embed.proj", positions=_kimi_positions, norms=("final_layernorm",), at="encoder.blocks.*",
    attention="", names=("wqkv", "wo"), mlp=("mlp.fc0", "mlp.fc1"),
)  # fmt: skip
TOWERS: Mapping[str, Tower] = {
    **dict.fromkeys(
        (
            "idefics2_vision", "idefics3_vision", "smolvlm_vision", "paddleocr_vl_vision",
        ),
        siglip,
    ),
    "siglip_vision_model": siglip_with_head,
    "phi4_multimodal_vision": siglip_with_head,
    "siglip2_vision_model": siglip2,
    "cosmos3_edge_vision": vit(positions=_fixed("num_patches")),
    "video_llama_3_vision": vit(),
    **dict.fromkeys(("clip_vision_model", "git_vision_model", "kosmos_2_vision_model", "idefics_vision"), clip),
    **dict.fromkeys(("blip_vision_model", "blip_2_vision_model", "instructblip_vision_model"), blip),
    "instructblipvideo_vision_model": blip,
    "pixtral": pixtral,
    "qwen2_vl_vision": qwen2_vl,
    **dict.fromkeys(
        ("qwen2_5_vl_vision", "qwen2_5_omni_vision_encoder", "exaone4_5_vision"), qwen2_5_vl
    ),
    **dict.fromkeys(
        (
            "qwen3_vl_vision", "qwen3_vl_moe_vision", "qwen3_omni_moe_vision_encoder", "qwen3_5_vision",
            "qwen3_5_moe_vision", "qwen4_exp_vision", "cohere_compass_vision",
        ),
        qwen3_vl,
    ),
    **dict.fromkeys(("internvl_vision", "qianfan_ocr_vision", "intern_vit_6b"), intern),
    "kimi_k25_vision": kimi,
    "moonvit": kimi,
    "interns1_vision": intern,
    **dict.fromkeys(
        ("aimv2", "aimv2_vision_model"),
        vit(
            patch="preprocessor.patchifier.proj", positions=patches,
            norms=("preprocessor.patchifier.norm", "trunk.post_trunk_norm"), norm_bias=False,
            at="trunk.blocks.*", attention="attn.", names=("qkv", "proj"),
            mlp=("mlp.fc1", "mlp.fc3", "mlp.fc2"), traits=_ovis,
        ),
    ),
    "step3_vision_encoder": vit(
        first=True, positions=patches, norms=(), at="transformer.layers.*", names=("qkv_proj", "out_proj"),
        norm_bias=True,
    ),
    "janus_vision_model": vit(
        positions=patches, names=("q_proj", "k_proj", "v_proj", "projection_layer"), traits=_janus
    ),
    "molmo2_vision": vit(
        patch="patch_embedding", positions=_molmo_positions, norms=(), traits=grouped, at="layers.*"
    ),
    "minimax_m3_vl_vision": vit(
        patch="embeddings.proj", patch_bias=False, frames=True, norms=("pre_layrnorm",), at="layers.*"
    ),
    "ernie4_5_vl_moe_vision": vit(
        patch="patch_embed.proj", patch_bias=False, norms=("ln",), at="blocks.*", attention="attn.",
        names=("qkv", "proj"),
    ),
    "step3p5_vision": vit(
        patch_bias=False, positions=patches, norms=("pre_layernorm",), at="layers.*",
        traits=_scaled, head=_step,
    ),
    "ovis2_vision": vit(
        positions=patches, norms=("rms_norm", "embeddings.rms_norm"), norm_bias=False, attention="attention.",
        mlp=("ffn.gate_proj", "ffn.up_proj", "ffn.down_proj"), traits=_ovis, head=_ovis_head,
    ),
    **dict.fromkeys(("minicpmv4_6_vision", "minicpmv4_7_vision", "minicpm_ocr_vision"), _MINICPM),
    "hunyuan_vl_vision": vit(positions=_hunyuan_positions, norms=(), head=_hunyuan_image),
    "granite_docling_vision": vit(positions=patches, head=_docling),
    "hy_v4_vl_vision": vit(positions=_hunyuan_positions, norms=(), head=_hunyuan),
    **dict.fromkeys(
        ("muse_glimmer_vision", "muse_spark_vision"),
        vit(
            patch="patch_embedder.patch_embedding", patch_bias=False, frames=True, positions=_kimi_positions,
            norms=("ln_pre", "ln_post"), at="layers.*", attention="attn.",
            names=("q_proj", "k_proj", "v_proj", "proj"),
        ),
    ),
    "inkling2_vision": vit(
        patch_bias=False, first=True, positions=lambda c: c.size("posemb_grid_size") ** 2,
        norms=("pre_layernorm",), at="layers.*", traits=_scaled, head=_inkling,
    ),
    "vit": vit(first=True, positions=patches, traits=_qkv_bias, out_bias=True, head=_pooler),
    "deit": vit(
        first=True, positions=lambda c: patches(c) + 1, traits=_qkv_bias, out_bias=True, head=_distilled
    ),
}  # fmt: skip
"""`model_type` of a tower's config → what reads it."""
