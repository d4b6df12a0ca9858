"""How fast an engine decodes text, or writes down speech: what it reaches of a GPU, and what its steps take beside
that."""

from collections.abc import Mapping

from gpuspec.named_tuple import NamedTuple

Range = tuple[float, float, float]
"""Low, expected, high."""


class DecodeSpeed(NamedTuple):
    """Of a step that writes one token of each sequence. Shares are of the GPU's data sheet; times are in seconds."""

    bandwidth: Range = (0.6, 0.82, 0.95)
    """Of the memory bandwidth, while weights are read."""
    cache: Range = (0.45, 0.75, 0.95)
    """Of the memory bandwidth, while the cache is read."""
    cache_unpacked: bool = False
    """A cache in fewer bits takes as long as one in 16: unpacking costs what reading saves."""
    compute: Range = (0.3, 0.6, 0.85)
    """Of the dense TFLOPS, for the arithmetic of many sequences."""
    block: Range = (12e-6, 30e-6, 150e-6)
    """Launches and small kernels of one block of a layer: attention, or a feed-forward network; of any width."""
    in_scheme: Mapping[str, Range] = {}
    """Scheme → what its kernels take on top, of each layer."""
    in_blocks: Range | None = None
    """The same of FP8 with a scale for each block of weights and activations; None: no more than with one scale."""
    in_blocks_newest: Range | None = None
    """The same on data-centre Blackwell (compute capability 10), whose scales are powers of two and made anew."""
    eager_block: Range | None = None
    """The same of one block where the host launches each kernel by itself while the GPU works: then a step is never
    quicker than the launches. None: it always records CUDA graphs, or their like."""
    cuda_graphs: bool = True
    """Whether it records CUDA graphs unless told not to."""
    step: Range = (0.0, 0.2e-3, 1e-3)
    """Choosing the tokens, and what the host does between two steps."""
    in_turn: bool = False
    """GPUs that share a model by its layers work one after another, whatever the number of sequences."""


class TranscriptionSpeed(NamedTuple):
    """How fast an engine of speech recognition works beside what the GPU computes. Times are in seconds.
    That of transformers is the usual one."""

    layer: Range = (0.5e-3, 0.9e-3, 1.3e-3)
    """That a layer of the decoder takes for each token that is written, whatever the GPU: launches of its kernels,
    and what is done to its beams. transformers, large-v3 on an A100: alone 27–34 ms a token, 24 at once about 15
    (Vaibhavs10/insanely-fast-whisper); on an RTX 3070 Ti 36 ms with five beams (SYSTRAN/faster-whisper 1.1)."""
    prepare: Range = (2e-3, 4e-3, 7e-3)
    """Of the CPU for each second of sound: decoding the file, the spectrogram. insanely-fast-whisper, distil-whisper:
    of 78 s for 9,000 s of sound the GPU computes about ten."""
    overlap: Range = (1.0, 1.25, 1.5)
    """Seconds that are heard for each second of sound: windows overlap; transformers' pipeline steps by 20 of 30
    s."""
    at_once: int = 1
    """Windows, unless told otherwise."""
