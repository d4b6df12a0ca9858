"""Audio towers: Whisper's encoder and what was built after it, conformers, and convolutions over the wave.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.config import Config
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import GATED, blocks, chain, kernel, measures, table, within
from gpuspec.architectures.towers.vision import Tower, Traits

_O = ("q_proj", "k_proj", "v_proj", "o_proj")
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

    def read(c: Config) -> tuple[Weight, ...]:
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


def _grouped(c: Config, m: Any) -> dict[str, Any]:
    """Heads may be wider than the model, and of keys there may be fewer."""
    return {
        "query": m.heads * m.head_dim,
        "keys": c.size("num_key_value_heads", default=m.heads) * m.head_dim,
    }


def _qwen2_5_omni(c: Config) -> tuple[Weight, ...]:
    m, out = measures(c), c.size("output_dim")
    return (
        *whisper(positions=False, last="ln_post")(c),
        table("audio_bos_eos_token", 2, out),
        *chain("proj", m.width, out),
    )


def _halved(bands: int, times: int) -> int:
    """Bands of frequency behind so many convolutions that each halve them, rounded up."""
    for _ in range(times):
        bands = (bands + 1) // 2
    return bands


def _three_convolutions(c: Config, width: int, bands: int) -> tuple[Weight, ...]:
    """Three convolutions over time and frequency that each halve both, and a linear layer."""
    channels = c.size("downsample_hidden_size")
    bands = _halved(bands, 3)
    return (
        kernel("conv2d1", 1, channels, 9),
        kernel("conv2d2", channels, channels, 9),
        kernel("conv2d3", channels, channels, 9),
        *chain("conv_out", channels * bands, width, bias=False),
    )


def _qwen3_asr(c: Config) -> tuple[Weight, ...]:
    m = measures(c)
    return (
        *_three_convolutions(c, m.width, c.size("num_mel_bins")),
        norm("ln_post", m.width, bias=True),
        *blocks(m, at="layers.*", mlp=_FLAT),
    )


def _qwen3_omni(c: Config) -> tuple[Weight, ...]:
    m = measures(c)
    return (*_qwen3_asr(c), *chain("proj1 proj2", m.width, m.width, c.size("output_dim")))


def _dots3(c: Config) -> tuple[Weight, ...]:
    m, out = measures(c), c.size("adapter_out_dim")
    into = c.size("adapter_input_size")
    return (
        *within("conv_stem", _three_convolutions(c, m.width, c.size("feature_size"))),
        norm("layer_norm", m.width),
        norm("adapter.norm", into, bias=True),
        *chain("adapter.fc1 adapter.fc2", into, out, out),
        *blocks(
            m, at="layers.*", names=_O, key_bias=False, mlp=GATED, norm_bias=False, bias=c.flag("attention_bias"),
            out_bias=True,
        ),
    )  # fmt: skip


def _conformer_feed_forward(width: int, inner: int) -> tuple[Weight, ...]:
    return (
        norm("pre_norm", width, bias=True),
        *chain("up_proj down_proj", width, inner, width),
    )


def _granite(c: Config) -> tuple[Weight, ...]:
    """A conformer with attention inside blocks of the audio and a CTC head half way (Granite Speech)."""
    m = measures(c)
    inner = m.width * c.size("feedforward_mult")
    wide, out = m.width * c.size("conv_expansion_factor"), c.size("output_dim")
    query, dim = m.heads * c.size("dim_head"), c.size("dim_head")
    feed_forward = _conformer_feed_forward(m.width, inner)
    attention = (
        norm("pre_norm", m.width, bias=True),
        *chain("to_q", m.width, query, bias=False),
        *chain("to_kv", m.width, 2 * query, bias=False),
        *chain("to_out", query, m.width),
        table("rel_pos_emb", 2 * c.size("max_pos_emb") + 1, dim),
    )
    convolution = (
        norm("norm", m.width, bias=True),
        *chain("up_conv", m.width, 2 * wide),
        vector("depth_conv", "", wide * c.size("conv_kernel_size")),
        norm("batch_norm", wide, bias=True),
        *chain("down_conv", wide, m.width),
    )
    layer = (
        *within("ff1", feed_forward),
        *within("attn", attention),
        *within("conv", convolution),
        *within("ff2", feed_forward),
        norm("post_norm", m.width, bias=True),
    )
    return (
        *chain("input_linear", c.size("input_dim"), m.width),
        *chain("out", m.width, out),
        *chain("out_mid", out, m.width),
        *within("layers.*", layer, m.layers),
    )


def _phi4(c: Config) -> tuple[Weight, ...]:
    """A conformer over eight-fold fewer frames (Phi-4-multimodal)."""
    width, inner, layers = c.size("hidden_size"), c.size("intermediate_size"), min(c.size("num_blocks"), 1000)
    channels, kernel_size = c.size("nemo_conv_channels"), c.size("kernel_size")
    pointwise, separable = c.size("ext_pw_out_channel"), c.size("depthwise_separable_out_channel")
    deep = width * c.size("depthwise_multiplier", default=1)
    halvings = max(c.size("time_reduction").bit_length() - 1, 1)
    bands = c.size("nemo_final_size", default=_halved(c.size("input_size"), halvings))
    feed_forward = (
        norm("layer_norm", width, bias=True),
        *chain("gate_up_proj", width, 2 * inner),
        *chain("down_proj", inner, width),
    )
    convolution = (
        norm("layer_norm", width, bias=True),
        vector("glu.b", "", 2 * pointwise),
        *chain("glu.ext_pw_conv_1d", width, 2 * pointwise),
        kernel("dw_sep_conv_1d.dw_conv", 1, deep, kernel_size),
        *chain("dw_sep_conv_1d.pw_conv", deep, separable),
        *chain("ext_pw_conv_1d", width, pointwise),
    )
    layer = (
        *within("feed_forward_in", feed_forward),
        *within("feed_forward_out", feed_forward),
        *within("self_attn", chain("q_proj k_proj v_proj o_proj", width, width, width, width, width)),
        *within("conv", convolution),
        norm("layer_norm_att", width, bias=True),
        norm("layer_norm", width, bias=True),
    )
    distances = c.size("bias_max_distance") * (1 if c.flag("bias_symmetric") else 2)
    return (
        kernel("embed.conv.0", 1, channels, 9),
        *within("embed.conv.*", (kernel("depthwise", 1, channels, 9),), halvings - 1),
        *within("embed.conv.*", (kernel("pointwise", channels, channels, 1),), halvings - 1),
        *chain("embed.out", channels * bands, width),
        table("relative_attention_bias_layer.bias_values", distances, c.size("num_attention_heads")),
        *within("encoders.*", layer, layers),
    )


def _gemma_layer(width: int, heads: int, kernel_size: int) -> tuple[Weight, ...]:
    feed_forward = (
        *chain("ffw_layer_1 ffw_layer_2", width, 4 * width, width, bias=False),
        norm("pre_layer_norm", width),
        norm("post_layer_norm", width),
    )
    convolution = (
        *chain("linear_start", width, 2 * width, bias=False),
        *chain("linear_end", width, width, bias=False),
        vector("depthwise_conv1d", "", width * kernel_size),
        norm("pre_layer_norm", width),
        norm("conv_norm", width),
    )
    attention = (
        *chain("q_proj k_proj v_proj relative_k_proj post", *[width] * 6, bias=False),
        vector("per_dim_scale", "", max(width // heads, 1)),
    )
    return (
        *within("ffw_layer_start", feed_forward),
        *within("ffw_layer_end", feed_forward),
        *within("attention.attn", attention),
        norm("attention.pre_attn_norm", width),
        norm("attention.post_norm", width),
        *within("lconv1d", convolution),
        norm("norm", width),
    )


def _gemma4(c: Config) -> tuple[Weight, ...]:
    m = measures(c)
    first, second = [*c.numbers("subsampling_conv_channels"), 128, 32][:2]
    return (
        kernel("subsample_conv_projection.layer0.conv", 1, first, 9, bias=False),
        kernel("subsample_conv_projection.layer1.conv", first, second, 9, bias=False),
        norm("subsample_conv_projection.norms", first + second),
        *chain("subsample_conv_projection.input_proj_linear", first // 4 * second, m.width, bias=False),
        *within("layers.*", _gemma_layer(m.width, m.heads, c.size("conv_kernel_size")), m.layers),
        *chain("output_proj", m.width, c.size("output_proj_dims")),
    )


def _gemma3n(c: Config) -> tuple[Weight, ...]:
    width, layers = c.size("hidden_size"), min(c.size("conf_num_hidden_layers"), 1000)
    first, second = [*c.numbers("sscp_conv_channel_size"), 128, 32][:2]
    bands = (c.size("input_feat_size") + 3) // 4  # two convolutions that each halve them
    layer = _gemma_layer(width, c.size("conf_num_attention_heads"), c.size("conf_conv_kernel_size"))
    return (
        kernel("subsample_conv_projection.conv_0.conv", 1, first, 9, bias=False),
        kernel("subsample_conv_projection.conv_1.conv", first, second, 9, bias=False),
        norm("subsample_conv_projection.norms", first + second),
        *chain("subsample_conv_projection.input_proj_linear", second * bands, width, bias=False),
        *within("conformer.*", layer, layers),
    )


def _fun_asr(c: Config) -> tuple[Weight, ...]:
    """Attention with a convolution over the values; the first layer takes stacked frames (Fun-ASR-Nano)."""
    m = measures(c)
    frames = c.size("num_mel_bins") * c.size("num_stacked_frames")
    wider = frames - m.width
    normed = 1 + (m.layers > c.count("num_timestamp_prediction_layers"))
    layer = (
        *blocks(m, at="layers.*", names=_O),
        vector("layers.*.fsmn", "", m.width * c.size("fsmn_kernel_size")),
    )
    first = max(3 * wider * m.width + 2 * wider, 0)
    return (
        *(each if each.module != "layers.*.fsmn" else each._replace(copies=m.layers) for each in layer),
        *([vector("layers.0.stacked_frames", "", first)] if first else ()),
        *within("layers.*", (norm("final_layernorm", m.width, bias=True),), normed),
    )


def _wav2vec(c: Config) -> tuple[Weight, ...]:
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


def _vibevoice(c: Config) -> tuple[Weight, ...]:
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


def _inkling(c: Config) -> tuple[Weight, ...]:
    out = c.size("text_hidden_size")
    rows = c.size("mel_vocab_size") * c.size("n_mel_bins")
    return (table("embed_audio_tokens", rows, out), norm("norm", out))


def _muse(c: Config) -> tuple[Weight, ...]:
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
        positions=False, last="norm", names=_O, mlp=("mlp.fc1", "mlp.fc2"), traits=_grouped
    ),
    "voxtral_realtime_encoder": whisper(
        positions=False, last="norm", names=_O, mlp=GATED, mlp_bias=False, down_bias=True, norm_bias=False,
        traits=_grouped,
    ),
    "qwen2_5_omni_audio_encoder": _qwen2_5_omni,
    "qwen3_omni_moe_audio_encoder": _qwen3_omni,
    "qwen3_asr_encoder": _qwen3_asr,
    "dots3_note_audio_encoder": _dots3,
    "granite_speech_encoder": _granite,
    "granite_speech_plus_encoder": _granite,
    "phi4_multimodal_audio": _phi4,
    "gemma4_audio": _gemma4,
    "gemma3n_audio": _gemma3n,
    "fun_asr_nano_encoder": _fun_asr,
    "omniasr_audio": _wav2vec,
    "vibevoice_acoustic_tokenizer_encoder": _vibevoice,
    "inkling_audio": _inkling,
    "muse_spark_audio": _muse,
}  # fmt: skip
"""`model_type` of a tower's config → what reads it."""
