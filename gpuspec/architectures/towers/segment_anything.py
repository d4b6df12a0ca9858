"""The image encoder of Segment Anything, and the towers that are built around it.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import blocks, chain, kernel, measures, pixels, side, table, within
from gpuspec.architectures.towers.vision import Tower, clip


def sam(c: ModelConfig) -> tuple[Weight, ...]:
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


def _downsampling(c: ModelConfig) -> tuple[Weight, ...]:
    """The two convolutions behind SAM in DeepSeek's OCR models and what was built after them."""
    usual = (512, 896 if c.model_type == "deepseek_ocr2_sam_vision_model" else 1024)
    stated = c.numbers("downsample_channels")
    first, second = stated[:2] if len(stated) > 1 else usual
    return (
        kernel("proj.conv1", c.size("output_channels"), first, 9, bias=False),
        kernel("proj.conv2", first, second, 9, bias=False),
    )


def _unlimited_ocr(c: ModelConfig) -> tuple[Weight, ...]:
    """SAM, whose output takes the place of the patches of a CLIP."""
    fine, coarse = c.inner("sam_config"), c.inner("encoder_config")
    found: tuple[Weight, ...] = ()
    if fine is not None:
        found = within("sam_encoder", (*sam(fine), *_downsampling(fine)))
    if coarse is not None:
        left_out = ("embeddings.patch_embedding", "post_layernorm")
        found += within("vision_encoder", (each for each in clip(coarse) if each.module not in left_out))
    return found


def sam_downsampled(c: ModelConfig) -> tuple[Weight, ...]:
    """SAM, and the two convolutions behind it."""
    return (*sam(c), *_downsampling(c))


def _high_resolution(c: ModelConfig) -> tuple[Weight, ...]:
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


def _formulanet(c: ModelConfig) -> tuple[Weight, ...]:
    into, middle, out = (c.size(f"post_conv_{each}_channels") for each in ("in", "mid", "out"))
    return (
        *sam(c),
        kernel("multi_modal_projector.conv1", into, middle, 9, bias=False),
        kernel("multi_modal_projector.conv2", middle, out, 9, bias=False),
        *within("multi_modal_projector", chain("linear_1 linear_2", out, out, c.size("decoder_hidden_size"))),
    )


TOWERS: Mapping[str, Tower] = {
    "got_ocr2_vision": sam,
    "pp_chart2table_vision": sam,
    "sam_vision_model": _high_resolution,
    "pp_formulanet_vision": _formulanet,
    "unlimited_ocr_vision": _unlimited_ocr,
    "deepseek_ocr2_sam_vision_model": sam_downsampled,
}
"""`model_type` of a tower's config → what reads it."""
