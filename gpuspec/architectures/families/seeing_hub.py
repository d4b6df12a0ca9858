"""Models that see whose code is on the hub alone: transformers has no class of their `model_type`.

Sources: vLLM 0.33.0's model files (`vllm/model_executor/models`); the elements that the hub counts in their
checkpoints (September 2026)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.parts import Architecture, Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers import projectors as between
from gpuspec.architectures.towers.blocks import blocks, chain, kernel, measures, placed, table, within
from gpuspec.architectures.towers.projectors import perceptron, said, shuffled
from gpuspec.architectures.towers.segment_anything import sam_downsampled
from gpuspec.architectures.towers.senses import Sense, beside, joined, text_model, tower_of
from gpuspec.architectures.towers.vision import clip, siglip

_TWO = "linear_1 linear_2"
_INTERN = perceptron("1 3", merge=shuffled, normed="joined")

CLIP_LARGE = {
    "hidden_size": 1024, "image_size": 336, "intermediate_size": 4096, "num_attention_heads": 16,
    "num_hidden_layers": 24, "patch_size": 14,
}  # fmt: skip
SIGLIP_SO400M = {
    "hidden_size": 1152, "image_size": 384, "intermediate_size": 4304, "num_attention_heads": 16,
    "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": False,
}  # fmt: skip
NAMED = {
    "openai/clip-vit-large-patch14-336": ("clip_vision_model", CLIP_LARGE),
    "openai/clip-vit-large-patch14": ("clip_vision_model", {**CLIP_LARGE, "image_size": 224}),
    "google/siglip-so400m-patch14-384": ("siglip_vision_model", SIGLIP_SO400M),
}
"""Towers that configs only name (`mm_vision_tower` of LLaVA's own code). Source: their config.json on the hub."""


def _llava(c: ModelConfig) -> tuple[tuple[Weight, ...], str]:
    """The tower and projector of LLaVA's own code."""
    name = c.text("mm_vision_tower")
    if name not in NAMED:
        named = f" ({name})" if name else ""
        return (), f"its vision tower{named} is not described in its config, and not counted"
    kind, fields = NAMED[name]
    v = ModelConfig({"model_type": kind, **fields})
    wide = measures(v).width
    layers = "0" if c.text("mm_projector_type") == "linear" else "0 2"
    projection = list(chain(layers, wide, *[c.hidden] * len(layers.split())))
    if "unpad" in c.text("mm_patch_merge_type"):
        projection.append(vector("image_newline", "", c.hidden))
    tower = placed("model.vision_tower", "vision", tower_of(v))
    return (*tower, *placed("model.mm_projector", "projector", projection)), ""


def llava(text: str) -> Reader:
    """A reader of LLaVA's own configs: the fields of the text model, and the name of a tower."""

    def read(c: ModelConfig) -> Architecture:
        return beside(c, text, *_llava(c))

    return read


def _phi3_v(c: ModelConfig) -> Architecture:
    v = ModelConfig({"model_type": "clip_vision_model", **CLIP_LARGE})
    wide = 4 * measures(v).width
    projection = (
        *chain("img_projection.0 img_projection.2", wide, c.hidden, c.hidden),
        vector("glb_GN", "", wide),
        vector("sub_GN", "", wide),
    )
    at = "model.vision_embed_tokens"
    more = (*placed(f"{at}.img_processor", "vision", clip(v)), *placed(at, "projector", projection))
    return beside(c, "phi3", more)


def _phi4mm(c: ModelConfig) -> Architecture:
    """Phi-4-multimodal, whose class in transformers is `phi4_multimodal`. Its LoRA adapters, which vLLM loads only if
    asked to, are not counted."""
    from gpuspec.architectures.families.hearing import TYPES

    own = ("audio_config", "vision_config")
    found = TYPES["phi4_multimodal"](c.read_as("phi4_multimodal", **dict.fromkeys(own)))
    return found._replace(model_type=c.model_type)


_MINICPM_V = {"2.0": "minicpm", "2.5": "llama", "2.6": "qwen2", "4.0": "llama", "4": "llama", "4.5": "qwen3"}
"""`version` → what the text model is built like."""


def _minicpm_v(
    c: ModelConfig, extra: Callable[[ModelConfig], tuple[Weight, ...]] | None = None
) -> Architecture:
    """MiniCPM-V: SigLIP, and a resampler: learnt queries that attend to the patches once. The first two versions do
    not say which they are; vLLM 0.33.0's minicpmv.py tells them apart by their width, too."""
    stated = c.raw("version")
    version = str(stated) if stated is not None else ("2.0" if c.hidden == 2304 else "2.5")
    v = c.inner("vision_config")
    if version not in _MINICPM_V or v is None:
        raise Unsaid(f"gpuspec does not know MiniCPM-V {version[:20]!r}")
    m, wide = measures(v), c.hidden
    if c.flag("drop_vision_last_layer"):
        v = v.read_as(v.model_type, num_hidden_layers=max(m.layers - 1, 1))
    resampler = (
        table("query", c.size("query_num", default=64), wide),
        *(chain("kv_proj", m.width, wide, bias=False) if m.width != wide else ()),
        *chain("attn.in_proj", wide, 3 * wide),
        *chain("attn.out_proj", wide, wide),
        *(norm(name, wide, bias=True) for name in ("ln_q", "ln_kv", "ln_post")),
        table("proj", wide, wide),
    )
    more = (*placed("vpm", "vision", siglip(v)), *placed("resampler", "projector", resampler))
    return beside(c, _MINICPM_V[version], (*more, *(extra(c) if extra else ())))


def _minicpm_o(c: ModelConfig) -> Architecture:
    """MiniCPM-o 2.6: MiniCPM-V 2.6 that hears with Whisper's encoder. What makes it talk is not loaded for text."""
    found = _minicpm_v(c.read_as(c.model_type, version="2.6"), extra=_minicpm_ears)
    return found._replace(model_type=c.model_type)


def _minicpm_ears(c: ModelConfig) -> tuple[Weight, ...]:
    a = c.inner("audio_config")
    if a is None or not c.flag("init_audio", default=True):
        return ()
    a = a.read_as("voxtral_encoder", num_mel_bins=a.size("num_mel_bins", default=80))
    projection = chain("linear1 linear2", max(measures(a).inner // 4, 1), c.hidden, c.hidden)
    return (*placed("apm", "audio", tower_of(a)), *placed("audio_projection_layer", "projector", projection))


def _deepseek_projector(c: ModelConfig, text: int) -> tuple[Weight, ...]:
    p = c.part("projector_config")
    out, into = p.size("n_embed", default=text), p.size("input_dim", default=1152)
    separators = [vector(name, "", out) for name in ("image_newline", "view_seperator")]
    if p.text("projector_type") == "linear":
        return (*chain("projector.layers", into, out), *separators)
    inner, depth = out * p.size("mlp_ratio", default=1), min(p.size("depth", default=2), 20)
    joined_width = into * p.size("downsample_ratio", default=2) ** 2
    names = " ".join(f"projector.layers.{2 * each}" for each in range(depth))
    return (*chain(names, joined_width, *[inner] * (depth - 1), out), *separators)


def _deepseek_vl2(c: ModelConfig) -> Architecture:
    """DeepSeek-VL2, and DeepSeek-OCR, whose config looks the same: SAM and CLIP in the place of SigLIP."""
    t, v = c.part("language_config", "text_config"), c.part("vision_config")
    plain = t.raw("use_mla") is False or (
        not t.count("kv_lora_rank") and t.says("use_mla", "kv_lora_rank", "lm_head")
    )
    kind = "unlimited_ocr_text" if plain else "deepseek_v2"
    # The window is Unlimited-OCR's: the same text model of DeepSeek-OCR has none.
    window = {} if c.model_type == "unlimited-ocr" else {"sliding_window": t.raw("sliding_window")}
    found = text_model(c.read_as(c.model_type, text_config=t.read_as(kind, **window).fields))
    widths = v.inner("width")
    if widths is None:
        layers, width = v.size("layers", default=24), v.size("width", default=1024)
        inner = int(width * v.number("mlp_ratio", 4.0))
        own = v.read_as(
            "siglip_vision_model", hidden_size=width, intermediate_size=inner, num_hidden_layers=layers
        )
        tower = siglip(own)
    else:
        tower = _two_encoders(widths)
    more = (
        *placed("vision", "vision", tower),
        *placed("", "projector", _deepseek_projector(c, found.hidden)),
    )
    return found._replace(model_type=c.model_type, outside=(*found.outside, *more))


def _two_encoders(widths: ModelConfig) -> tuple[Weight, ...]:
    """DeepSeek-OCR: SAM, whose downsampled features a CLIP takes in the place of patches (an OCR 2: a Qwen2)."""
    fine, coarse = widths.part("sam_vit_b"), widths.part("clip-l-14-224")
    first = fine.read_as(
        "unlimited_ocr_sam_vision_model", num_attention_heads=fine.size("heads", default=12),
        hidden_size=fine.size("width"), num_hidden_layers=fine.size("layers"), mlp_dim=4 * fine.size("width"),
    )  # fmt: skip
    second = coarse.read_as(
        "clip_vision_model", hidden_size=coarse.size("width"), num_hidden_layers=coarse.size("layers"),
        intermediate_size=4 * coarse.size("width"), num_attention_heads=coarse.size("heads", default=16),
    )  # fmt: skip
    kept = (each for each in clip(second) if each.module != "post_layernorm")
    return (*within("sam_model", sam_downsampled(first)), *within("vision_model", kept))


def _dots_ocr(c: ModelConfig) -> Architecture:
    """dots.ocr: a tower of Qwen2.5-VL's kind, and Qwen2."""
    v = c.inner("vision_config") or ModelConfig({})
    v = v.read_as(
        "dots_vit", embed_dim=v.size("embed_dim", default=1536),
        num_hidden_layers=v.size("num_hidden_layers", default=42),
        intermediate_size=v.size("intermediate_size", default=4224),
        num_attention_heads=v.size("num_attention_heads", default=12),
    )  # fmt: skip
    m, bias = measures(v), v.flag("use_bias")
    patch = v.size("patch_size", default=14) ** 2 * v.size("num_channels", default=3)
    wide = m.width * v.size("spatial_merge_size", default=2) ** 2
    tower = (
        kernel("patch_embed.patchifier.proj", patch, m.width, 1),
        norm("patch_embed.patchifier.norm", m.width),
        norm("post_trunk_norm", m.width),
        *blocks(
            m, at="blocks.*", attention="attn.", names=("qkv", "proj"), bias=bias,
            mlp=("mlp.fc1", "mlp.fc3", "mlp.fc2"), mlp_bias=bias, norm_bias=False,
        ),
        norm("merger.ln_q", m.width, bias=True),
        *chain("merger.mlp.0 merger.mlp.2", wide, wide, v.size("hidden_size", default=c.hidden)),
    )  # fmt: skip
    return beside(c, "qwen2", placed("vision_tower", "vision", tower))


def _got(c: ModelConfig) -> Architecture:
    """GOT-OCR 2.0: the encoder of Segment Anything, whose sizes are in the code, and Qwen2."""
    v = ModelConfig({}).read_as("got_ocr2_vision")
    more = (
        *placed("model.vision_tower_high", "vision", tower_of(v)),
        *placed("model.mm_projector_vary", "projector", between.got(c, v, c.hidden)),
    )
    return beside(c, "qwen2", more)


def _molmo(c: ModelConfig) -> Architecture:
    """Molmo: CLIP's tower of 23 layers, attention over windows of patches, and a decoder with fused matrices.

    Source: vLLM molmo.py: the tower's sizes are in the code, `intermediate_size` counts the gate too."""
    inner = max(c.intermediate // 2, 1)
    v = ModelConfig({"model_type": "clip_vision_model", **CLIP_LARGE, "num_hidden_layers": 23})
    wide = measures(v).width
    tower = (each for each in clip(v) if each.module != "post_layernorm")
    pooling = (
        *chain("image_pooling_2d.wq", 2 * wide, wide),
        *chain("image_pooling_2d.wk", 2 * wide, wide),
        *chain("image_pooling_2d.wv", 2 * wide, wide),
        *chain("image_pooling_2d.wo", wide, wide),
        *chain("image_projector.w1 image_projector.w2", wide, inner, c.hidden, bias=False),
        *chain("image_projector.w3", wide, inner, bias=False),
        table("pad_embed", 2, 2 * wide),
    )
    more = (
        *placed("model.vision_backbone.image_vit", "vision", tower),
        *placed("model.vision_backbone", "projector", pooling),
        *placed("model.transformer.wte", "embedding", [table("new_embedding", 128, c.hidden)]),
    )
    vocabulary = c.size("embedding_size", "vocab_size")
    own = c.read_as(
        c.model_type, intermediate_size=inner, vocab_size=vocabulary,
        tie_word_embeddings=c.flag("weight_tying", "tie_word_embeddings"),
    )  # fmt: skip
    return beside(own, "qwen2" if c.flag("qkv_bias") else "llama", more)


def _ovis(c: ModelConfig) -> Architecture:
    """Ovis: a tower whose features are probabilities of visual words, each of which has an embedding."""
    t = c.part("visual_tokenizer_config")
    v = t.part("backbone_config")
    found = text_model(c)
    words = t.size("vocab_size")
    entries = max(words - 5, 1)  # five words mark where an image begins and ends
    inputs = measures(v).width * t.size("hidden_stride", default=1) ** 2
    head = (*chain("head.0", inputs, entries, bias=False), norm("head.1", entries, bias=True))
    more = (
        *placed("visual_tokenizer.backbone", "vision", tower_of(v)),
        *placed("visual_tokenizer", "projector", head),
        *placed("", "projector", [table("vte", words, found.hidden)]),
    )
    return found._replace(model_type=c.model_type, outside=(*found.outside, *more))


# vLLM 0.33.0 transformers_utils/configs/radio.py (September 2026): width, layers, heads.
_RADIO = {"small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16), "huge": (1280, 32, 16)}


def _nemotron_vl(c: ModelConfig) -> Architecture:
    """Nemotron Nano VL: RADIO, whose sizes follow from its name, and Nemotron-H."""
    v = c.part("vision_config")
    arguments = v.inner("args")
    name = v.text("model_name") or (arguments.text("model") if arguments is not None else "")
    named = next((sizes for key, sizes in _RADIO.items() if f"vit_{key}" in name), None)
    size = named or _RADIO["huge"]
    own = v.read_as("radio", hidden_size=size[0], num_hidden_layers=size[1], num_attention_heads=size[2])
    found = text_model(c)
    projector = perceptron(
        "1 3",
        merge=shuffled,
        inner=said("projector_hidden_size"),
        normed="joined",
        norm_bias=False,
        bias=False,
    )
    more = (
        *placed("vision_model.radio_model", "vision", tower_of(own)),
        *placed("mlp1", "projector", projector(c, own, found.hidden)),
    )
    doubts = (
        found.derived,
        "" if named else "its config does not say which RADIO it has: read as the huge one",
    )
    return found._replace(
        model_type=c.model_type,
        outside=(*found.outside, *more),
        derived="; ".join(each for each in doubts if each),
    )


def _step3(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    out = v.size("output_hidden_size")
    return (
        kernel("vit_downsampler", measures(v).width, out, 4),
        kernel("vit_downsampler2", out, 2 * out, 9),
        *chain("vit_large_projector", 2 * out, text, bias=c.flag("projector_bias")),
    )


_INTERNVL = joined(Sense(at="vision_model", projector=_INTERN, projector_at="mlp1", usual="intern_vit_6b"))
TYPES: Mapping[str, Reader] = {
    "deepseek_vl_v2": _deepseek_vl2,
    "dots_ocr": _dots_ocr,
    "dots_ocr_1_5": _dots_ocr,
    "ernie4_5_moe_vl": joined(
        Sense(at="vision_model", projector=between.ernie, projector_at="resampler_model",
              usual="ernie4_5_vl_moe_vision"),
        text="ernie4_5_vl_moe_text",
    ),
    **dict.fromkeys(("internvl_chat", "h2ovl_chat", "skywork_chat", "eagle_2_5_vl", "NVLM_D"), _INTERNVL),
    "GOT": _got,
    "interns1": joined(Sense(projector=perceptron(_TWO, merge=shuffled, normed="joined"))),
    "kimi_vl": joined(Sense(projector=between.kimi, usual="moonvit")),
    "llava_llama": llava("llama"),
    "llava_mistral": llava("mistral"),
    "llava_qwen": llava("qwen2"),
    "llava_qwen2": llava("qwen2"),
    "minicpmo": _minicpm_o,
    "minicpmv": _minicpm_v,
    "minimax_vl_01": joined(Sense(projector=between.llava(newline=True))),
    "molmo": _molmo,
    "NemotronH_Nano_VL_V2": _nemotron_vl,
    "ovis": _ovis,
    "phi3_v": _phi3_v,
    "phi4mm": _phi4mm,
    "step3_vl": joined(Sense(at="vision_model", projector=_step3, projector_at="", usual="step3_vision_encoder")),
    "step_robotics": joined(
        Sense(at="vision_model", projector=perceptron("linear", merge=lambda c, v: 4, bias="projector_bias"),
              projector_at="vit_large_projector", usual="step3p5_vision")
    ),
    "unlimited-ocr": _deepseek_vl2,
}  # fmt: skip
"""`model_type` → its reader."""
