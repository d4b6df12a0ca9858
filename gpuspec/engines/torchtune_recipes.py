"""torchtune's own configuration files, which `tune run --config llama3_1/8B_lora_single_device` takes by name."""

from __future__ import annotations

import os
from functools import lru_cache

_TABLE = os.path.join(os.path.dirname(__file__), "torchtune_recipes.tsv")


def recipe(name: str) -> dict[str, str]:
    """What the file of a name says that memory hangs on, by its keys; empty for a name that torchtune has not.

    Source: torchtune 0.6.1, recipes/configs."""
    return _recipes().get(name.removesuffix(".yaml"), {})


@lru_cache(maxsize=1)
def _recipes() -> dict[str, dict[str, str]]:
    with open(_TABLE, encoding="utf-8") as file:
        _, head, *lines = file.read().splitlines()
    _, *keys = head.split("\t")
    rows = (line.split("\t") for line in lines)
    return {
        name: {key: value for key, value in zip(keys, values, strict=False) if value}
        for name, *values in rows
    }
