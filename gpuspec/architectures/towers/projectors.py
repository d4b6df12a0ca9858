"""What stands between a tower and the text model.

Each function takes the config of the whole, that of the tower, and the width of the text model. Source: the classes
of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Callable

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import (
    area,
    chain,
    kernel,
    measures,
    table,
    within,
)

Projector = Callable[[ModelConfig, ModelConfig, int], tuple[Weight, ...]]
_TWO = "linear_1 linear_2"


def seen_layers(c: ModelConfig) -> int:
    """From how many layers of the tower features are taken: `vision_feature_layer` is one, or a list."""
    chosen = c.raw("vision_feature_layer")
    return max(len(chosen), 1) if isinstance(chosen, (list, tuple)) else 1


def nothing(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """The tower itself ends in the width of the text model."""
    return ()


def llava(*, newline: bool = False, normed: bool = False) -> Projector:
    """Two linear layers. `newline`: a vector that ends a row of patches; `normed`: a norm in front (ViP-LLaVA)."""

    def read(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
        wide = measures(v).width * seen_layers(c)
        return (
            *chain(_TWO, wide, text, text, bias=c.flag("multimodal_projector_bias", default=True)),
            *([vector("image_newline", "", text)] if newline else ()),
            *([norm("projector_layernorm", wide, bias=True)] if normed else ()),
        )

    return read


def perceptron(
    names: str,
    *,
    merge: Callable[[ModelConfig, ModelConfig], int] = lambda c, v: 1,
    inner: Callable[[ModelConfig, ModelConfig], int] | None = None,
    wide: Callable[[ModelConfig, ModelConfig], int] | None = None,
    normed: str = "",
    norm_bias: bool = True,
    bias: bool | str = True,
) -> Projector:
    """Linear layers, `names`, after each other.

    `merge`: vectors of the tower that are joined first; `wide`: their width, where not the tower's; `inner`: width
    between the layers ("the text model's" where None); `normed`: "joined" or "single", where the norm stands;
    `bias`: or the field that says so."""

    def read(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
        single = wide(c, v) if wide else measures(v).width
        joined = single * merge(c, v)
        between = [inner(c, v) if inner else text] * (len(names.split()) - 1)
        biased = c.flag(bias, default=True) if isinstance(bias, str) else bias
        norms = {"joined": joined, "single": single}
        return (
            *([norm("norm", norms[normed], bias=norm_bias)] if normed else ()),
            *chain(names, joined, *between, text, bias=biased),
        )

    return read


def squared(name: str) -> Callable[[ModelConfig, ModelConfig], int]:
    """So many vectors as the square of a field, of the whole or of the tower, says."""
    return lambda c, v: said(name)(c, v) ** 2


def shuffled(c: ModelConfig, v: ModelConfig) -> int:
    """Pixel shuffle: as many vectors as `downsample_ratio` leaves out."""
    ratio = c.number("downsample_ratio", 0.5)
    return max(round(1 / ratio), 1) ** 2 if ratio >= 0.01 else 1


def joined_width(c: ModelConfig, v: ModelConfig) -> int:
    """The width of the patches that are joined."""
    return measures(v).width * v.size("spatial_merge_size") ** 2


def said(name: str) -> Callable[[ModelConfig, ModelConfig], int]:
    """What a field of the whole, or else of the tower, says."""
    return lambda c, v: (c if c.raw(name) is not None else v).size(name)


def gemma3(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """One matrix, which is no linear layer of its own, behind a norm."""
    wide = measures(v).width
    return (table("mm_input_projection_weight", wide, text), norm("mm_soft_emb_norm", wide))


def gemma4(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """One linear layer behind a norm without weights."""
    return chain("embedding_projection", v.size("output_proj_dims", "hidden_size"), text, bias=False)


def pixtral(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A norm, a matrix that joins neighbouring patches, two linear layers (Mistral 3)."""
    wide = measures(v).width
    bias = c.flag("multimodal_projector_bias")
    return (
        norm("norm", wide),
        *chain(
            "patch_merger.merging_layer",
            wide * c.size("spatial_merge_size", default=2) ** 2,
            wide,
            bias=False,
        ),
        *chain(_TWO, wide * seen_layers(c), text, text, bias=bias),
    )


def kimi(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A norm, then two linear layers over joined patches (Kimi-K2.5)."""
    wide = measures(v).width
    normed = v.count("mm_hidden_size") or c.size("projection_hidden_size", default=wide)
    joined = wide * area(v, "merge_kernel_size")
    return (norm("pre_norm", normed, bias=True), *chain("proj.0 proj.2", joined, joined, text))


def minicpm(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Blocks that each join a window of patches; the last one ends in the width of the text model."""
    wide, joined = measures(v).width, measures(v).width * area(c, "merge_kernel_size")
    times = min(c.size("merger_times", default=1), 10)
    found: list[Weight] = []
    for each in range(times):
        out = text if each == times - 1 else wide
        found += within(
            f"mlp.{each}", (norm("pre_norm", joined, bias=True), *chain(_TWO, joined, joined, out))
        )
    return tuple(found)


def deepseek_vl_hybrid(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Half of the width from each of two towers (DeepSeek-VL's hybrid models)."""
    fine = c.inner("high_res_vision_config")
    if fine is None:
        return ()
    return (
        *chain("vision_proj", measures(v).width, text // 2),
        *chain("high_res_vision_proj", 4 * fine.size("output_channels"), text // 2),
        *chain("proj", text, text),
    )


def ovis(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A table of visual words, which the tower gives probabilities of (Ovis 2)."""
    return (table("visual_embeddings_table", v.size("vocab_size"), c.size("hidden_size", default=text)),)


def lfm2(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Two linear layers over joined patches, with a norm if `projector_use_layernorm` (LFM2-VL)."""
    joined = measures(v).width * c.size("downsample_factor") ** 2
    normed = c.flag("projector_use_layernorm", default=True)
    bias = c.flag("projector_bias", default=True)
    return (
        *([norm("layer_norm", joined, bias=True)] if normed else ()),
        *chain(_TWO, joined, c.size("projector_hidden_size"), text, bias=bias),
    )


def cohere(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A gated block over joined patches: half of the inner width is the gate (Aya Vision, Command A Vision)."""
    joined = measures(v).width * c.size("downsample_factor") ** 2
    inner = c.size("alignment_intermediate_size", default=text)
    normed = [norm("layernorm", joined, bias=True)] if c.model_type == "aya_vision" else []
    return (*normed, *chain("linear_1", joined, inner), *chain("linear_2", inner // 2, text))


def minimax(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Two linear layers for a patch, two more for the joined ones (MiniMax-M3)."""
    inner = c.size("projector_hidden_size")
    merged = c.count("merged_hidden_size") or text * v.size("spatial_merge_size", default=2) ** 2
    return (
        *chain(_TWO, measures(v).width, inner, text),
        *chain("merge_linear_1 merge_linear_2", merged, inner, text),
    )


def ernie(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Patches joined in space, then in time (ERNIE 4.5 VL)."""
    wide = measures(v).width * v.size("spatial_merge_size") ** 2
    twice = wide * v.size("temporal_merge_size", default=2)
    return (
        *within("spatial_linear", (*chain("fc1 fc2", wide, wide, wide), norm("ln", wide, bias=True))),
        *within("temporal_linear", (*chain("fc1 fc2", twice, wide, wide), norm("ln", wide, bias=True))),
        *chain("mlp", wide, text),
        norm("after_norm", text),
    )


def got(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Two convolutions, to twice the channels of SAM and to the text's width, and a linear layer (GOT-OCR)."""
    out = v.size("output_channels")
    return (
        kernel("conv_upsampler1", out, 2 * out, 9, bias=False),
        kernel("conv_upsampler2", 2 * out, text, 9, bias=False),
        *chain("multimodal_projector", text, text),
    )


def unlimited_ocr(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A linear layer over the features of both encoders, and two learnt vectors."""
    coarse, fine = v.inner("encoder_config"), v.inner("sam_config")
    channels = fine.numbers("downsample_channels") if fine is not None else ()
    wide = (measures(coarse).width if coarse is not None else 1024) + (channels[-1] if channels else 1024)
    return (
        *chain("layers", wide, text),
        vector("view_separator", "", text),
        vector("image_newline", "", text),
    )


def phi4_vision(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Two linear layers and two learnt vectors (Phi-4-multimodal)."""
    wide = measures(v).width
    return (
        vector("global_img_feature_extensor", "", wide),
        vector("sub_img_feature_extensor", "", wide),
        *chain("img_projection_up img_projection_down", wide, text, text),
    )


def phi4_audio(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Two linear layers for speech, and two more for speech beside images (Phi-4-multimodal)."""
    wide = v.size("hidden_size") * v.size("downsample_rate", default=1)
    return (
        *chain("up_proj_for_speech down_proj_for_speech", wide, text, text),
        *chain("up_proj_for_vision_speech down_proj_for_vision_speech", wide, text, text),
    )


def florence(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """A matrix, a norm, and positions for rows and columns (Florence-2)."""
    widths = v.numbers("embed_dim")
    wide, out, places = (
        widths[-1] if widths else text,
        v.size("projection_dim"),
        v.size("max_position_embeddings"),
    )
    return (
        table("image_projection", wide, out),
        norm("image_proj_norm", out, bias=True),
        table("image_position_embed.row_embeddings", places, wide // 2),
        table("image_position_embed.column_embeddings", places, wide - wide // 2),
    )


def muse(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """An adapter over joined patches, and a linear layer."""
    inner = c.size("projector_hidden_size")
    return (
        *chain("vision_adapter.fc1 vision_adapter.fc2", c.size("out_hidden_size"), inner, inner, bias=False),
        *chain("vision_projection", inner, text, bias=False),
    )
