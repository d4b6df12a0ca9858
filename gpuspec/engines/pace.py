"""How fast an engine is: what it reaches of a GPU, and what its steps take beside that."""

from gpuspec.named_tuple import NamedTuple

Range = tuple[float, float, float]
"""Low, expected, high."""


class Pace(NamedTuple):
    """Shares are of the GPU's data sheet; times are in seconds."""

    bandwidth: Range = (0.5, 0.8, 1.0)
    """Of the memory bandwidth, while weights and cache are read for a token of each sequence."""
    compute: Range = (0.25, 0.5, 0.8)
    """Of the dense TFLOPS, where arithmetic decides."""
