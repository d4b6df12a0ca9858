"""From a config.json to an Architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpuspec.architectures.classes import by_class
from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.defaults import defaults_of
from gpuspec.architectures.families import FAMILIES
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.towers.senses import read_unknown_senses
from gpuspec.architectures.unknown import read_unknown


def read_architecture(config: Mapping[str, Any]) -> Architecture:
    """The structure that a config.json states.

    Raises Unsaid (a ValueError, in words) where the config leaves out what is needed and its class has no default."""
    kind = config.get("model_type")
    name = kind if isinstance(kind, str) else ""
    c = ModelConfig(config, defaults_of(name))
    read = FAMILIES.get(c.model_type)
    if read is not None:
        return read(c)
    return by_class(c) or read_unknown_senses(c) or read_unknown(c)
