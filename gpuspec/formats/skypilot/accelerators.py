"""SkyPilot's `accelerators` in every shape, in words that mean the same everywhere.

The shapes are those of skypilot 0.14.1: sky/resources.py `from_yaml_config`, `_parse_accelerators_from_str`,
`_set_accelerators`, read 2026-11-30."""

import re
from collections.abc import Iterator
from typing import Any

from gpuspec.catalog.clouds import CLOUDS
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import GB
from gpuspec.text.tree import part

_MEMORY = re.compile(r"(\d{1,7})([GMT])B\+?", re.I)
_COUNT = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_UNNAMED = re.compile(r"[$<>{}]")
"""In a name that is filled in later."""
_MEANS = {"a100": "A100-40GB", "v100": "V100-16GB", "h100-nvlink": "H100-80GB"}
"""Bare names of which SkyPilot's catalogues mean one size by; the other is called A100-80GB, V100-32GB."""


class Accelerator(NamedTuple):
    """One that would do: a name, or memory (GB per GPU, at least). `at`: where it stands."""

    name: str | None
    gpus: int | None
    min_vram: float | None
    at: str


def accelerators(value: Any, at: str) -> Iterator[Accelerator]:
    """Those of `NAME`, `NAME:N`, a list or a set of them, a map of names to numbers."""
    if isinstance(value, str):
        found = _one(value, at)
        if found is not None:
            yield found
    elif isinstance(value, dict):
        for name, count in value.items():
            said = name if count is None or isinstance(count, bool) else f"{name}:{count}"
            yield from accelerators(said, f"{at}/{part(name)}")
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            if isinstance(entry, str | dict):
                yield from accelerators(entry, f"{at}/{number}")


def _one(text: str, at: str) -> Accelerator | None:
    words = [word.strip() for word in text.strip().split(":")]
    if len(words) > 3 or not words[0] or len(text) > 200:
        return None
    by_memory = next((number for number, word in enumerate(words) if _MEMORY.fullmatch(word)), None)
    if by_memory is not None and by_memory < 2:  # 24GB+, 24GB:2, nvidia:24GB, nvidia:24GB:2
        found = _MEMORY.fullmatch(words[by_memory])
        assert found is not None
        gigabytes = int(found[1]) * GB[found[2].lower()]
        rest = words[by_memory + 1 :]
        return Accelerator(None, _whole(rest[0]) if rest else 1, gigabytes, at)
    if len(words) == 3:
        return None
    count = 1 if len(words) == 1 else _whole(words[1])
    return Accelerator(None if _UNNAMED.search(words[0]) else words[0], count, None, at)


def _whole(text: str) -> int | None:
    """The GPUs of a count: half a GPU is asked of a machine that has one. None where it is no count."""
    if not _COUNT.fullmatch(text):
        return None
    number = float(text)
    return max(1, int(number) + (number % 1 > 0)) if number > 0 else None


def meant(name: str, clouds: set[str]) -> str:
    """What a name of SkyPilot's means on the clouds that are asked for (none: any)."""
    if len(clouds) == 1:
        known = CLOUDS.get(next(iter(clouds)))
        own = {said.lower(): gpu for said, gpu in known.gpus.items()} if known else {}
        if name.lower() in own:
            return own[name.lower()]
    return _MEANS.get(name.lower(), name)
