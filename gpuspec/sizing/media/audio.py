"""Memory of speech models: Whisper and its engines; others by their size alone."""

from __future__ import annotations

from gpuspec.engines import USUAL_FOR_SPEECH, engine_of
from gpuspec.engines.engine import TORCH, Engine
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import bits_of
from gpuspec.sizing.memory import GIVE_PARAMS, Need, Part, Phase, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime
from gpuspec.sizing.weights import GIB
from gpuspec.workload import Workload

SOUND_TOKENS, TEXT_TOKENS = 1500, 448
"""Of thirty seconds: frames that the encoder makes of them; the most text that the decoder writes.
Source: openai/whisper, model.py (n_audio_ctx, n_text_ctx)."""
SPOKEN = (60, 100, TEXT_TOKENS)
"""Tokens of text in thirty seconds: 2.5 words a second are about 100."""
BEAMS = 5
"""Of all its engines unless told otherwise (openai/whisper, transcribe.py; faster-whisper; whisper.cpp)."""
ENCODER_BUFFERS = 14
"""Widths of a frame that the encoder's pass holds: its feed-forward is four times as wide, twice, and the rest."""


class Width(NamedTuple):
    """Of Whisper: width of a token, layers of the decoder and of the encoder."""

    hidden: int
    decoder: int
    encoder: int


WHISPER = {
    "whisper-tiny": Width(384, 4, 4),
    "whisper-base": Width(512, 6, 6),
    "whisper-small": Width(768, 12, 12),
    "whisper-medium": Width(1024, 24, 24),
    "whisper-large": Width(1280, 32, 32),
    "whisper-large-v3-turbo": Width(1280, 4, 32),
    "distil-whisper-large": Width(1280, 2, 32),
}
"""Prefix of the catalogue's id → widths. Source: openai/whisper, model.py (ModelDimensions); model cards of the last
two. 2026-11."""


def audio(workload: Workload, gpus: int) -> Need | Unsized:
    """Need of a model that hears or speaks: encode the sound, decode text or sound."""
    model = workload.model
    params = workload.params_b or (model.params_b if model else None)
    if not params:
        name = workload.model_name or "the model"
        return Unsized(f"the size of {name} is not known; give model.params_b", GIVE_PARAMS)
    bits = bits_of(workload.quantization or workload.dtype or "fp16")
    if bits is None:
        return unknown_scheme(workload.quantization)
    engine = engine_of(workload.engine or USUAL_FOR_SPEECH)
    many = workload.users or workload.concurrency or workload.batch or 1
    size = params * 1e9 * bits / 8 / GIB
    weights = Part("weights", size, size, 1.05 * size, f"{params:g} B parameters × {bits:g} bits")
    found = whisper_of(workload)
    beside = tuple(runtime(TORCH, (0.1, 0.2, 0.5), gpus))
    work = _whisper(found, engine, many) if found else _others(params, many)
    phases = tuple(Phase(phase, (weights, *parts, *beside)) for phase, parts in work)
    if engine.memory.reads_32_bit:
        phases = (_loading(size, bits, beside), *phases)
    return Need(phases, gpus, engine.name, (f"{many} × 30 s of sound",), "medium" if found else "low")


def whisper_of(workload: Workload) -> Width | None:
    """The widths of the workload's model, where it is one of Whisper's."""
    model = workload.model
    name = (model.id if model else workload.model_name or "").split("/")[-1].lower()
    found = max(filter(name.startswith, WHISPER), key=len, default=None)
    return WHISPER[found] if found else None


def _whisper(width: Width, engine: Engine, many: int) -> tuple[tuple[str, tuple[Part, ...]], ...]:
    """Keys and values of the sound, once for a sequence or for each beam, and of the text of each beam."""
    token = 2 * width.decoder * width.hidden * 2 / GIB
    copies = BEAMS if engine.memory.sound_per_beam else 1
    sound = many * copies * SOUND_TOKENS * token
    least, usual, most = (many * BEAMS * tokens * token for tokens in SPOKEN)
    why = (
        f"{many} × {SOUND_TOKENS} frames, and {BEAMS} beams of {SPOKEN[1]} tokens, in {width.decoder} layers"
    )
    cache = Part("KV cache", sound / copies + least, sound + usual, sound + most, why)
    passed = many * SOUND_TOKENS * width.hidden * ENCODER_BUFFERS * 2 / GIB
    encoding = Part("activations", 0.5 * passed, passed, 6 * passed, f"{many} × {SOUND_TOKENS} frames")
    decoding = Part("activations", 0.0, 0.05 + 0.1 * passed, 0.3 + passed, "a token of each beam")
    return ("encoding", (encoding,)), ("decoding", (cache, decoding))


def _others(params: float, many: int) -> tuple[tuple[str, tuple[Part, ...]], ...]:
    """Models of which only the size is known: what Whisper's take for theirs, in a wide range."""
    cache = 0.16 * params * many
    held = Part("KV cache", 0.3 * cache, cache, 4 * cache, f"{many} × 30 s, by size")
    work = 0.2 + 0.2 * params
    return (("running", (held, Part("activations", 0.3 * work, work, 4 * work, "by size"))),)


def _loading(size: float, bits: float, beside: tuple[Part, ...]) -> Phase:
    """The model is built in 32 bit and filled from a checkpoint that lies on the GPU as well: six bytes a parameter
    (openai/whisper, `load_model`). Measured without it: 4.6 GiB (faster-whisper README), so it is the most."""
    whole = size * 48 / bits
    why = "32-bit parameters beside the checkpoint they are read from"
    return Phase("loading", (Part("weights", size, size, whole, why), *beside))
