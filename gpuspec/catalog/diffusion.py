"""Pipelines of diffusers: model_index.json names the components, each in a folder of its own."""

from __future__ import annotations

import re
from typing import Any

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.read import read_architecture
from gpuspec.catalog.model import Model
from gpuspec.catalog.repository import GIB, Repository, json_of
from gpuspec.catalog.safetensors import commonest, contents

INDEX = "model_index.json"
MOST_COMPONENTS = 30
MOST_HEADERS = 60
"""Files of one pipeline whose headers are read."""
DENOISERS = ("transformer", "unet", "prior", "decoder")
"""Components that training adapts, and that each step runs; a name may end with a number."""
_VIDEO = re.compile(
    r"video|wan|cogvideo|ltx|mochi|allegro|animatediff|i2vgen|skyreels|cosmos|latte|framepack|kandinsky5t2v",
    re.I,
)
_SOUND = re.compile(r"audio|music", re.I)
"""What stands in the class of pipelines of video and of sound (diffusers 0.36, `pipelines/__init__.py`)."""
_VARIANT = re.compile(r"\.(?:fp16|bf16|non_ema|fp32|ema)(?=[.-])")
"""The same weights again, in another dtype or before averaging."""


def model_of_pipeline(repository: Repository) -> Model:
    """The pipeline in a repository, with the parameters of each component in billions: {"transformer_b": 11.9, …}.

    Raises ValueError, in words, where nothing can be read of what denoises."""
    index = json_of(repository, INDEX) or {}
    components: dict[str, float] = {}
    size, dtype, unread = 0, None, []
    for name, what in list(index.items())[:MOST_COMPONENTS]:
        if not (isinstance(what, list) and len(what) == 2 and all(isinstance(each, str) for each in what)):
            continue
        parameters, taken, kept = _component(repository, name)
        if parameters:
            components[f"{name}_b"] = round(parameters / 1e9, 6)
            size += taken
            dtype = kept if _denoises(name) else dtype
        elif (
            f"{name}/config.json" in repository.sizes and what[0] != "schedulers" and "scheduler" not in name
        ):
            unread.append(name)
    denoisers = [value for name, value in components.items() if _denoises(name[:-2])]
    if not denoisers:
        raise ValueError("its model_index.json names no transformer or U-Net whose weights are there")
    kind = str(index.get("_class_name", ""))[:100]
    modality = "video" if _VIDEO.search(kind) else "audio" if _SOUND.search(kind) else "image"
    return Model(
        id=repository.name,
        modality=modality,
        task=modality,
        params_b=sum(denoisers),
        active_params_b=max(denoisers) if len(denoisers) > 1 else None,
        native_dtype=dtype,
        components=components,
        source=repository.source,
        weights_gib=size / GIB if size else None,
        architecture=kind or None,
        unsure=f"the size of {', '.join(unread)} is not known" if unread else "",
    )


def _denoises(name: str) -> bool:
    return name.rstrip("_0123456789") in DENOISERS


def _component(repository: Repository, name: str) -> tuple[int, int, str | None]:
    """(parameters, bytes, dtype) of one component: of its files, else of a text encoder's config."""
    files = sorted(
        file for file in repository.sizes if file.startswith(f"{name}/") and file.endswith(".safetensors")
    )
    plain = [file for file in files if not _VARIANT.search(file)]
    chosen = plain or _first_variant(files)
    if chosen:
        found = contents(repository, chosen[:MOST_HEADERS])
        return found.parameters, found.size, commonest(found.elements)
    config = json_of(repository, f"{name}/config.json")
    if config is None or "model_type" not in config:
        return 0, 0, None
    return _encoder(config), 0, None


def _first_variant(files: list[str]) -> list[str]:
    """The files of one variant of several."""
    if not files:
        return []
    variant = _VARIANT.search(files[0])
    return [file for file in files if variant and variant[0] in file]


def _encoder(config: dict[str, Any]) -> int:
    try:
        return read_architecture(config).parameters
    except Unsaid:
        return 0
