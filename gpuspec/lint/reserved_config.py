"""The setting `[[reserved]]`, checked: tables of cloud, gpu, count and price."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from gpuspec.catalog.catalog import Catalog
from gpuspec.lint.config_file import DEAREST, MOST_ENTRIES, bad_config, near, number_in, said, type_in_words
from gpuspec.planning.reserved import ReservedGpus

MOST_GPUS = 1_000_000
WORDS = ("cloud", "gpu", "count", "price")


def reserved_gpus(path: str, written: Sequence[Any], catalog: Catalog) -> tuple[ReservedGpus, ...]:
    """What is reserved, in the names of the catalogue. UserError `bad-config` where it is not what it should be."""
    if len(written) > MOST_ENTRIES:
        raise bad_config(path, f"reserved has more than {MOST_ENTRIES:,} entries")
    return tuple(_one(path, f"reserved, entry {at}", each, catalog) for at, each in enumerate(written, 1))


def _one(path: str, where: str, entry: Any, catalog: Catalog) -> ReservedGpus:
    meant = "[[reserved]] has cloud, gpu, count (GPUs) and price (dollars per GPU and hour)."
    if not isinstance(entry, dict):
        raise bad_config(path, f"{where} must be a table, not {type_in_words(type(entry))}", meant)
    for word in entry:
        if word not in WORDS:
            raise bad_config(path, f"{where}: there is no {word[:100]!r}", near(word, WORDS) or meant)
    for word in WORDS:
        if word not in entry:
            raise bad_config(path, f"{where} says no {word}", meant)
    for word in ("cloud", "gpu"):
        if not isinstance(entry[word], str) or not 0 < len(entry[word].strip()) <= 100:
            raise bad_config(path, f"{where}: {word} must be a name of at most 100 characters", meant)
    count = number_in(path, f"{where}: count", entry["count"])
    if not 1 <= count <= MOST_GPUS or count != int(count):
        raise bad_config(
            path, f"{where}: count = {said(entry['count'])} must be 1 to {MOST_GPUS:,} GPUs", meant
        )
    price = number_in(path, f"{where}: price", entry["price"])
    if not 0 <= price <= DEAREST:
        allowed = f"must be at least 0 and at most {DEAREST:,.0f}"
        raise bad_config(path, f"{where}: price = {said(entry['price'])} {allowed}", meant)
    match = catalog.resolve_gpu(entry["gpu"])
    if not match.accepts:
        hint = (
            f"did you mean {match.suggestions[0]!r}?" if match.suggestions else "`gpuspec gpus` lists them."
        )
        raise bad_config(path, f"{where}: no GPU is called {entry['gpu']!r}", hint)
    cloud = entry["cloud"].strip().lower()
    return ReservedGpus(cloud, entry["gpu"], int(count), price, match.accepts, os.path.abspath(path))
