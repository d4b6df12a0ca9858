"""Reads the fact files under `data/`. They are text, not modules: as quick without a bytecode cache as with one."""

from __future__ import annotations

import os
from typing import Any

from gpuspec.catalog.gpu import Gpu
from gpuspec.catalog.model import Model
from gpuspec.plugin.load import plugins

DATA = os.path.join(os.path.dirname(__file__), "data")

_gpus: tuple[Gpu, ...] = ()
_models: dict[str, Model] = {}
_lines: dict[str, str] = {}
_names: dict[str, str] = {}
_added: list[str] = []


def _read(name: str) -> str:
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        return file.read()


def read_gpus() -> tuple[Gpu, ...]:
    """Every GPU of gpus.jsonl, in file order, then those of plugins."""
    global _gpus
    if not _gpus:
        from json import loads

        head, *lines = _read("gpus.jsonl").splitlines()
        sources: dict[str, str] = loads(head)["sources"]
        _gpus = tuple(_gpu(loads(line), sources) for line in lines)
        if plugins().loaded:
            from gpuspec.catalog import added

            _gpus += tuple(added.gpus({gpu.name.lower() for gpu in _gpus}))
    return _gpus


def read_gpu(name: str) -> Gpu | None:
    """The GPU of exactly this name, of gpus.jsonl alone, while the others have not been read: decoding a hundred to
    look at one is a twentieth of a short run."""
    if _gpus or plugins().loaded:
        return None
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


def model_names() -> dict[str, str]:
    """Every hub id, name and alias of models.jsonl in lower case → the model's id, then those of plugins. Decodes
    no line."""
    if not _names:
        for line in _read("models.jsonl").splitlines():
            # Each line starts {"id": "…", "aliases": ["…", …]: the strings are every other piece.
            own, _, *aliases = line[: line.index("]")].split('"')[3::2]
            _lines[own] = line
            for name in (own, *aliases):
                _names.setdefault(name.lower(), own)
        if plugins().loaded:
            _add_models()
    return _names


def _add_models() -> None:
    from gpuspec.catalog import added

    for model in added.models(set(_names)):
        _models[model.id] = model
        _added.append(model.id)
        for name in (model.id, *model.aliases):
            _names.setdefault(name.lower(), model.id)


def read_model(own: str) -> Model:
    """The model of an id that `model_names` gave."""
    if own not in _models:
        from json import loads

        model_names()
        fields = loads(_lines[own])
        fields["aliases"] = tuple(fields["aliases"])
        _models[own] = Model(**fields)
    return _models[own]


def read_models() -> tuple[Model, ...]:
    """Every model of models.jsonl, in file order, then those of plugins."""
    model_names()
    return tuple(read_model(own) for own in (*_lines, *_added))


def read_instances() -> dict[str, tuple[str, int | None]]:
    """Lower-case instance type (or family) → (canonical GPU name, number of GPUs, None for a family)."""
    types: dict[str, tuple[str, int | None]] = {}
    for line in _read("instances.tsv").splitlines():
        if line.startswith("#"):
            continue
        _, gpu, names = line.split("\t")
        for name in names.lower().split():
            kind, _, number = name.partition(":")
            types[kind] = (gpu, int(number) if number else None)
            if not number:
                types[kind + ".*"] = types[kind + "-*"] = types[kind]
    return types
