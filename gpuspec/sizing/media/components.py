"""The components of a pipeline that makes pictures or videos: their sizes, widths and strides."""

from gpuspec.named_tuple import NamedTuple


class Denoiser(NamedTuple):
    """The transformer or U-Net that each step runs and that training adapts."""

    billions: float
    """Parameters, all experts together."""
    hidden: int
    """Width of a token; of a U-Net: channels of its first level, whose tokens are the latent's pixels."""
    layers: int
    """Blocks; of a U-Net: 1, as its levels are counted together."""
    buffers: float = 12.0
    """Widths of a token that one pass holds at once, in the dtype it computes in. Counted: the models of diffusers
    0.42 on PyTorch's meta device, attention by a kernel that keeps no scores."""
    kept: float = 16.0
    """Widths of a token that a block keeps for the backward pass of adapters, counted alike."""
    text: int = 0
    """Tokens of text that stand beside those of the picture; 0 where text comes in by cross-attention."""
    guided: int = 1
    """Sequences in one pass: 2 where the prompt and its negative run together."""
    patch: int = 2
    patch_frames: int = 1
    """Latent frames that one token spans."""
    experts: int = 1
    """Denoisers that take turns, each for some of the steps (Wan 2.2 holds two)."""
    unet: bool = False
    scores: float = 0.0
    """Attention scores of each pair of latent pixels that a backward pass keeps where attention is no kernel."""
    each: float = 0.0
    """Of a U-Net: floating-point operations of one pass for each latent pixel; 0 where nobody counted."""
    pairs: float = 0.0
    """Of a U-Net: those of attention for each pair of latent pixels."""
    modules: int = 0
    """Modules of a pass, each of which launches its kernels; 0: as many as its blocks have."""


class Encoder(NamedTuple):
    """A text encoder."""

    billions: float
    kept: float = 0.08
    """Share of it that no quantization while loading touches: embeddings, and what its class keeps in 32 bit."""


class Vae(NamedTuple):
    """What turns latents into pixels. Counted: diffusers' decoders on the meta device, and in 2D the copies of input
    and output that cuDNN makes of a convolution."""

    billions: float
    stride: int = 8
    """Pixels of one latent pixel along each side."""
    temporal: float = 1
    """Frames of one latent frame."""
    plane: float = 1217.0
    """Numbers per pixel that decoding holds at once without tiles, however many frames."""
    frame: float = 0.0
    """Numbers per pixel and frame beside those."""
    still: float = 0.0
    """Numbers per pixel of a single frame, where a video VAE decodes one; 0: `plane`."""
    tile_gib: float = 0.3
    """What decoding holds with tiles, in 16 bit, GiB, beside the frames themselves."""
    tiles: bool = False
    """The pipeline decodes in tiles unless told otherwise."""
    fp32: bool = False
    """It is turned to 32 bit before it decodes, as 16 bit overflows in it."""

    def bytes_each(self, bits: float) -> int:
        """Bytes of a number in it, where the rest of the pipeline computes in so many `bits`."""
        return 4 if self.fp32 or bits > 16 else 2

    def numbers(self, frames: int) -> float:
        """Numbers per pixel that decoding holds at once without tiles."""
        return (self.still if frames == 1 and self.still else self.plane) + self.frame * frames


class Pipeline(NamedTuple):
    """What makes a picture or a video."""

    denoiser: Denoiser
    encoders: tuple[Encoder, ...]
    """Of the text, and of a picture where one is given."""
    vae: Vae
    width: int = 1024
    height: int = 1024
    frames: int = 1
    encoder_bits: int = 16
    """Of the text encoders as its own scripts load them."""
    known: bool = True
    """Whether the components are known, not guessed from the size of the denoiser."""

    @property
    def text_encoders(self) -> float:
        """All text encoders, billions of parameters."""
        return sum(encoder.billions for encoder in self.encoders)

    def tokens(self, width: int, height: int, frames: int) -> float:
        """Tokens of one picture or video: latent pixels in patches, by latent frames, and the text beside them."""
        side = self.vae.stride * self.denoiser.patch
        deep = -(-self.latent_frames(frames) // self.denoiser.patch_frames)
        return (width / side) * (height / side) * deep + self.denoiser.text

    def latent_frames(self, frames: int) -> float:
        """Frames of the latent: the first stands alone, the others in groups."""
        return (frames - 1) // self.vae.temporal + 1
