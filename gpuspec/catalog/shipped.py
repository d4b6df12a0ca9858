"""Reads the files under `data/`, which ship with gpuspec. They are text, not modules: as quick without a bytecode
cache as with one. Nothing is kept here: a Catalog keeps what it has read."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from gpuspec.catalog.gpu import Gpu
from gpuspec.catalog.instance import Instances
from gpuspec.catalog.model import Model

DATA = os.path.join(os.path.dirname(__file__), "data")
PRICES = ("prices.tsv", "seed_2025.tsv")
"""The price snapshots that ship."""


def _read(name: str) -> str:
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        return file.read()


def read_prices() -> tuple[str, ...]:
    """The text of each price snapshot that ships."""
    return tuple(map(_read, PRICES))


def rentable_sources(prices: str) -> set[str]:
    """The sources of a price snapshot that launchers can rent from, by its head alone."""
    head = prices[: prices.index("\n# cloud\t")].split("\n")
    return {
        line.split("\t", 2)[1] for line in head if line.startswith("# source") and line.endswith("\trentable")
    }


def read_gpus() -> tuple[Gpu, ...]:
    """Every GPU of gpus.jsonl, in file order."""
    from json import loads

    head, *lines = _read("gpus.jsonl").splitlines()
    sources: dict[str, str] = loads(head)["sources"]
    return tuple(_gpu(loads(line), sources) for line in lines)


def read_gpu(name: str) -> Gpu | None:
    """The GPU of exactly this name; decodes its line alone. Decoding a hundred to look at one is a twentieth of a
    short run."""
    from json import loads

    text = _read("gpus.jsonl")
    start = text.find(f'\n{{"name": "{name}", ')
    if start < 0 or '"' in name:
        return None
    return _gpu(
        loads(text[start + 1 : text.index("\n", start + 1)]), loads(text[: text.index("\n")])["sources"]
    )


def _gpu(fields: dict[str, Any], sources: dict[str, str]) -> Gpu:
    fields["aliases"] = tuple(
        (where, name) for where, names in fields.get("aliases", {}).items() for name in names
    )
    fields["sources"] = tuple(sources.get(each, each) for each in fields.get("sources", ()))
    fields["variants"] = tuple(fields.get("variants", ()))
    return Gpu(**fields)


def read_cloud_costs() -> str:
    """The table of what clouds bill, see `cloud_costs.py`."""
    return _read("cloud_costs.tsv")


def read_api_prices() -> str:
    """The table of what tokens cost through APIs, see `api_prices.py`."""
    return _read("api_prices.tsv")


def read_model_lines() -> list[tuple[str, list[str], str]]:
    """(the model's id, its other names, its line) for each model of models.jsonl, in file order. Decodes no line."""
    found = []
    for line in _read("models.jsonl").splitlines():
        # Each line starts {"id": "…", "aliases": ["…", …]: the strings are every other piece.
        own, _, *aliases = line[: line.index("]")].split('"')[3::2]
        found.append((own, aliases, line))
    return found


def decode_model(line: str) -> Model:
    """The model of a line that `read_model_lines` gave."""
    from json import loads

    from gpuspec.catalog.model_record import from_record

    fields = loads(line)
    return from_record(fields.pop("id"), fields)


@cache
def read_instances() -> Instances:
    """Instance types by their names in lower case."""
    return Instances(_read("instances.tsv"))
