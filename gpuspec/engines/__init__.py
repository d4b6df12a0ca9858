"""Engines: one row each, in the file of its family. Adding one is adding a row; nothing else knows their names."""

from gpuspec.engines import audio, hugging_face, image, llama_cpp, vllm
from gpuspec.engines.engine import PYTORCH, Defaults, Engine, Memory, Quantizing, Server, Training
from gpuspec.engines.known import ENGINES, engine_names, engine_of, is_known, key_variables
from gpuspec.engines.tool import Tool

ASSUMED = hugging_face.TRANSFORMERS.name
"""Where nobody names an engine, memory is that of plain PyTorch."""
FOR_GGUF = llama_cpp.LLAMA_CPP.name
USUAL_SERVER = vllm.VLLM.name
"""What most serve language models with."""
USUAL_TRAINER = hugging_face.HF_TRAINER.name
USUAL_FOR_IMAGES = image.DIFFUSERS.name
USUAL_FOR_SPEECH = audio.OPENAI_WHISPER.name

__all__ = [
    "ASSUMED",
    "ENGINES",
    "FOR_GGUF",
    "PYTORCH",
    "USUAL_FOR_IMAGES",
    "USUAL_FOR_SPEECH",
    "USUAL_SERVER",
    "USUAL_TRAINER",
    "Defaults",
    "Engine",
    "Memory",
    "Quantizing",
    "Server",
    "Tool",
    "Training",
    "engine_names",
    "engine_of",
    "is_known",
    "key_variables",
]
