"""How fast an engine of speech recognition works beside what the GPU computes."""

from gpuspec.engines.decode import Range
from gpuspec.named_tuple import NamedTuple


class TranscriptionSpeed(NamedTuple):
    """Times are in seconds. That of transformers is the usual one."""

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
