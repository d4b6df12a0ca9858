"""The architectures that read text and write it: which function reads the config of which `model_type`."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.decoder import Reader
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

TEXTS: Mapping[str, Reader] = {
    model_type: read
    for family in (
        blt, compressed, deepseek_v41, delta, dense, encoder_decoders, encoders, gemma, gpt_like, hub_code, inkling,
        inside, latent, liquid, llama_like, loops, mamba, mixtures, nemotron_h, qwen, recurrent, renamed,
        rotary_encoders, streams, t5_like, uneven, zamba, zaya,
    )
    for model_type, read in family.TYPES.items()
}  # fmt: skip
"""`model_type` → its reader."""
