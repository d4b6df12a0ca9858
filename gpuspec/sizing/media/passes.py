"""What the passes of a pipeline hold beside weights: through the text encoders, the denoiser, the VAE. GiB."""

from __future__ import annotations

from gpuspec.engines.engine import Range
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.media.components import Pipeline
from gpuspec.sizing.memory import Part
from gpuspec.sizing.weights import GIB

UNFUSED = 1.6
"""The most that code outside diffusers holds beside what was counted there: rotary embeddings in 32 bit, copies of
query, key and value for kernels that want them joined (the original HunyuanVideo: 2.9 for what 60 and 45 GB say)."""
FRAGMENTS = (0.05, 0.4, 0.7)
"""Share of a pass that the allocator holds beside it, as blocks of one size are no use to the next.
Source: diffusers docs, consisid.md (44, 25, 22 and 7 GB reserved for 37, 22, 16 and 5 allocated); FLUX.1: 36.2 GiB
reserved (blog, diffusers-quantization) for 33.8 allocated (docs, distributed_inference.md)."""
ENCODING = 0.84
"""What AutoencoderKL holds at once while it encodes for what it holds while it decodes: 643 numbers a pixel for 769,
both counted without cuDNN's copies."""


class Extent(NamedTuple):
    """Pixels, frames and samples of what is made."""

    width: int
    height: int
    frames: int
    many: int

    @property
    def pixels(self) -> int:
        """Of one frame."""
        return self.width * self.height

    @property
    def words(self) -> str:
        """For a reader."""
        frames = f" × {self.frames} frames" if self.frames > 1 else ""
        return f"{self.many} × {self.width} × {self.height}{frames}"


def encode_text() -> Part:
    """A few hundred tokens through the text encoders."""
    return Part("activations", 0.05, 0.1, 0.4, "a few hundred tokens of text")


def denoise(pipeline: Pipeline, extent: Extent, bits: float) -> Part:
    """One step: the widths alive at once of every token, of the prompt and, where they run together, its negative."""
    denoiser = pipeline.denoiser
    tokens = pipeline.tokens(extent.width, extent.height, extent.frames)
    sequences = extent.many * denoiser.guided
    size = sequences * tokens * denoiser.hidden * denoiser.buffers * bits / 8 / GIB
    why = f"{sequences} × {tokens:,.0f} tokens × {denoiser.buffers:g} × {denoiser.hidden} wide × {bits / 8:g} bytes"
    spread = 1.0 if pipeline.known else 1.6
    return Part("activations", 0.9 * size / spread, size, UNFUSED * size * spread, why)


def decode(pipeline: Pipeline, extent: Extent, bits: float, *, tiles: bool) -> Part:
    """From latents to pixels: all at once, or in tiles. A video, or one frame by a model of videos, may be tiled by
    code that is not read: that is the least."""
    vae = pipeline.vae
    width = vae.bytes_each(bits)
    frames = extent.many * extent.pixels * extent.frames * 3 * 2 * width / GIB
    whole = extent.many * extent.pixels * vae.numbers(extent.frames) * width / GIB
    tiled = vae.tile_gib * width / 2 + frames
    small = min(whole, tiled)
    expected = small if tiles else whole
    why = f"{extent.words} × {vae.numbers(extent.frames):,.0f} numbers a pixel × {width} bytes"
    if tiles:
        why = f"{extent.words} in tiles"
    low = 0.9 * (small if extent.frames > 1 or vae.temporal > 1 else expected)
    return Part("activations", low, expected, 1.15 * expected, why)


def encode_pictures(pipeline: Pipeline, extent: Extent, bits: float) -> Part:
    """From pixels to latents, as training does before it denoises: what decoding holds, in the proportion of the
    encoder of AutoencoderKL to its decoder."""
    vae = pipeline.vae
    width = vae.bytes_each(bits)
    size = extent.many * extent.pixels * vae.numbers(extent.frames) * ENCODING * width / GIB
    if vae.tiles:
        size = min(size, vae.tile_gib)
    why = f"{extent.words} through the VAE's encoder"
    least = 0.3 if extent.frames > 1 or vae.temporal > 1 else 0.8
    return Part("activations", least * size, size, 1.3 * size, why)


def fragments(work: Part, share: Range = FRAGMENTS, of: str = "the pass") -> Part:
    """What the allocator holds beside a pass, as a share of it."""
    low, expected, high = share
    return Part(
        "fragmentation",
        low * work.low,
        expected * work.expected,
        high * work.expected,
        f"{low:g}–{high:g} of {of}: blocks of other sizes",
        "reserved",
    )
