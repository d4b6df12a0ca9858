"""Models on this disk: the files of a folder, or one file, read within bounds. Nothing is run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gpuspec.catalog.model import Model
from gpuspec.errors import UserError
from gpuspec.untrusted_file import in_words

if TYPE_CHECKING:
    from gpuspec.catalog.repository import ModelFolder


def is_local(name: str) -> bool:
    """Whether a name is written as a path: absolute, "./", "../", "~", or an existing folder or .gguf file."""
    return name.startswith(("/", "./", "../", "~", ".\\")) or os.path.exists(os.path.expanduser(name))


def read_local(path: str, name: str = "") -> Model:
    """The model in a folder (config.json, *.safetensors, *.gguf, …) or a single .gguf or .safetensors file. `name`:
    what to call it, where not as the folder or file is called.

    Raises UserError `local-model` where there is nothing to read or it is not what it says it is.
    """
    import struct

    from gpuspec.catalog.repository import ModelFolder

    full = os.path.expanduser(path)
    try:
        if os.path.isdir(full):
            return _read(ModelFolder(full, name))
        if full.lower().endswith((".gguf", ".safetensors")):
            folder, file = os.path.split(full)
            return _read(ModelFolder(folder, name or file.rpartition(".")[0] or file, only=file))
    except (OSError, ValueError, struct.error) as error:
        raise UserError(
            "local-model",
            f"{path} cannot be read as a model: {in_words(error)}",
            "Give the path of a whole model; a damaged file can be downloaded again.",
        ) from None
    raise UserError(
        "local-model",
        f"{path} is no model folder, .gguf or .safetensors file",
        "Give the folder that holds config.json.",
    )


def adapted(path: str) -> str:
    """The model that the adapter in a folder is for, as the adapter names it; "" where there is none, or a model of
    its own."""
    folder = os.path.expanduser(path)
    if not os.path.isfile(os.path.join(folder, "adapter_config.json")):
        return ""
    from gpuspec.catalog.read_repository import adapter_of
    from gpuspec.catalog.repository import ModelFolder

    try:
        repository = ModelFolder(folder)
        return "" if "config.json" in repository.sizes else adapter_of(repository).base
    except (OSError, ValueError):
        return ""


def _read(repository: ModelFolder) -> Model:
    from gpuspec.catalog.read_repository import read_repository

    return read_repository(repository)
