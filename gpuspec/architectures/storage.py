"""How a checkpoint can keep its weights: which of them in which scheme, and which as they were."""

from __future__ import annotations

from typing import Any

from gpuspec.architectures.module_patterns import ModulePatterns
from gpuspec.architectures.parts import PARTS
from gpuspec.named_tuple import NamedTuple

LINEAR = tuple(part for part in PARTS if part not in ("embedding", "head", "router", "norms"))
"""Parts whose linear layers every quantizer takes where nothing else is said."""
WITH_HEAD = (*LINEAR, "head")
EVERYTHING = (*WITH_HEAD, "router", "embedding")


def whole(value: Any, most: int = 1_000_000) -> int:
    """A whole number from 1 to `most`, such as the weights of a group; 0 for anything else."""
    return value if type(value) is int and 1 <= value <= most else 0


class Storage(NamedTuple):
    """How some of the weights are kept: in `scheme`, `bits` a weight with its scales."""

    scheme: str
    bits: float
    modules: ModulePatterns | None = None
    """Those that it names; None: all of `parts`."""
    parts: tuple[str, ...] = LINEAR


class Precision(NamedTuple):
    """`dtype` for what no rule names; the first rule that names a module decides; `kept` modules stay in `dtype`."""

    dtype: str | None
    rules: tuple[Storage, ...] = ()
    kept: ModulePatterns | None = None
    kv_dtype: str | None = None
    """What the cache is kept in where the engine is left to choose ("fp8"); None: as the activations."""
    unread: str = ""
    """What of the quantization could not be read; "" where all was."""
