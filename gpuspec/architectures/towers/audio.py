"""Audio towers: Whisper's encoder and what was built after it, and convolutions over the wave.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import (
    GATED,
    O_PROJ,
    PLAIN,
    blocks,
    chain,
    halved,
    kernel,
    measures,
    table,
    within,
)
from gpuspec.architectures.towers.vision import Tower, Traits, grouped

_FLAT = ("fc1", "fc2")


def whisper(
    *,
    positions: bool = True,
    last: str = "layer_norm",
    norm_bias: bool = True,
    traits: Traits | None = None,
    **layer: Any,
) -> Tower:
    """A reader of encoders with two convolutions over mel bands in front, as Whisper's. No key has a bias."""

    def read(c: ModelConfig) -> tuple[Weight, ...]:
        m = measures(c)
        usual = {"at": "layers.*", "key_bias": False, "mlp": _FLAT, "norm_bias": norm_bias, **layer}
        return (
            kernel("conv1", c.size("num_mel_bins", default=128), m.width, 3),
            kernel("conv2", m.width, m.width, 3),
            *([table("embed_positions", c.size("max_source_positions"), m.width)] if positions else ()),
            norm(last, m.width, bias=norm_bias),
            *blocks(m, **{**usual, **(traits(c, m) if traits else {})}),
        )

    return read


def _qwen2_5_omni(c: ModelConfig) -> tuple[Weight, ...]:
    m, out = measures(c), c.size("output_dim")
    return (
        *whisper(positions=False, last="ln_post")(c),
        table("audio_bos_eos_token", 2, out),
        *chain("proj", m.width, out),
    )


def _three_convolutions(c: ModelConfig, width: int, bands: int) -> tuple[Weight, ...]:
    """Three convolutions over time and frequency that each halve both, and a linear layer."""
    channels = c.size("downsample_hidden_size")
    bands = halved(bands, 3)
    return (
        kernel("conv2d1", 1, channels, 9),
        kernel("conv2d2", channels, channels, 9),
        kernel("conv2d3", channels, channels, 9),
        *chain("conv_out", channels * bands, width, bias=False),
    )


def _qwen3_asr(c: ModelConfig) -> tuple[Weight, ...]:
    m = measures(c)
    return (
        *_three_convolutions(c, m.width, c.size("num_mel_bins")),
        norm("ln_post", m.width, bias=True),
        *blocks(m, at="layers.*", mlp=_FLAT),
    )


def _qwen3_omni(c: ModelConfig) -> tuple[Weight, ...]:
    m = measures(c)
    return (*_qwen3_asr(c), *chain("proj1 proj2", m.width, m.width, c.size("output_dim")))


def _dots3(c: ModelConfig) -> tuple[Weight, ...]:
    m, out = measures(c), c.size("adapter_out_dim")
    into = c.size("adapter_input_size")
    return (
        *within("conv_stem", _three_convolutions(c, m.width, c.size("feature_size"))),
        norm("layer_norm", m.width),
        norm("adapter.norm", into, bias=True),
        *chain("adapter.fc1 adapter.fc2", into, out, out),
        *blocks(
            m, at="layers.*", names=O_PROJ, key_bias=False, mlp=GATED, norm_bias=False, bias=c.flag("attention_bias"),
            out_bias=True,
        ),
    )  # fmt: skip


def _fun_asr(c: ModelConfig) -> tuple[Weight, ...]:
    """Attention with a convolution over the values; the first layer takes stacked frames (Fun-ASR-Nano)."""
    m = measures(c)
    frames = c.size("num_mel_bins") * c.size("num_stacked_frames")
    wider = frames - m.width
    normed = 1 + (m.layers > c.count("num_timestamp_prediction_layers"))
    layer = (
        *blocks(m, at="layers.*", names=O_PROJ),
        vector("layers.*.fsmn", "", m.width * c.size("fsmn_kernel_size")),
    )
    first = max(3 * wider * m.width + 2 * wider, 0)
    return (
        *(each if each.module != "layers.*.fsmn" else each._replace(copies=m.layers) for each in layer),
        *([vector("layers.0.stacked_frames", "", first)] if first else ()),
        *within("layers.*", (norm("final_layernorm", m.width, bias=True),), normed),
    )


def _wav2vec(c: ModelConfig) -> tuple[Weight, ...]:
    """Convolutions over the wave, then a transformer (wav2vec 2.0; Omnilingual ASR)."""
    m = measures(c)
    widths, kernels = c.numbers("conv_dim"), c.numbers("conv_kernel")
    found: list[Weight] = []
    before = 1
    for index, (width, size) in enumerate(zip(widths, kernels, strict=False)):
        found.append(
            kernel(f"subsampling.conv_layers.{index}.conv", before, width, size, bias=c.flag("conv_bias"))
        )
        found.append(norm(f"subsampling.conv_layers.{index}.layer_norm", width, bias=True))
        before = width
    groups = c.size("num_conv_pos_embedding_groups")
    return (
        *found,
        norm("subsampling.layer_norm", before, bias=True),
        *chain("subsampling.projection", before, m.width),
        kernel("encode_positions.conv", max(m.width // groups, 1), m.width, c.size("num_conv_pos_embeddings")),
        norm("layer_norm", m.width, bias=True),
        *blocks(
            m, at="layers.*", attention="attention.",
            mlp=("feed_forward.intermediate_dense", "feed_forward.output_dense"),
        ),
    )  # fmt: skip


def _vibevoice(c: ModelConfig) -> tuple[Weight, ...]:
    """ConvNeXt over the wave: each stage halves the time, or more, and doubles the width (VibeVoice)."""
    width, size, depths = c.size("num_filters"), c.size("kernel_size"), c.numbers("depths")
    found = [kernel("stem.conv", c.size("channels", default=1), width, size)]
    for stage, depth in enumerate(depths[:20]):
        ratios = c.numbers("downsampling_ratios")
        if stage:
            ratio = ratios[stage - 1] if stage <= len(ratios) else 1
            found.append(kernel(f"conv_layers.{stage - 1}.conv", width, 2 * width, 2 * ratio))
            width *= 2
        layer = (
            vector("norms_and_scales", "", 4 * width),
            *chain("ffn.linear1 ffn.linear2", width, c.size("ffn_expansion") * width, width),
            kernel("mixer.conv", 1, width, size),
        )
        found += within("stem.stage.*" if not stage else f"conv_layers.{stage - 1}.stage.*", layer, depth)
    return (*found, kernel("head.conv", width, c.size("hidden_size"), size))


def _nemotron_stack(c: ModelConfig) -> tuple[Weight, ...]:
    """Frames of mel bands stacked, a linear layer, and a transformer, with norms of queries and keys if it hears
    words rather than who speaks."""
    m = measures(c)
    speech = c.model_type.endswith("asr_audio")
    return (
        *chain(
            "embedder.projection", c.size("num_mel_bins") * c.size("subsampling_factor"), m.width, bias=False
        ),
        *_nemotron_layers(c, qk_norm=4 * m.head_dim if speech else 0),
    )


def _nemotron_layers(c: ModelConfig, *, qk_norm: int) -> tuple[Weight, ...]:
    m = measures(c)
    return (
        norm("input_layer_norm", m.width, bias=True),
        norm("layer_norm", m.width, bias=True),
        *blocks(m, at="layers.*", names=O_PROJ, bias=False, out_bias=True, qk_norm=qk_norm),
    )


def _nemotron_transcribe(c: ModelConfig) -> tuple[Weight, ...]:
    """Nemotron 3.5 Transcribe: what is said, and beside it who says it."""
    speech, who = c.part("asr_config"), c.part("diarization_config")
    ears, head = who.part("audio_config"), who.part("head_config")
    wide, inner, speakers = ears.size("hidden_size"), head.size("hidden_size"), head.size("num_speakers")
    model = (
        vector("silence_embeds", "", wide),
        *within("model.audio_tower", _nemotron_stack(ears)),
        *chain("model.proj", wide, inner),
        kernel("model.upsampler.conv", inner, inner * head.size("subsampling_factor"), 3),
        *chain("classifier.dense classifier.out_proj", inner, inner, speakers),
    )
    return (
        *within("asr_encoder", _nemotron_stack(speech)),
        *within("diarization_model", model),
        norm("asr_norm", speech.size("hidden_size"), bias=True),
        norm("speaker_norm", speakers, bias=True),
    )


def nemotron_timestamps(c: ModelConfig) -> tuple[Weight, ...]:
    """When each word is said: a transformer over twice as many frames, and a head over words."""
    m = measures(c)
    return (
        kernel("encoder.upsampler", m.width, m.width, c.size("upsampling_factor")),
        *within("encoder", _nemotron_layers(c, qk_norm=4 * m.head_dim)),
        *chain("head", m.width, c.size("vocab_size")),
    )


def _inkling(c: ModelConfig) -> tuple[Weight, ...]:
    out = c.size("text_hidden_size")
    rows = c.size("mel_vocab_size") * c.size("n_mel_bins")
    return (table("embed_audio_tokens", rows, out), norm("norm", out))


def _muse(c: ModelConfig) -> tuple[Weight, ...]:
    """ConvNeXt over the wave (Muse Spark)."""
    widths, depths, reach = c.numbers("hidden_sizes"), c.numbers("depths"), c.numbers("patch_sizes")
    before, out = 1, c.size("out_hidden_size")
    found: list[Weight] = []
    for stage, (width, depth, size) in enumerate(zip(widths, depths, reach, strict=False)):
        inner = int(width * c.number("mlp_ratio", 4.0))
        layer = (
            kernel("conv", 1, width, c.size("conv_kernel_size")),
            norm("norm", width),
            *chain("mlp.fc1 mlp.fc2", width, inner, width),
        )
        found.append(kernel(f"layers.{stage}.patch_embedder.proj", before, width, size))
        found.append(norm(f"layers.{stage}.patch_embedder.norm", width))
        found += within(f"layers.{stage}.conv_blocks.*", layer, depth)
        before = width
    return (*found, norm("norm", before), *chain("proj", before, out), norm("post_proj_norm", out))


TOWERS: Mapping[str, Tower] = {
    **dict.fromkeys(
        ("qwen2_audio_encoder", "audioflamingo3_encoder", "voxtral_encoder", "moss_transcribe_diarize_audio"),
        whisper(),
    ),
    "glmasr_encoder": whisper(
        positions=False, last="norm", names=O_PROJ, mlp=PLAIN, traits=grouped
    ),
    "voxtral_realtime_encoder": whisper(
        positions=False, last="norm", names=O_PROJ, mlp=GATED, mlp_bias=False, down_bias=True, norm_bias=False,
        traits=grouped,
    ),
    "qwen2_5_omni_audio_encoder": _qwen2_5_omni,
    "qwen3_omni_moe_audio_encoder": _qwen3_omni,
    "qwen3_asr_encoder": _qwen3_asr,
    "dots3_note_audio_encoder": _dots3,
    "fun_asr_nano_encoder": _fun_asr,
    "omniasr_audio": _wav2vec,
    "vibevoice_acoustic_tokenizer_encoder": _vibevoice,
    "nemotron3_5_transcribe_audio": _nemotron_transcribe,
    "inkling_audio": _inkling,
    "muse_spark_audio": _muse,
}  # fmt: skip
"""`model_type` of a tower's config → what reads it."""
