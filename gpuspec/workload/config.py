"""Configuration files of trainers and servers: flat keys → scalars."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gpuspec.text.yaml import Item, read_yaml

MAX_KEYS = 5_000


def read_config(text: str, path: str) -> dict[str, str]:
    """`a.b.c` → scalar as text. Empty where the file cannot be read. JSON, TOML (from Python 3.11) and the part of
    YAML that `read_yaml` knows; lists are left out."""
    try:
        if path.endswith(".json"):
            return _flat(import_module("json").loads(text))
        if path.endswith(".toml"):
            return _flat(import_module("tomllib").loads(text))
    except (ImportError, ValueError, RecursionError):
        return {}
    return _flat(read_yaml(text))


def _flat(value: Any, prefix: str = "", depth: int = 0) -> dict[str, str]:
    if isinstance(value, Item):
        value = {one.key: one for one in value.inner if one.key not in ("-", "")} or value.scalar
    found: dict[str, str] = {}
    if isinstance(value, dict) and depth < 8:
        for key, inner in list(value.items())[:MAX_KEYS]:
            found.update(_flat(inner, f"{prefix}.{key}" if prefix else str(key), depth + 1))
    elif isinstance(value, bool):
        found[prefix] = "true" if value else "false"
    elif isinstance(value, (str, int, float)):
        found[prefix] = str(value)
    return found
