"""Memory of speech models: Whisper and its engines."""

from __future__ import annotations

from gpuspec.engines import USUAL_FOR_SPEECH, engine_of
from gpuspec.engines.engine import TORCH
from gpuspec.quantization import bits_of
from gpuspec.sizing.memory import Need, Part, Phase, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime
from gpuspec.sizing.weights import GIB
from gpuspec.workload import Workload


def audio(workload: Workload, gpus: int) -> Need | Unsized:
    """Need of a speech recognition model."""
    model = workload.model
    params = workload.params_b or (model.params_b if model else None)
    if not params:
        return Unsized(f"the size of {workload.model_name or 'the model'} is not known; give model.params_b")
    bits = bits_of(workload.quantization or workload.dtype or "fp16")
    if bits is None:
        return unknown_scheme(workload.quantization)
    engine = engine_of(workload.engine or USUAL_FOR_SPEECH)
    many = workload.concurrency or workload.batch or 1
    size = params * 1e9 * bits / 8 / GIB
    parts = [Part("weights", size, size, 1.05 * size, f"{params:g} B parameters × {bits:g} bits")]
    cache = 0.16 * params * many
    parts.append(Part("KV cache", 0.5 * cache, cache, 2 * cache, f"{many} × 30 s of sound, beams included"))
    work = 0.2 + 0.2 * params
    parts.append(Part("activations", 0.5 * work, work, 3 * work, "encoder pass over 30 s of sound"))
    parts.extend(runtime(TORCH, (0.05, 0.1, 0.3), gpus))
    if engine.memory.reads_32_bit:
        parts.append(
            Part(
                "loading",
                0.0,
                0.25 * size,
                2 * size,
                "the checkpoint is read in 32 bit, then halved",
                "reserved",
            )
        )
    return Need((Phase("transcribing", tuple(parts)),), gpus, engine.name, (), "medium")
