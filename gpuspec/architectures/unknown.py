"""An architecture that nobody taught gpuspec: what its fields say, with less confidence."""

from __future__ import annotations

from gpuspec.architectures.config import Config
from gpuspec.architectures.parts import Architecture


def read_unknown(c: Config) -> Architecture:
    """The structure that the fields of an unknown architecture suggest."""
    from gpuspec.architectures.families.llama_like import LlamaLike, everything

    found = LlamaLike(window=everything).read(c)
    return found._replace(
        derived=f"gpuspec does not know the architecture {c.model_type or 'of this config'!r}"
    )
