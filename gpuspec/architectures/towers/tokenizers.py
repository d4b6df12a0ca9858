"""What turns images and sound into tokens of a vocabulary, and back: VQ-GANs and neural codecs.

Source: the classes of transformers 5.24.0, `models/*/modeling_*.py`, whose parameters they were compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.parts import Weight
from gpuspec.architectures.pieces import norm, vector
from gpuspec.architectures.towers.blocks import O_PROJ, blocks, chain, kernel, measures, table, within
from gpuspec.architectures.towers.vision import Tower, grouped


def _residual(inputs: int, outputs: int) -> tuple[Weight, ...]:
    found = [
        norm("norm1", inputs, bias=True),
        kernel("conv1", inputs, outputs, 9),
        norm("norm2", outputs, bias=True),
        kernel("conv2", outputs, outputs, 9),
    ]
    if inputs != outputs:
        found.append(kernel("nin_shortcut", inputs, outputs, 1))
    return tuple(found)


def _attention(width: int) -> tuple[Weight, ...]:
    return (
        norm("norm", width, bias=True),
        *(kernel(name, width, width, 1) for name in ("q", "k", "v", "proj_out")),
    )


def _middle(width: int) -> tuple[Weight, ...]:
    return (
        *within("mid.block_1", _residual(width, width)),
        *within("mid.attn_1", _attention(width)),
        *within("mid.block_2", _residual(width, width)),
    )


def _down(
    widths: Sequence[int],
    *,
    base: int,
    channels: int,
    latent: int,
    blocks_each: int,
    attending: Sequence[int],
) -> tuple[Weight, ...]:
    """The encoder: residual blocks, each level half as large as the last. `attending`: levels with attention."""
    found = [kernel("encoder.conv_in", channels, base, 9)]
    before = base
    for level, width in enumerate(widths):
        for _ in range(blocks_each):
            found += within(f"encoder.down.{level}.block", _residual(before, width))
            before = width
            if level in attending:
                found += within(f"encoder.down.{level}.attn", _attention(width))
        if level < len(widths) - 1:
            found.append(kernel(f"encoder.down.{level}.downsample.conv", width, width, 9))
    found += within("encoder", _middle(before))
    return (
        *found,
        norm("encoder.norm_out", before, bias=True),
        kernel("encoder.conv_out", before, latent, 9),
    )


def _up(
    widths: Sequence[int], *, channels: int, latent: int, blocks_each: int, attending: Sequence[int]
) -> tuple[Weight, ...]:
    """The decoder: the encoder turned around, with one more block a level."""
    before = widths[-1]
    found = [kernel("decoder.conv_in", latent, before, 9), *within("decoder", _middle(before))]
    for level in reversed(range(len(widths))):
        width = widths[level]
        for _ in range(blocks_each + 1):
            found += within(f"decoder.up.{level}.block", _residual(before, width))
            before = width
            if level in attending:
                found += within(f"decoder.up.{level}.attn", _attention(width))
        if level:
            found.append(kernel(f"decoder.up.{level}.upsample.conv", width, width, 9))
    return (
        *found,
        norm("decoder.norm_out", before, bias=True),
        kernel("decoder.conv_out", before, channels, 9),
    )


def _levels(c: ModelConfig) -> tuple[int, list[int]]:
    base = c.size("base_channels")
    widths = [base * each for each in c.numbers("channel_multiplier")[:12] if each]
    if not widths:
        raise Unsaid("its config does not say channel_multiplier")
    return base, widths


def _chameleon(c: ModelConfig) -> tuple[Weight, ...]:
    """Attention is at the resolutions of `attn_resolutions`; without any it is in the middle alone."""
    base, widths = _levels(c)
    latent, embedded = c.size("latent_channels"), c.size("embed_dim")
    at = set(c.numbers("attn_resolutions"))
    attending = [level for level in range(len(widths)) if c.size("resolution", default=512) >> level in at]
    doubled = latent * (2 if c.flag("double_latent") else 1)
    return (
        *_down(
            widths, base=base, channels=c.size("in_channels"), latent=doubled,
            blocks_each=min(c.size("num_res_blocks"), 50), attending=attending,
        ),
        table("quantize.embedding", c.size("num_embeddings", "codebook_size"), embedded),
        kernel("quant_conv", doubled, embedded, 1),
        *([] if c.model_type == "apertus1p5_vision_tokenizer" else [kernel("post_quant_conv", embedded, latent, 1)]),
    )  # fmt: skip


def _janus(c: ModelConfig) -> tuple[Weight, ...]:
    base, widths = _levels(c)
    latent, embedded = c.size("latent_channels"), c.size("embed_dim")
    doubled, each = latent * (2 if c.flag("double_latent") else 1), min(c.size("num_res_blocks"), 50)
    last = [len(widths) - 1]
    return (
        *_down(
            widths,
            base=base,
            channels=c.size("in_channels"),
            latent=doubled,
            blocks_each=each,
            attending=last,
        ),
        *_up(widths, channels=c.size("out_channels"), latent=latent, blocks_each=each, attending=last),
        table("quantize.embedding", c.size("num_embeddings"), embedded),
        kernel("quant_conv", doubled, embedded, 1),
        kernel("post_quant_conv", embedded, latent, 1),
    )


def _emu3(c: ModelConfig) -> tuple[Weight, ...]:
    """Emu3's tokenizer of images and videos: the norms of its decoder are steered by the code, and a few small
    convolutions go over time. `attn_resolutions` are levels here."""
    base, widths = _levels(c)
    latent, embedded, each = c.size("latent_channels"), c.size("embed_dim"), min(c.size("num_res_blocks"), 50)
    attending = c.numbers("attn_resolutions")
    doubled = latent * (2 if c.flag("double_latent") else 1)
    up = _up(widths, channels=c.size("out_channels"), latent=latent, blocks_each=each, attending=attending)
    steered = sum(weight.elements for weight in up if weight.part == "norms") * (embedded + 1)
    halvings = max(c.size("temporal_downsample_factor").bit_length() - 1, 0)
    over_time = [
        *within("encoder.time_conv.*", (kernel("conv", doubled, doubled, 36),), halvings),
        *within("decoder.time_conv.*", (kernel("conv", latent, latent, 27),), halvings),
    ]
    for at, width in (("encoder", doubled), ("decoder", latent)):
        block = (
            vector("norms", "", 4 * width),
            *(kernel(name, width, width, 27) for name in ("conv1", "conv2")),
        )
        over_time += within(f"{at}.time_res_stack.*", block, each)
    return (
        *_down(
            widths, base=base, channels=c.size("in_channels"), latent=doubled, blocks_each=each, attending=attending
        ),
        *up,
        vector("decoder.steered_norms", "", steered),
        *over_time,
        table("quantize.embedding", c.size("codebook_size"), embedded),
        kernel("quant_conv", latent, embedded, 3),
        kernel("post_quant_conv", embedded, latent, 3),
    )  # fmt: skip


def _mimi(c: ModelConfig) -> tuple[Weight, ...]:
    """Mimi (arXiv 2410.00037): convolutions and a transformer on each side of residual codebooks.

    The codebooks themselves are no parameters of transformers' class."""
    filters, width, squeeze = c.size("num_filters"), c.size("hidden_size"), c.size("compress", default=2)
    ratios = [each for each in c.numbers("upsampling_ratios")[:12] if each] or [8, 6, 5, 4]
    size, last, inner = c.size("kernel_size"), c.size("last_kernel_size"), c.size("residual_kernel_size")
    top = filters * 2 ** len(ratios)
    channels = c.size("audio_channels", default=1)
    found = [kernel("encoder.conv_in", channels, filters, size), kernel("encoder.conv_out", top, width, last)]
    found += [
        kernel("decoder.conv_in", width, top, size),
        kernel("decoder.conv_out", filters, channels, last),
    ]
    for level, ratio in enumerate(reversed(ratios)):
        wide = filters * 2**level
        residual = (kernel("conv1", wide, wide // squeeze, inner), kernel("conv2", wide // squeeze, wide, 1))
        again = min(c.size("num_residual_layers", default=1), 50)
        found += within(f"encoder.{level}", residual, again)
        found.append(kernel(f"encoder.{level}.down", wide, 2 * wide, 2 * ratio))
        found += within(f"decoder.{level}", residual, again)
        found.append(vector(f"decoder.{level}.up", "", 2 * wide * wide * 2 * ratio + wide))
    m = measures(c)
    layers = blocks(
        m, at="layers.*", names=O_PROJ, **grouped(c, m),
        bias=c.flag("attention_bias"), mlp_bias=False, others=2 * width,
    )  # fmt: skip
    code = c.size("vector_quantization_hidden_dimension", "codebook_dim")
    return (
        *found,
        *within("encoder_transformer", layers),
        *within("decoder_transformer", layers),
        kernel("downsample", width, width, 4, bias=False),
        vector("upsample", "", width * 4),
        *within("quantizer", (kernel("input_proj", width, code, 1, bias=False),), 2),
        *within("quantizer", (kernel("output_proj", code, width, 1, bias=False),), 2),
    )


def _codec_encoder(c: ModelConfig) -> tuple[Weight, ...]:
    """EnCodec's encoder with weight norm, a scale for each output beside its matrix, and an LSTM (WavTokenizer)."""
    filters, squeeze = c.size("num_filters"), c.size("compress", default=2)
    ratios = [each for each in c.numbers("upsampling_ratios")[:12] if each]
    width, inner = c.size("hidden_size"), c.size("residual_kernel_size")

    def normed(module: str, inputs: int, outputs: int, size: int) -> list[Weight]:
        return [kernel(module, inputs, outputs, size), vector(f"{module}.scale", "", outputs)]

    found = normed("conv_in", c.size("audio_channels", default=1), filters, c.size("kernel_size"))
    wide = filters
    for level, ratio in enumerate(reversed(ratios)):
        found += normed(f"{level}.conv1", wide, wide // squeeze, inner)
        found += normed(f"{level}.conv2", wide // squeeze, wide, 1)
        if c.flag("use_conv_shortcut"):
            found += normed(f"{level}.shortcut", wide, wide, 1)
        found += normed(f"{level}.down", wide, 2 * wide, 2 * ratio)
        wide *= 2
    gates = chain("weight_ih", wide, 4 * wide) + chain("weight_hh", wide, 4 * wide)
    found += within("lstm.*", gates, min(c.count("num_lstm_layers"), 50))
    return (*found, *normed("conv_out", wide, width, c.size("last_kernel_size")))


TOWERS: Mapping[str, Tower] = {
    "chameleon_vqgan": _chameleon,
    "apertus1p5_vision_tokenizer": _chameleon,
    "janus_vqgan": _janus,
    "emu3_vqgan": _emu3,
    "mimi": _mimi,
    "wavtokenizer_encoder": _codec_encoder,
}
"""`model_type` of a tokenizer's config → what reads it."""
