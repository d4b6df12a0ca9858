"""The architectures that read text and write it: which function reads the config of which `model_type`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.families import (
    blt,
    compressed,
    deepseek_v41,
    delta,
    dense,
    encoder_decoders,
    encoders,
    gemma,
    gpt_like,
    hub_code,
    inkling,
    inside,
    latent,
    layer_norm,
    like_mistral,
    liquid,
    llama_like,
    loops,
    mamba,
    mixtures,
    nemotron_h,
    qwen,
    recurrent,
    renamed,
    rotary_encoders,
    streams,
    t5_like,
    uneven,
    zamba,
    zaya,
)
from gpuspec.architectures.parts import Architecture

Reader = Callable[[ModelConfig], Architecture]
"""From a config with its defaults to the structure it states."""

TEXTS: Mapping[str, Reader] = {
    **blt.TYPES,
    **compressed.TYPES,
    **deepseek_v41.TYPES,
    **delta.TYPES,
    **dense.TYPES,
    **encoder_decoders.TYPES,
    **encoders.TYPES,
    **gemma.TYPES,
    **gpt_like.TYPES,
    **inkling.TYPES,
    **latent.TYPES,
    **hub_code.TYPES,
    **layer_norm.TYPES,
    **like_mistral.TYPES,
    **liquid.TYPES,
    **llama_like.TYPES,
    **loops.TYPES,
    **mamba.TYPES,
    **mixtures.TYPES,
    **nemotron_h.TYPES,
    **qwen.TYPES,
    **recurrent.TYPES,
    **renamed.TYPES,
    **rotary_encoders.TYPES,
    **streams.TYPES,
    **t5_like.TYPES,
    **uneven.TYPES,
    **zamba.TYPES,
    **zaya.TYPES,
    **inside.TYPES,
}
"""`model_type` → its reader."""
