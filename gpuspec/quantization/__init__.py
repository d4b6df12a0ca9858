"""Schemes that keep weights in fewer bits: one table, which every floor asks.

On the ground floor, since the catalogue reads schemes from the names of checkpoints, engines say which they load,
and sizing, rules and commands ask for bits, kernels and spellings.
"""

from gpuspec.quantization.gguf import GGUF_BITS
from gpuspec.quantization.schemes import (
    BITSANDBYTES,
    DTYPE_BITS,
    SCHEMES,
    Scheme,
    bits_of,
    find_scheme,
    spelled,
)

__all__ = [
    "BITSANDBYTES",
    "DTYPE_BITS",
    "GGUF_BITS",
    "SCHEMES",
    "Scheme",
    "bits_of",
    "find_scheme",
    "spelled",
]
