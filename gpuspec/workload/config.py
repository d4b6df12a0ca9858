"""Configuration files of trainers and servers: flat keys → scalars."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from gpuspec.text.yaml import Item, read_yaml

MAX_KEYS = 5_000


@lru_cache(maxsize=4)  # a file is asked first whose it is, then what it says
def read_config(text: str, path: str) -> Mapping[str, str]:
    """`a.b.c` → scalar as text. Empty where the file cannot be read. JSON, TOML (from Python 3.11) and the part of
    YAML that `read_yaml` knows. A list of scalars is one text, with commas between; of a list of maps the first
    counts: `process.0.train.batch_size`."""
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
        value = _of_yaml(value)
    if isinstance(value, (list, tuple)):
        listed = [_of_yaml(each) if isinstance(each, Item) else each for each in value[:MAX_KEYS]]
        if listed and isinstance(listed[0], dict):
            value = {"0": listed[0]}
        elif listed and all(isinstance(each, (str, int, float)) for each in listed):
            value = ",".join(str(each) for each in listed)
    found: dict[str, str] = {}
    if isinstance(value, dict) and depth < 8:
        for key, inner in list(value.items())[:MAX_KEYS]:
            found.update(_flat(inner, f"{prefix}.{key}" if prefix else str(key), depth + 1))
    elif isinstance(value, bool):
        found[prefix] = "true" if value else "false"
    elif isinstance(value, (str, int, float)):
        found[prefix] = str(value)
    return found


def _of_yaml(item: Item) -> Any:
    """A map, a list or a scalar."""
    if item.inner and item.inner[0].key == "-" and item.key != "-":
        return item.inner
    if item.raw[:1] == "[" and item.raw[-1:] == "]" and "{" not in item.raw:
        return [part.strip().strip("\"'") for part in item.raw[1:-1].split(",") if part.strip()]
    return {one.key: one for one in item.inner if one.key not in ("-", "")} or item.scalar
