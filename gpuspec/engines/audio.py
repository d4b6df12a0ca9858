"""Speech: recognition and synthesis."""

from gpuspec.engines.decode import TranscriptionSpeed
from gpuspec.engines.engine import PYTORCH, Engine
from gpuspec.engines.tool import Tool

_SIZES = ("tiny", "base", "small", "medium")
_NAMES = {
    "name": {
        f"{size}{english}": f"openai/whisper-{size}{english}" for size in _SIZES for english in ("", ".en")
    }
}
"""What whisper and its like call models in short; the large ones the catalogue knows by these names."""
_WHISPER = Tool(
    "openai-whisper",
    "batch",
    {"model": "model_name:name", "fp16": "dtype:bool16", "device": "-", "language": "-", "task": "-",
     "output-dir": "-", "output-format": "-"},
    modality="audio",
    translate=_NAMES,
)  # fmt: skip
_FASTER_WHISPER = Tool(
    "faster-whisper",
    "batch",
    {"model": "model_name:name", "-m": "model_name:name", "compute-type": "compute:word",
     "batch-size": "concurrency:int", "batched": ""},
    modality="audio",
    translate=_NAMES,
)  # fmt: skip
_WHISPERX = _FASTER_WHISPER._replace(engine="whisperx")
_INSANELY_FAST = Tool(
    "transformers",
    "batch",
    {"model-name": "model_name:name", "batch-size": "concurrency:int", "flash": "-", "file-name": "-"},
    modality="audio",
)

_WHISPER_SERVER = _FASTER_WHISPER._replace(
    task="serve", flags={"model": "model_name:name", "compute-type": "compute:word"}
)
_SPEECH_SERVER = Tool(
    "tts", "serve", {"model-name": "model_name:name", "model-path": "model_name:name"}, modality="audio"
)

# SYSTRAN/faster-whisper README, large-v2, five beams, 13 minutes: 54 s on a V100S, 63 s on an RTX 3070 Ti (1.1);
# Vaibhavs10/insanely-fast-whisper README, large-v3, one beam, 150 minutes: 563 s on an A100.
_CTRANSLATE2 = TranscriptionSpeed((0.4e-3, 0.55e-3, 0.75e-3), (1e-3, 2e-3, 4e-3), (1.0, 1.0, 1.1))
# The same README, openai/whisper with five beams: 270 s on a V100S in 2023, 143 s on an RTX 3070 Ti (v20240930).
_OPENAI = TranscriptionSpeed((1.0e-3, 1.4e-3, 2.4e-3), (1e-3, 3e-3, 6e-3), (1.0, 1.0, 1.1))

_FASTER_CALL = Tool("faster-whisper", "batch", modality="audio", translate=_NAMES)

OPENAI_WHISPER = Engine(
    "openai-whisper",
    "speech",
    _WHISPER,
    programs={("whisper",): _WHISPER, ("-m", "whisper"): _WHISPER},
    aliases=("whisper",),
    module="whisper",
    loaders={
        "whisper.load_model": Tool(
            "openai-whisper", "batch", {"name": "model_name:name"}, modality="audio", translate=_NAMES
        )
    },
    memory=PYTORCH._replace(reads_32_bit=True, sound_per_beam=True),  # its decoding.py
    transcription=_OPENAI,
    one_gpu_by_default=True,
    registry="openaipublic.azureedge.net",
)
FASTER_WHISPER = Engine(
    "faster-whisper",
    "speech",
    _FASTER_WHISPER,
    programs={
        ("whisper-ctranslate2",): _FASTER_WHISPER,
        ("faster-whisper-xxl",): _FASTER_WHISPER,
        ("faster-whisper-server",): _WHISPER_SERVER,
        ("speaches",): _WHISPER_SERVER,
        ("wyoming-faster-whisper",): _WHISPER_SERVER,
    },
    images={"fedirz/faster-whisper-server": _WHISPER_SERVER},
    # Their Dockerfiles and READMEs, November 2026
    entrypoints={
        "fedirz/faster-whisper-server": "faster-whisper-server",
        "etalab-ia/faster-whisper-server": "faster-whisper-server",
        "speaches-ai/speaches": "speaches",
        "linuxserver/faster-whisper": "wyoming-faster-whisper",
        "rhasspy/wyoming-whisper": "wyoming-faster-whisper",
    },
    environment={
        "WHISPER__MODEL": "model_name:name",
        "WHISPER_MODEL": "model_name:name",
        "WHISPER__COMPUTE_TYPE": "compute:word",
    },
    module="faster_whisper",
    transcription=_CTRANSLATE2,
    loaders={"WhisperModel": _FASTER_CALL._replace(flags={"model-size-or-path": "model_name:name"})},
)
WHISPERX = Engine(
    "whisperx",
    "speech",
    _WHISPERX,
    programs={("whisperx",): _WHISPERX, ("-m", "whisperx"): _WHISPERX},
    module="whisperx",
    transcription=_CTRANSLATE2._replace(at_once=8),  # its batch_size
    loaders={"whisperx.load_model": _FASTER_CALL._replace(flags={"whisper-arch": "model_name:name"})},
)
SPEECH = Engine(
    "tts",
    "speech",
    _SPEECH_SERVER,
    programs={("tts-server",): _SPEECH_SERVER, ("insanely-fast-whisper",): _INSANELY_FAST},
)
ENGINES = (OPENAI_WHISPER, FASTER_WHISPER, WHISPERX, SPEECH)
