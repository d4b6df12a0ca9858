"""The Catalog of this process: what ships, the user's own prices and models, and what plugins add."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gpuspec.catalog import Catalog, GpuMatch, ModelMatch
from gpuspec.catalog.file_state import state_of
from gpuspec.plugin.load import plugins
from gpuspec.user_folder import user_folder

_made: tuple[object, Catalog] | None = None
_instead: Catalog | None = None


def installed_catalog() -> Catalog:
    """The Catalog of this process: the same value until its plugins or the user's own prices or models
    change. Commands and the
    editor ask for it once and hand it on."""
    global _made
    if _instead is not None:
        return _instead
    path = os.path.join(user_folder("data"), "prices.tsv")
    models = os.path.join(user_folder("data"), "models.json")
    state = (plugins(), path, state_of(path), models, state_of(models))
    if _made is None or _made[0] != state:
        added = None
        if plugins().loaded:
            from gpuspec.plugin.added_facts import AddedByPlugins

            added = AddedByPlugins()
        _made = (state, Catalog(snapshot=path, added=added, model_files=(models,) if state[-1] else ()))
    return _made[1]


@contextmanager
def catalog_instead(catalog: Catalog | None) -> Iterator[None]:
    """In the block this is the Catalog of the process; None for the one that it would have without such a block."""
    global _instead
    before, _instead = _instead, catalog
    try:
        yield
    finally:
        _instead = before


def resolve_gpu(name: str) -> GpuMatch:
    """What a GPU name means, in any of the vocabularies people use."""
    return installed_catalog().resolve_gpu(name)


def resolve_model(name: str, *, engine: str | None = None, online: bool = False) -> ModelMatch:
    """What a model name means: see `Catalog.resolve_model`."""
    return installed_catalog().resolve_model(name, engine=engine, online=online)
