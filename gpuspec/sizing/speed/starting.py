"""How long it takes until a machine can answer: fetching a model and bringing it to the GPU."""

from gpuspec.sizing.speed.rates import Range

DOWNLOAD_GBIT = (1.0, 3.0, 10.0)
"""Network of a rented GPU machine, Gbit/s: slow, usual, fast. Assumed."""
LOAD_GBS = (0.5, 1.5, 5.0)
"""Disk to GPU memory, GB/s: network disk, local NVMe, NVMe with parallel reads. Assumed."""


def download_seconds(gigabytes: float) -> Range:
    """Seconds to fetch a model over 10, 3 or 1 Gbit/s."""
    slow, usual, fast = (gigabytes * 8 / rate for rate in DOWNLOAD_GBIT)
    return Range(fast, usual, slow)


def load_seconds(gigabytes: float) -> Range:
    """Seconds to bring a model from disk to the GPU, and 5–20 s for the engine to start."""
    slow, usual, fast = (gigabytes / rate for rate in LOAD_GBS)
    return Range(fast + 5, usual + 10, slow + 20)
