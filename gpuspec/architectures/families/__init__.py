"""The architectures: which function reads the config of which `model_type`. One file a family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import Config
from gpuspec.architectures.families import (
    dense,
    gemma,
    gpt_like,
    hearing,
    inkling,
    inside,
    latent,
    layer_norm,
    like_mistral,
    llama_like,
    loops,
    mixtures,
    qwen,
    seeing,
    uneven,
)
from gpuspec.architectures.parts import Architecture

Reader = Callable[[Config], Architecture]
"""From a config with its defaults to the structure it states."""

FAMILIES: Mapping[str, Reader] = {
    **llama_like.TYPES,
    **dense.TYPES,
    **gemma.TYPES,
    **gpt_like.TYPES,
    **layer_norm.TYPES,
    **like_mistral.TYPES,
    **inkling.TYPES,
    **loops.TYPES,
    **mixtures.TYPES,
    **qwen.TYPES,
    **uneven.TYPES,
    **latent.TYPES,
    **inside.TYPES,
    **seeing.TYPES,
    **hearing.TYPES,
}
"""`model_type` → its reader."""
