"""The table of readers."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import gpuspec.architectures.families as package
from gpuspec.architectures.families import FAMILIES


def test_every_reader_is_in_the_table_and_in_one_file() -> None:
    """Each file of the package with a `TYPES` is a part of `FAMILIES`, and no `model_type` is read in two."""
    found: Counter[str] = Counter()
    for module in pkgutil.iter_modules(package.__path__):
        types = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "TYPES", {})
        found.update(dict.fromkeys(types, 1))
    assert [kind for kind, times in found.items() if times > 1] == []
    assert set(found) == set(FAMILIES)
