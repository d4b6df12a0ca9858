"""How fast speech is recognized or spoken: seconds of sound a second, the inverse of the real-time factor.

Whisper hears 30 seconds at a time: its encoder computes 1,500 frames once, its decoder writes some hundred tokens.
Each token reads the decoder's weights and what the encoder made of the sound, and launches every layer's kernels."""

from gpuspec.catalog import Gpu, Model
from gpuspec.engines import USUAL_FOR_SPEECH, engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import bits_of
from gpuspec.sizing.media.audio import SOUND_TOKENS, Width, whisper_of
from gpuspec.sizing.memory import Unsized, unknown_scheme
from gpuspec.sizing.speed.matmul import FP32_SHARE, matmul_tflops
from gpuspec.sizing.speed.rates import Range, WorkRate, idle
from gpuspec.workload import Workload

WINDOW = 30.0
"""Seconds of sound that Whisper hears at a time (openai/whisper, audio.py, CHUNK_LENGTH)."""
SPOKEN = (95, 120, 155)
"""Tokens of text in a window: 2.5 words a second are about 100, and their timestamps."""
LONGEST = (120, 170, 224)
"""The same of the longest of several windows at once, for which the others wait."""
SHARE = (0.3, 0.5, 0.75)
"""Of what large matrix products reach, the encoder's pass. Assumed."""
READS = (0.5, 0.7, 0.9)
"""Of the memory bandwidth, what a step of the decoder reaches. Assumed."""
WORDS = 51_866
"""Of Whisper's vocabulary (openai/whisper, tokenizer.py)."""

CODECS = {"orpheus-3b": 84.0}
"""Beginning of a model's name → tokens it writes for each second that it speaks. canopyai/Orpheus-TTS README: seven
tokens of SNAC for each of 12 frames a second."""


class Window(NamedTuple):
    """What 30 seconds ask of a GPU."""

    encoder: float
    """Floating-point operations."""
    weights: float
    """Parameters of the decoder that each token reads."""
    keys: float
    """Numbers of the sound's keys and values."""


def window_of(width: Width) -> Window:
    """Of one of Whisper's sizes: 12 squares of its width are the weights of an encoder's layer, 14 those of a
    decoder's that each token passes; keys and values of the sound are made once."""
    square = width.hidden**2
    encoder = 2 * 12 * square * width.encoder * SOUND_TOKENS
    encoder += 4 * width.encoder * width.hidden * SOUND_TOKENS**2
    encoder += 2 * 2 * square * width.decoder * SOUND_TOKENS
    keys = 2 * SOUND_TOKENS * width.hidden * width.decoder
    return Window(encoder, 14 * square * width.decoder + WORDS * width.hidden, keys)


def sound_rate(workload: Workload, gpu: Gpu, gpus: int = 1) -> WorkRate | Unsized:
    """Seconds of sound that are recognized a second."""
    width = whisper_of(workload)
    name = workload.model.id if workload.model else workload.model_name or "the model"
    if width is None or workload.task == "train":
        return Unsized(f"how fast {name} {'is trained' if width else 'works'} is not known")
    bits = bits_of(workload.quantization or workload.dtype or "fp16")
    if bits is None:
        return unknown_scheme(workload.quantization)
    reached = matmul_tflops(gpu)
    if reached is None or not gpu.bandwidth_gbs:
        return Unsized(f"the TFLOPS or the bandwidth of {gpu.name} are not known")
    transcription = engine_of(workload.engine or USUAL_FOR_SPEECH).transcription
    many = workload.users or workload.concurrency or workload.batch or transcription.at_once
    window = window_of(width)
    tokens = LONGEST if many > 1 else SPOKEN
    speeds = []
    encoding = writing = 0.0
    for i in range(3):  # slowest first
        speed = reached.expected * 1e12 * SHARE[i] * (FP32_SHARE[i] if bits > 16 else 1.0)
        encoding = many * window.encoder / speed
        read = (window.weights * bits / 8 + many * window.keys * 2) / (gpu.bandwidth_gbs * 1e9 * READS[i])
        writing = tokens[2 - i] * max(read, width.decoder * transcription.layer[2 - i])
        heard = (
            transcription.overlap[2 - i] * (encoding + writing) / (many * WINDOW)
            + transcription.prepare[2 - i]
        )
        speeds.append(1 / heard)
        if i == 1:
            why = f"{many} × 30 s: encoder {encoding:.2f} s, {tokens[1]} tokens {writing:.2f} s; on the CPU"
            why += f" {1e3 * transcription.prepare[1]:g} ms a second of sound"
    copies = min(workload.processes or workload.data_parallel or 1, gpus)
    said = [f"{tokens[1]} tokens of text in 30 s"]
    return WorkRate("seconds of sound", Range(*speeds).times(copies), why, (*said, *idle(copies, gpus)))


def spoken(model: Model, tokens: Range, why: str) -> WorkRate | Unsized:
    """Seconds that a model speaks a second, where it writes sound token by token."""
    name = model.id.split("/")[-1].lower()
    each = next((rate for start, rate in CODECS.items() if name.startswith(start)), None)
    if each is None:
        return Unsized(f"how many tokens {model.id} writes for a second of sound is not known")
    return WorkRate("seconds of sound", tokens.times(1 / each), f"{why}; {each:g} tokens a second of sound")
