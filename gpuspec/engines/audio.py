"""Speech to text, and what serves people instead of programs: notebooks and web interfaces."""

from __future__ import annotations

from gpuspec.engines.tool import Tool

WHISPER = Tool(
    "openai-whisper",
    "batch",
    {"model": "model_name:name", "fp16": "dtype:bool16", "device": "-", "language": "-", "task": "-",
     "output-dir": "-", "output-format": "-"},
    modality="audio",
)  # fmt: skip
FASTER_WHISPER = Tool(
    "faster-whisper",
    "batch",
    {"model": "model_name:name", "-m": "model_name:name", "compute-type": "compute:word",
     "batch-size": "concurrency:int", "batched": ""},
    modality="audio",
)  # fmt: skip
WHISPERX = FASTER_WHISPER._replace(engine="whisperx")
INSANELY_FAST = Tool(
    "transformers",
    "batch",
    {"model-name": "model_name:name", "batch-size": "concurrency:int", "flash": "-", "file-name": "-"},
    modality="audio",
)

WHISPER_SERVER = FASTER_WHISPER._replace(
    task="serve", flags={"model": "model_name:name", "compute-type": "compute:word"}
)
SPEECH_SERVER = Tool(
    "tts", "serve", {"model-name": "model_name:name", "model-path": "model_name:name"}, modality="audio"
)

NOTEBOOK = Tool(None, "interactive")

TOOLS: dict[tuple[str, ...], Tool] = {
    ("whisper",): WHISPER,
    ("-m", "whisper"): WHISPER,
    ("whisper-ctranslate2",): FASTER_WHISPER,
    ("faster-whisper-xxl",): FASTER_WHISPER,
    ("whisperx",): WHISPERX,
    ("-m", "whisperx"): WHISPERX,
    ("insanely-fast-whisper",): INSANELY_FAST,
    ("faster-whisper-server",): WHISPER_SERVER,
    ("speaches",): WHISPER_SERVER,
    ("wyoming-faster-whisper",): WHISPER_SERVER,
    ("tts-server",): SPEECH_SERVER,
    ("jupyter", "lab"): NOTEBOOK,
    ("jupyter", "notebook"): NOTEBOOK,
    ("jupyter-lab",): NOTEBOOK,
    ("jupyter-notebook",): NOTEBOOK,
    ("-m", "jupyterlab"): NOTEBOOK,
    ("-m", "jupyter", "lab"): NOTEBOOK,
    ("code-server",): NOTEBOOK,
    ("streamlit", "run"): NOTEBOOK,
    ("gradio",): NOTEBOOK,
    ("open-webui", "serve"): NOTEBOOK,
}
