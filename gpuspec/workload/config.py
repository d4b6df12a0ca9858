"""Configuration files of trainers and servers: flat keys → scalars."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from gpuspec.text.yaml_tree import read_yaml_file

MAX_KEYS = 5_000


@lru_cache(maxsize=4)  # a file is asked first whose it is, then what it says
def read_config(text: str, path: str) -> Mapping[str, str]:
    """`a.b.c` → scalar as text. Empty where the file cannot be read. JSON, TOML (from Python 3.11) and YAML of one
    document. A list of scalars is one text, with commas between; of a list of maps the first counts:
    `process.0.train.batch_size`. Texts of several lines are left out."""
    try:
        if path.endswith(".json"):
            return _flat(import_module("json").loads(text))
        if path.endswith(".toml"):
            return _flat(import_module("tomllib").loads(text))
    except (ImportError, ValueError, RecursionError):
        return {}
    documents = read_yaml_file(text).documents
    return _flat(documents[0].value) if len(documents) == 1 else {}


def _flat(value: Any, prefix: str = "", depth: int = 0) -> dict[str, str]:
    if isinstance(value, list):
        listed = value[:MAX_KEYS]
        if listed and isinstance(listed[0], dict):
            value = {"0": listed[0]}
        elif listed and all(isinstance(each, (str, int, float)) for each in listed):
            value = ",".join(map(_text, listed))
    found: dict[str, str] = {}
    if isinstance(value, dict) and depth < 8:
        for key, inner in list(value.items())[:MAX_KEYS]:
            found.update(_flat(inner, f"{prefix}.{key}" if prefix else str(key), depth + 1))
    elif isinstance(value, (str, int, float)) and "\n" not in (text := _text(value)):
        found[prefix] = text
    return found


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
