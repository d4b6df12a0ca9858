"""Models that see and write text: which towers each has, and what stands between them and the text model."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.towers import projectors as between
from gpuspec.architectures.towers import resamplers
from gpuspec.architectures.towers.projectors import perceptron, said, shuffled, squared
from gpuspec.architectures.towers.senses import Sense, joined

_TWO = "linear_1 linear_2"
_QWEN = joined(Sense(at="visual"))
"""The tower ends in the width of the text model."""


def sees(
    projector: between.Projector, at: str = "vision_tower", projector_at: str = "multi_modal_projector"
) -> Reader:
    """A reader of models with one vision tower and this projector."""
    return joined(Sense(at=at, projector=projector, projector_at=projector_at))


def _florence(c: ModelConfig) -> Architecture:
    """Florence-2: the head of the whole may be untied; the BART inside has one embedding all the same."""
    found = sees(between.florence)(c)
    again = ("model.encoder.embed_tokens", "model.decoder.embed_tokens")
    return found._replace(outside=tuple(each for each in found.outside if each.module not in again))


_LLAVA_NEXT = sees(between.llava(newline=True))
_SHUFFLED = perceptron(_TWO, merge=shuffled, normed="joined")
_PATCHES_JOINED = squared("spatial_merge_size")
_BLIP = Sense(at="vision_model", projector=resamplers.qformer, projector_at="")

TYPES: Mapping[str, Reader] = {
    **dict.fromkeys(
        (
            "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe", "qwen4_exp", "exaone4_5",
            "glm4v", "glm4v_moe", "glm46v", "glmga", "glm_ocr", "glm5_next", "cosmos3_omni", "cohere_compass",
        ),
        _QWEN,
    ),
    "llava": sees(between.llava()),
    "llava_next": _LLAVA_NEXT,
    "llava_next_video": _LLAVA_NEXT,
    "llava_onevision": _LLAVA_NEXT,
    "video_llava": joined(Sense(projector=between.llava(), times=2)),
    "vipllava": sees(between.llava(normed=True)),
    "gemma3": sees(between.gemma3),
    "shieldgemma2": sees(between.gemma3),
    "paligemma": sees(perceptron("linear")),
    "mistral3": sees(between.pixtral),
    "mistral_large4": sees(between.pixtral),
    "lighton_ocr": sees(between.pixtral, at="vision_encoder", projector_at="vision_projection"),
    "internvl": sees(_SHUFFLED),
    "qianfan_ocr": sees(_SHUFFLED),
    "idefics2": sees(resamplers.idefics2, at="vision_model", projector_at="connector"),
    **dict.fromkeys(
        ("idefics3", "smolvlm"),
        sees(
            perceptron("modality_projection.proj", merge=squared("scale_factor"), bias=False), at="vision_model",
            projector_at="connector",
        ),
    ),
    "mllama": sees(perceptron("linear", wide=said("vision_output_dim")), at="vision_model"),
    "llama4": joined(
        Sense(at="vision_model", projector=perceptron("linear_1", wide=said("vision_output_dim"), bias=False)),
        own_head=True,
    ),
    "kimi_k25": joined(Sense(projector=between.kimi, projector_at="mm_projector", usual="kimi_k25_vision")),
    **dict.fromkeys(("minicpmv4_6", "minicpmv4_7", "minicpm_ocr"), sees(between.minicpm, projector_at="merger")),
    "deepseek_vl": sees(perceptron("linear1 linear2"), at="vision_model", projector_at="aligner"),
    "deepseek_vl_hybrid": joined(
        Sense(at="vision_model", projector=between.deepseek_vl_hybrid, projector_at="aligner"),
        Sense("high_res_vision_config", at="high_res_vision_model"),
    ),
    "unlimited_ocr": sees(between.unlimited_ocr),
    "got_ocr2": sees(between.got),
    "pp_chart2table": sees(between.got),
    "ovis2": sees(between.ovis, projector_at=""),
    "lfm2_vl": sees(between.lfm2),
    "lfm3_vl": sees(
        perceptron(_TWO, merge=_PATCHES_JOINED, inner=said("projector_hidden_size"), normed="single",
                   bias="projector_bias")
    ),
    "cohere2_vision": sees(between.cohere),
    "aya_vision": sees(between.cohere),
    "aria": sees(resamplers.aria),
    "nemotron_h_omni": sees(
        perceptron(_TWO, merge=shuffled, inner=said("projector_hidden_size"), normed="joined", norm_bias=False,
                   bias=False),
        at="vision_model",
    ),
    "step3p7": sees(
        perceptron("linear", merge=lambda c, v: 4, bias="projector_bias"), at="vision_model"
    ),
    "minimax_m3_vl": sees(between.minimax),
    "ernie4_5_vl_moe": sees(between.ernie, projector_at="resampler_model"),
    "molmo2": sees(resamplers.molmo),
    "paddleocr_vl": sees(
        perceptron(_TWO, merge=_PATCHES_JOINED, inner=between.joined_width, normed="single"), at="visual",
        projector_at="mlp_AR",
    ),
    "cosmos3_edge": joined(
        Sense(
            at="visual",
            projector=perceptron("linear_fc1 linear_fc2", merge=_PATCHES_JOINED,
                                 inner=said("projector_hidden_size"), normed="single"),
            projector_at="projector",
        ),
        own_head=True,
    ),
    "video_llama_3": sees(perceptron("readout.0 readout.2"), at="vision_model", projector_at="projector"),
    "hyperclovax_vision_v2": sees(
        perceptron("linear", wide=said("out_hidden_size")), at="vision_model", projector_at="projector"
    ),
    "granite_docling": joined(Sense(at="vision_model")),
    "hy_v4_vl": joined(Sense()),
    "hunyuan_vl": joined(Sense()),
    "inkling2": joined(Sense()),
    "inkling2_loop": joined(Sense()),
    "muse_glimmer": sees(between.muse, projector_at=""),
    "muse_spark": joined(
        Sense(projector=between.muse, projector_at=""), Sense("audio_config", "audio", "audio_tower")
    ),
    "inkling_mm_model": joined(Sense(), Sense("audio_config", "audio", "audio_tower")),
    "dots3_note": joined(Sense(), Sense("audio_config", "audio", "audio_tower")),
    **dict.fromkeys(("blip-2", "instructblip", "instructblipvideo"), joined(_BLIP)),
    **dict.fromkeys(
        ("kosmos-2", "kosmos-2.5"),
        joined(
            Sense(at="vision_model", projector=resamplers.kosmos, projector_at="image_to_text_projection"),
            own_head=True,
        ),
    ),
    "florence2": _florence,
}  # fmt: skip
"""`model_type` → its reader."""
