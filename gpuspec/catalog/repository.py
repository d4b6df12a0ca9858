"""Where the files of one model lie: a folder of this machine, or a repository of the hub. Both are read alike."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from gpuspec.catalog.untrusted_json import json_object
from gpuspec.untrusted_file import in_words, open_file, read_file

LARGEST_CONFIG = 8 * 1024 * 1024
"""Bytes of a config: those that name the precision of each expert of a large mixture take some."""
MOST_FILES = 50_000
CONFIG = "config.json"
GIB = 1024**3


class Repository(Protocol):
    """The files of one model. Reading raises OSError, ValueError or UserError, each in words."""

    name: str
    """As the model is called where it is looked up: "org/name", or the path of a folder."""
    source: str
    """Where that is, for people."""
    sizes: Mapping[str, int | None]
    """File ("model.safetensors", "vae/config.json") → bytes; None where nobody says how many."""
    elements: Mapping[str, int]
    """Elements of the stored tensors by dtype ("BF16") where the hub counted them; then no headers are read."""

    def read(self, file: str, most: int) -> bytes:
        """A whole file, of `most` bytes at most."""

    def part(self, file: str, start: int, length: int) -> bytes:
        """So many bytes of a file; fewer where it ends."""


class ModelFolder:
    """A folder of this machine, with the folders in it: pipelines keep one for each component. `only`: the one file
    of it that is a model by itself."""

    def __init__(self, path: str, name: str = "", *, only: str = "") -> None:
        self._path = os.path.expanduser(path)
        self.name = name or os.path.basename(os.path.abspath(self._path))
        self.source = "local file"
        self.elements: Mapping[str, int] = {}
        sizes: dict[str, int | None] = {}
        found = [(only, os.stat(os.path.join(self._path, only)).st_size)] if only else _files(self._path)
        for file, size in found:
            if len(sizes) >= MOST_FILES:
                raise ValueError(f"it holds more than {MOST_FILES:,} files")
            sizes[file] = size
        self.sizes: Mapping[str, int | None] = sizes
        if CONFIG not in sizes and not only and os.path.lexists(os.path.join(self._path, CONFIG)):
            self.read(CONFIG, LARGEST_CONFIG)  # it is no file, and this says what it is

    def read(self, file: str, most: int) -> bytes:
        """A whole file, of `most` bytes at most."""
        try:
            return read_file(os.path.join(self._path, file), most)
        except OSError as error:
            raise OSError(error.errno, f"{file}: {in_words(error)}") from None

    def part(self, file: str, start: int, length: int) -> bytes:
        """So many bytes of a file; fewer where it ends."""
        with open_file(os.path.join(self._path, file)) as opened:
            opened.seek(start)
            return opened.read(length)


def _files(path: str) -> Iterator[tuple[str, int | None]]:
    """(name, bytes) of the files of a folder, and of the folders in it that are not hidden and can be read."""
    folders = []
    with os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):  # a link that leads to itself
                if entry.is_file():
                    yield entry.name, entry.stat().st_size
                elif entry.is_dir() and not entry.name.startswith("."):
                    folders.append(entry.name)
    for folder in folders:
        with suppress(OSError), os.scandir(os.path.join(path, folder)) as entries:
            for entry in entries:
                if entry.is_file():
                    yield f"{folder}/{entry.name}", entry.stat().st_size


def json_of(repository: Repository, file: str) -> dict[str, Any] | None:
    """The object that a file of a repository holds; None where there is no such file. Raises ValueError."""
    if file not in repository.sizes:
        return None
    return json_object(repository.read(file, LARGEST_CONFIG), file)
