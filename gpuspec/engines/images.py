"""Container images: which command one starts by itself, which engine it holds, and what its name and tag say.

Names are compared by their last parts, whatever registry or mirror they are fetched through:
`registry.example.org/proxy/vllm/vllm-openai:v0.8.5` is `vllm/vllm-openai`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from gpuspec.engines.engine import Engine
from gpuspec.engines.known import KnownEngines, known
from gpuspec.named_tuple import NamedTuple

Row = TypeVar("Row")

OTHERS = {
    "jupyter/*": "jupyter lab",
    "open-webui/open-webui": "open-webui serve",
}
"""Images without an engine of their own → the command that they start. Sources: the projects' Dockerfiles, 2026."""
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)")
_BUILD = re.compile(r"(?:^|-)(b\d{3,6})$")
_OTHER_HARDWARE = ("cpu", "tpu", "xpu", "hpu", "gaudi", "neuron", "ascend", "npu")
"""Words in the names of images for what is no GPU of ours: vllm/vllm-openai-cpu."""
_NO_TAG = frozenset({"", "latest"})


class ImageName(NamedTuple):
    """The name of an image, taken apart. `parts`: those of its path, without the registry."""

    parts: tuple[str, ...]
    tag: str
    whole: str
    """All of it without tag and digest."""


def taken_apart(image: str) -> ImageName:
    """`docker.io/vllm/vllm-openai:v0.8.5@sha256:…` → (vllm, vllm-openai), v0.8.5."""
    bare = image.strip().removeprefix("docker://").split("@")[0]
    head, colon, tag = bare.rpartition(":")
    if not colon or "/" in tag:
        head, tag = bare, ""
    parts = head.split("/")
    if len(parts) > 1 and (parts[0] == "localhost" or "." in parts[0] or ":" in parts[0]):
        parts = parts[1:]
    return ImageName(tuple(parts), tag, head)


def _candidates(name: ImageName) -> Iterator[str]:
    """The keys of a table under which an image may stand, the most telling first."""
    kind = re.split(r"[-_.]", name.tag, maxsplit=1)[0]
    yield name.whole
    for many in (3, 2, 1):
        if len(name.parts) >= many:
            key = "/".join(name.parts[-many:])
            yield f"{key}:{kind}"
            yield key
        if many > 1 and len(name.parts) >= many:
            yield f"{name.parts[-many]}/*"
    yield f"{name.whole.partition('/')[0]}/*"


def find(table: Mapping[str, Row], image: str) -> Row | None:
    """The row of an image in a table. Its keys: the last parts of a name (`vllm/vllm-openai`; `vllm-openai` alone,
    where that is telling under whatever owner), with how the tag begins where that decides
    (`ggml-org/llama.cpp:server`), `nim/*` for everything below, `name-*` for all names that begin so."""
    name = taken_apart(image)
    for key in _candidates(name):
        if key in table:
            return table[key]
    last = name.parts[-1]
    return next((row for key, row in table.items() if key[-2:] == "-*" and last.startswith(key[:-1])), None)


class _Tables(NamedTuple):
    entries: Mapping[str, str]
    engines: Mapping[str, Engine]
    versioned: Mapping[str, Engine]


_found: tuple[KnownEngines, _Tables] | None = None


def _known() -> _Tables:
    """The tables of the engines of this process, worked out once."""
    global _found
    here = known()
    if _found is None or _found[0] is not here:
        rows = here.by_name.values()
        entries = {image: entry for row in rows for image, entry in row.entrypoints.items()}
        engines = {image: row for row in rows for image in (*row.images, *row.entrypoints)}
        versioned = {image: row for row in rows for image in row.images}
        _found = here, _Tables({**OTHERS, **entries}, engines, versioned)
    return _found[1]


def entry_point(image: str | None, arguments: Sequence[str] = ()) -> str | None:
    """The command that an image starts by itself, "" where it only starts what it is told; None where that is not
    known. `arguments` are what it is told: an image that nobody knows, is named after a server and is given flags of
    that server alone, starts it."""
    if not image:
        return None
    entry = find(_known().entries, image)
    if entry is None:
        return _by_flags(image, arguments)
    command, _, usual = entry.partition(" [")
    return command if arguments or not usual else f"{command} {usual[:-1]}"


def engine_in(image: str | None) -> Engine | None:
    """The engine that an image holds; None where that is not known."""
    return find(_known().engines, image) if image else None


def version_in(image: str, engine: str | None) -> str | None:
    """The version of an engine that the tag of its own image states: 0.8.5 of `vllm/vllm-openai:v0.8.5.post1`, b4719
    of `server-cuda-b4719`."""
    row = find(_known().versioned, image)
    if row is None or row.name != engine:
        return None
    tag = taken_apart(image).tag
    own = re.search(row.tag_version, tag) if row.tag_version else None
    found = own or _VERSION.match(tag) or _BUILD.search(tag)
    return found[1] if found else None


def model_in(image: str | None) -> str | None:
    """The model that an image is made for: `meta/llama-3.1-8b-instruct` of `nvcr.io/nim/meta/llama-3.1-8b-instruct`;
    None where it holds none."""
    row = engine_in(image)
    if row is None or not image or not row.names_model:
        return None
    parts = taken_apart(image).parts[-2:]
    return None if parts[-1].startswith(row.no_model) else "/".join(parts)


def _by_flags(image: str, arguments: Sequence[str]) -> str | None:
    """`example.org/team/vllm-patched` with `--model X --max-model-len 8192`: only the entry point can take flags."""
    if not arguments or not arguments[0].startswith("--"):
        return None
    last = taken_apart(image).parts[-1].lower()
    if any(_holds(last, word) for word in _OTHER_HARDWARE):
        return None
    flags = {word[2:].partition("=")[0].replace("_", "-") for word in arguments if word.startswith("--")}
    for row in known().by_name.values():
        named = any(_holds(last, name) for name in (row.name, *row.aliases, *row.packages))
        if named and row.command and any(row.tool.flags.get(flag) for flag in flags):
            return row.command
    return None


def _holds(text: str, word: str) -> bool:
    """Whether a name has a word in it that others only stand beside: `vllm` in `my-vllm-cu12`, not in `vllms`."""
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text) is not None


def is_tagged(image: str) -> bool:
    """Whether a name says which of the images of that name is meant, for as long as nobody moves the tag."""
    return "@" in image or taken_apart(image).tag not in _NO_TAG
