"""Conformers: audio towers whose layers have attention and a convolution (arXiv 2005.08100).

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import chain, halved, kernel, measures, table, within
from gpuspec.architectures.towers.vision import Tower


def _conformer_feed_forward(width: int, inner: int) -> tuple[Weight, ...]:
    return (
        norm("pre_norm", width, bias=True),
        *chain("up_proj down_proj", width, inner, width),
    )


def _granite(c: ModelConfig) -> tuple[Weight, ...]:
    """A conformer with attention inside blocks of the audio and a CTC head half way (Granite Speech)."""
    m = measures(c)
    inner = m.width * c.size("feedforward_mult")
    wide, out = m.width * c.size("conv_expansion_factor"), c.size("output_dim")
    dim = c.size("dim_head", default=max(m.width // m.heads, 1))
    query = m.heads * dim
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


def _phi4(c: ModelConfig) -> tuple[Weight, ...]:
    """A conformer over eight-fold fewer frames (Phi-4-multimodal)."""
    width, inner, layers = c.size("hidden_size"), c.size("intermediate_size"), min(c.size("num_blocks"), 1000)
    channels, kernel_size = c.size("nemo_conv_channels"), c.size("kernel_size")
    pointwise, separable = c.size("ext_pw_out_channel"), c.size("depthwise_separable_out_channel")
    deep = width * c.size("depthwise_multiplier", default=1)
    halvings = max(c.size("time_reduction").bit_length() - 1, 1)
    bands = c.size("nemo_final_size", default=halved(c.size("input_size"), halvings))
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


def _gemma4(c: ModelConfig) -> tuple[Weight, ...]:
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


def _gemma3n(c: ModelConfig) -> tuple[Weight, ...]:
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


TOWERS: Mapping[str, Tower] = {
    "granite_speech_encoder": _granite,
    "granite_speech_plus_encoder": _granite,
    "phi4_multimodal_audio": _phi4,
    "gemma4_audio": _gemma4,
    "gemma3n_audio": _gemma3n,
}
"""`model_type` of a tower's config → what reads it."""
