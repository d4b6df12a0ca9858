"""What transformers' configuration classes say where a config.json says nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

DEFAULTS = os.path.join(os.path.dirname(__file__), "data", "defaults.jsonl")
"""One line a `model_type`, sorted: its name, a tab, its fields as JSON. `python -m tools.architectures` writes it."""


@cache
def _lines() -> Mapping[str, str]:
    with open(DEFAULTS, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("\t", 1) for line in file if not line.startswith("#"))


def defaults_of(model_type: str) -> dict[str, Any]:
    """The defaults of an architecture's class; empty for one that transformers does not know."""
    from json import loads

    line = _lines().get(model_type)
    found: dict[str, Any] = loads(line) if line else {}
    return found
