"""The model of a service whose program nobody knows, by its variables."""

import re
from collections.abc import Mapping
from typing import Any

from gpuspec.engines import ENGINES
from gpuspec.formats.compose.said import Said

_NAMES_MODEL = re.compile(r"(?:^|_)MODEL(?:_?(?:ID|NAME|PATH|REPO|REPO_ID))?$", re.I)
_ON_THE_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_FILE = re.compile(r"\.(?:py|ya?ml|json|txt|toml|sh|bin|onnx|pt|pth)$")
_ASKS_OTHERS = re.compile(
    r"OPENAI|ANTHROPIC|AZURE|GEMINI|GROQ|OPENROUTER|LITELLM|API_BASE|BASE_URL|(?:LLM|VLLM|OLLAMA|TGI|INFERENCE)_\w*"
    r"(?:URL|HOST|ENDPOINT)",
    re.I,
)


def model_of(env: Mapping[str, Said], image: str | None, run: str) -> dict[str, tuple[Any, str]] | None:
    """The model that a variable names, such as STT_MODEL_NAME=Systran/faster-whisper-medium, where one does: parts of
    `model` with their places. A service that asks other servers may name theirs."""
    if run or any(_ASKS_OTHERS.search(name) for name in env):
        return None
    named: dict[str, str] = {}
    for name, value in env.items():
        text = value.fact() or ""
        if _NAMES_MODEL.search(name) and _ON_THE_HUB.fullmatch(text) and not _FILE.search(text):
            named.setdefault(text, value.pointer)
    if len(named) != 1:
        return None
    ((model, place),) = named.items()
    found = {"id": (model, place)}
    engine = _named_after(model)
    return {**found, "engine": (engine, place)} if engine else found


def _named_after(model: str) -> str | None:
    """The engine that a repository is named after, since it holds its files: Systran/faster-whisper-medium."""
    last = model.rpartition("/")[2].lower()
    return next((engine.name for engine in ENGINES if last.startswith(engine.name + "-")), None)
