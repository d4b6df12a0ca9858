"""The architectures: which function reads the config of which `model_type`. One file a family.

Those of text alone are together in `texts`: models that see and hear are built on them."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.families import (
    hearing,
    kimi_k3,
    moondream,
    seeing,
    seeing_encoder_decoders,
    seeing_hub,
    seeing_otherwise,
)
from gpuspec.architectures.families.texts import TEXTS

FAMILIES: Mapping[str, Reader] = {
    **TEXTS,
    **kimi_k3.TYPES,
    **moondream.TYPES,
    **seeing_otherwise.TYPES,
    **seeing.TYPES,
    **seeing_hub.TYPES,
    **seeing_encoder_decoders.TYPES,
    **hearing.TYPES,
}
"""`model_type` → its reader."""
