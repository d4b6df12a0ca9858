"""Models on the Hugging Face hub, only when asked for: listing, config and headers are read, never the weights."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any
from urllib.parse import quote

from gpuspec.catalog.hub_id import what_makes_known
from gpuspec.catalog.hub_requests import HubRequests, Missing, TooLarge
from gpuspec.catalog.model import Model
from gpuspec.catalog.read_repository import AdapterAlone, read_repository
from gpuspec.catalog.repository import MOST_FILES, ModelFolder
from gpuspec.catalog.untrusted_json import json_object
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import in_words, read_file

LARGEST_LISTING = 4 * 1024 * 1024
"""Bytes of the answer that lists a repository's files: some 20,000 of them."""
LONGEST_COMMIT = 1024
"""Bytes of the file in huggingface_hub's cache that holds the commit of a branch."""
_PART = re.compile(r"[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,199}", re.ASCII)


class OnHub(NamedTuple):
    """What the hub's listing says of a repository."""

    commit: str
    gated: bool | None
    license: str | None
    sizes: Mapping[str, int | None]
    elements: Mapping[str, int]


def is_repository(name: str) -> bool:
    """Whether a name can be that of a repository: "org/name"."""
    parts = name.split("/")
    return len(parts) == 2 and all(_PART.fullmatch(part) and ".." not in part for part in parts)


def _check_revision(revision: str) -> None:
    """Raise UserError `bad-revision` for what can be no branch, tag or commit."""
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise UserError(
            "bad-revision",
            f"{revision!r} can be no revision of a repository",
            "A revision is a branch, a tag or a commit, such as main.",
        )


def fetch_model(name: str, revision: str = "main") -> Model | None:
    """The model of a hub id ("org/name"); None where the name is no hub id or the hub shows no such repository.

    Raises UserError `bad-revision`, `hub-missing` (the extra is not installed), `hub-gated` (a token or consent is
    missing), `hub-busy`, `hub-unreachable`, and `hub-no-model` where the repository holds no model that can be read.
    With HF_HUB_OFFLINE the cache of huggingface_hub is asked instead."""
    if not is_repository(name):
        return None
    _check_revision(revision)
    requests = HubRequests(name)
    if requests.offline:
        return _of_cache(name, revision)
    try:
        listed = _listed(requests, revision)
        repository = HubRepository(requests, listed)
        model = read_repository(repository)
    except Missing:
        return None
    except (OSError, ValueError) as error:
        raise _no_model(name, error) from None
    model = model._replace(
        id=name,  # of a GGUF repository not the one file that was read
        org=name.partition("/")[0],
        gated=listed.gated,
        license=listed.license,
        revision=listed.commit,
        as_of=date.today().isoformat(),
    )
    if requests.token and len(requests.token) > 8 and requests.token in repr(model):
        raise _no_model(name, ValueError("its files hold the token that was sent"))
    return model


def commit_of(name: str, revision: str) -> str | None:
    """The commit that a revision of a repository stands for today; None where the hub shows no such repository.
    Raises UserError as `fetch_model` does."""
    _check_revision(revision)
    requests = HubRequests(name)
    if requests.offline:
        said = "HF_HUB_OFFLINE is set"
        raise UserError("hub-unreachable", f"the hub is not asked about {name}: {said}", "Unset it.")
    try:
        return _listed(requests, revision).commit
    except Missing:
        return None
    except ValueError as error:
        raise _no_model(name, error) from None


class HubRepository:
    """One commit of a repository on the hub."""

    def __init__(self, requests: HubRequests, listed: OnHub) -> None:
        self.name = requests.name
        self.source = f"{requests.host}/{requests.name}"
        self.sizes = listed.sizes
        self.elements = listed.elements
        self._requests = requests
        self._commit = listed.commit
        self._gated = listed.gated

    def read(self, file: str, most: int) -> bytes:
        """A whole file, of `most` bytes at most."""
        try:
            return self._requests.get(self._path(file), most)
        except Missing:
            raise self._refused(file) from None
        except TooLarge as error:
            raise ValueError(f"{file} {error}") from None

    def part(self, file: str, start: int, length: int) -> bytes:
        """So many bytes of a file; fewer where it ends."""
        size = self.sizes.get(file)
        end = start + length if size is None else min(start + length, size)
        if end <= start:
            return b""
        try:
            return self._requests.part(self._path(file), start, end)
        except Missing:
            raise self._refused(file) from None

    def _refused(self, file: str) -> Exception:
        """A file that is listed is there: where the hub does not hand it over, it wants consent."""
        return (
            self._requests.gated()
            if self._gated
            else ValueError(f"the hub lists {file} and does not give it")
        )

    def _path(self, file: str) -> str:
        return f"/{quote(self.name)}/resolve/{quote(self._commit, safe='')}/{quote(file)}"


def _listed(requests: HubRequests, revision: str) -> OnHub:
    path = f"/api/models/{quote(requests.name)}/revision/{quote(revision, safe='')}?blobs=true"
    try:
        data = requests.get(path, LARGEST_LISTING)
    except TooLarge as error:
        raise ValueError(f"the hub's listing {error}") from None
    said = json_object(data, "the hub's listing")
    commit, gated, card = said.get("sha"), said.get("gated"), said.get("cardData")
    if not isinstance(commit, str) or not _REVISION.fullmatch(commit):
        raise ValueError("the hub's listing names no commit")
    counted = said.get("safetensors")
    return OnHub(
        commit=commit,
        gated=gated in ("auto", "manual", True) if gated is not None else None,
        license=_license(card),
        sizes=_sizes(said.get("siblings")),
        elements=_elements(counted.get("parameters") if isinstance(counted, dict) else None),
    )


def _license(card: Any) -> str | None:
    """The licence that a model card states, in a word; its own where it is "other"."""
    if not isinstance(card, dict):
        return None
    for key in ("license_name", "license"):
        value = card.get(key)
        if isinstance(value, str) and 0 < len(value) <= 80 and value.isprintable():
            return value
    return None


def _sizes(siblings: Any) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    if not isinstance(siblings, list):
        raise ValueError("the hub lists no files")
    for entry in siblings[:MOST_FILES]:
        name = entry.get("rfilename") if isinstance(entry, dict) else None
        if isinstance(name, str) and 0 < len(name) < 1_000 and name.isprintable() and ".." not in name:
            size = entry.get("size")
            found[name] = size if type(size) is int and 0 <= size < 10**15 else None
    return found


def _elements(counted: Any) -> dict[str, int]:
    if not isinstance(counted, dict):
        return {}
    return {
        str(dtype): number for dtype, number in counted.items() if type(number) is int and 0 < number < 10**15
    }


def _of_cache(name: str, revision: str) -> Model | None:
    """The model of a repository that huggingface_hub has in its cache."""
    from huggingface_hub import constants, try_to_load_from_cache

    folder_name = f"models--{name.replace('/', '--')}"
    try:
        with suppress(FileNotFoundError, IsADirectoryError):  # huggingface_hub reads it whole
            read_file(os.path.join(constants.HF_HUB_CACHE, folder_name, "refs", revision), LONGEST_COMMIT)
        tried = (
            try_to_load_from_cache(name, file, revision=revision, cache_dir=constants.HF_HUB_CACHE)
            for file in ("config.json", "model_index.json", "params.json")
        )
        path = next((found for found in tried if isinstance(found, str)), None)
        if path is None:
            return None
        folder = ModelFolder(os.path.dirname(path), name)
        folder.source = f"huggingface.co/{name} (from the cache of huggingface_hub)"
        model = read_repository(folder)
    except (OSError, ValueError) as error:
        raise _no_model(name, error) from None
    commit = os.path.basename(os.path.dirname(path))
    return model._replace(
        id=name, org=name.partition("/")[0], revision=commit, as_of=date.today().isoformat()
    )


def _no_model(name: str, error: Exception) -> UserError:
    known = what_makes_known(error.base) if isinstance(error, AdapterAlone) else ""
    return UserError(
        "hub-no-model",
        f"{name} cannot be read as a model: {in_words(error)}",
        f"Name that model: {known}." if known else "Say `params_b` in the spec's `model`.",
    )
