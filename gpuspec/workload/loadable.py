"""Names of models that an engine cannot load, told by the name alone: another registry's, another format's.

Sources: huggingface_hub 1.0 utils/_validators.py (a repository is `name` or `owner/name` of letters, digits, - _ .);
vLLM's docs, "GGUF", 2026-11 (`repo_id:quant_type`, or one file); SGLang 0.5.5 srt/utils/hf_transformers_utils.py,
check_gguf_file (one file); vllm#13283 (MLX); FastChat#1689 and unsloth#1191 (an adapter in the place of a model)."""

from __future__ import annotations

import re

from gpuspec.catalog import ModelMatch
from gpuspec.engines import Engine
from gpuspec.quantization import find_scheme

_TAGGED = re.compile(r"[\w.-]+(?:/[\w.-]+)?:[\w.-]+")
_GGUF_TAG = re.compile(r"(?:UD-)?(?:I?Q\d|TQ\d|BF16|F16|F32|MXFP4)\w*", re.I)
_ADDRESS = re.compile(r"(?:https?://)?(?:hf\.co|huggingface\.co)/", re.I)
_BITS = re.compile(r"\d(?:\.\d+)?bits?|mxfp\d|nvfp4|q\d|int\d|dwq\w*")
_ADAPTERS = frozenset({"lora", "qlora", "adapter", "adapters"})
_AFTER = re.compile(r"\d+(?:\.\d+)?[bm]|v\d\w*|r\d+|epoch\w*")


def why_not(name: str, engine: Engine, match: ModelMatch | None) -> str | None:
    """Why an engine cannot load a model of this name, in a word; None where it may: "tag" (of another registry),
    "address", "gguf" (a repository of many files), "mlx", "exl", "adapter", "safetensors" (it reads GGUF alone)."""
    if engine.weights == "GGUF":
        return _no_gguf(name, match)
    if engine.weights != "safetensors" or "\\" in name:
        return None
    if _ADDRESS.match(name):
        return "address"
    if "://" in name or name.startswith(("/", ".", "~")) or name.count("/") > 1:
        return None
    if _TAGGED.fullmatch(name):
        held = engine.gguf == "tag" and "/" in name and _GGUF_TAG.fullmatch(name.rpartition(":")[2])
        return None if held else "tag"
    words = re.split(r"[-_.]+", name.rpartition("/")[2].lower())
    if "/" in name and words[-1] == "gguf" and not name.endswith(".gguf") and engine.gguf:
        return "gguf"
    if "mlx" in words and not name.startswith("mlx-community/") and any(map(_BITS.fullmatch, words)):
        return "mlx"
    if any(word.startswith(("exl2", "exl3")) for word in words) and "EXL2" in engine.quantizing.refuses:
        told = match is not None and find_scheme(match.quantization).family == "EXL2"  # GS203 says it
        return None if told else "exl"
    adapts = "/" in name and engine.memory.adapters and _is_adapter(words)
    return "adapter" if adapts and not _has_config(name) else None


def _no_gguf(name: str, match: ModelMatch | None) -> str | None:
    """Whether a name is the one under which a model's own, unquantized files are known."""
    known = match.model if match is not None and match.relation == "name" else None
    if known is None or "gguf" in name.lower() or match is None or match.quantization or "/" not in name:
        return None
    return "safetensors" if name.lower() in {alias.lower() for alias in known.aliases} else None


def _has_config(name: str) -> bool:
    """Whether a repository is known to hold a whole model, whatever it is called."""
    from gpuspec.catalog.hub_table import HubTable

    return HubTable().has(name)


def _is_adapter(words: list[str]) -> bool:
    """Whether a repository's name ends like one of an adapter alone: llama3-8b-sql-lora, alpaca-lora-7b."""
    if {"merged", "merge", "fused", "full"} & set(words):
        return False
    return words[-1] in _ADAPTERS or (
        len(words) > 2 and words[-2] in _ADAPTERS and _AFTER.fullmatch(words[-1]) is not None
    )
