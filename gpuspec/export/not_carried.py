"""What stands in a job file and is not in the Job: what an import, or a launch elsewhere, leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpuspec.export.dispensable import DISPENSABLE, SILENT
from gpuspec.export.essential import OF_FORMAT, Reason
from gpuspec.formats import Document
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits
from gpuspec.text import parts, pointer

NOT_CARRIED = ("deployment", "encryption", "serverless", "volume_mode")
"""Fields of a Job that it has for rules alone."""
MOST = 5_000
"""Values that are looked at."""


class LeftBehind(NamedTuple):
    """A part of a file that is not carried. `line` counts from 1; `why` says what the job lacks without it, "" where
    the job does the same without it."""

    what: str
    line: int
    why: str = ""


def left_behind(document: Document) -> tuple[LeftBehind, ...]:
    """What of a document is not in its Job, in the order of the file: the largest parts of which nothing was read."""
    name = document.format.name
    if document.job is None or (document.format.in_spec_fields and name not in OF_FORMAT):
        return ()
    tree, region = document.tree, _region(document)
    read = _read(document)
    variables = frozenset((*document.job.env, *document.job.secrets))
    # Of variables each is looked at by itself: of those beside one that is read nothing may be known.
    lists = {document.job.pointers[field] for field in _LISTS if field in document.job.pointers} - read
    above = {at for place in read | lists for at in _parents(place)} | lists
    silent, reasons = SILENT.get(name, frozenset()), OF_FORMAT.get(name, {})
    dispensable = silent | DISPENSABLE[name] if name in DISPENSABLE else None
    found = []
    stack: list[tuple[str, Any]] = [(region, tree.at(region))]
    looked_at = 0
    while stack and looked_at < MOST:
        at, value = stack.pop()
        looked_at += 1
        path = parts(at[len(region) :])
        if at in read or any(part in silent for part in path[-1:]) or _is_variable(variables, path, value):
            continue
        if at in above or at == region:
            stack += reversed([(at + below, part) for below, part in _inside(value)])
            continue
        if value is None or value == [] or value == {} or at not in tree.values:
            continue
        line, _ = tree.position(tree.span(at, key=True).start)
        found.append(LeftBehind(_shown(path), line, _why(path, value, reasons, dispensable)))
    return tuple(found)


def _region(document: Document) -> str:
    """Where the job's own part of the file begins: the whole YAML document where the job is a container in it."""
    if document.format.name != "kubernetes":
        return document.place
    return "/" + parts(document.place)[0] if isinstance(document.tree.value, list) else ""


def _read(document: Document) -> set[str]:
    """Where the values of the Job stand."""
    job = document.job
    assert job is not None
    skipped = (*NOT_CARRIED, *_LISTS)
    places = {
        at
        for field, at in job.pointers.items()
        if field.partition(".")[0] not in skipped or field.startswith("env.")
    }
    places |= {*(gpu.pointer for gpu in job.gpu_types)}
    places |= {step.pointer for step in job.steps} | {download.pointer for download in job.downloads}
    places |= {piece.pointer.partition("/@")[0] for pieces in job.pieces.values() for piece in pieces}
    return places - {"", document.place, _region(document)}


_LISTS = ("env", "secrets")


def _parents(at: str) -> Iterator[str]:
    while at:
        at = at.rpartition("/")[0]
        yield at


def _inside(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(pointer(key), part) for key, part in value.items()]
    return [(f"/{at}", part) for at, part in enumerate(value)] if isinstance(value, list) else []


def _shown(path: list[str]) -> str:
    """`spec.template.spec.volumes[0]`."""
    return "".join(f"[{part}]" if is_digits(part) else f".{part}" for part in path).lstrip(".")


def _why(path: list[str], value: Any, reasons: dict[str, Reason], dispensable: frozenset[str] | None) -> str:
    """What a job lacks without this part: as its key says, or one in it. Of a key that is in no table nobody knows
    whether the job can do without."""
    keys = [part for part in path if not is_digits(part)]
    key = keys[-1] if keys else ""
    within = next((part for part in keys if part in _WITH_ALL_INSIDE), "")
    reason = reasons.get(within or key)
    if reason is not None:
        return reason if isinstance(reason, str) else reason(value)
    stack, looked_at = [value], 0
    while stack and looked_at < _MOST_INSIDE:
        looked_at += 1
        for inner, part in _inside(stack.pop()):
            reason = reasons.get(inner[1:])
            why = reason(part) if callable(reason) else reason
            if why:
                return why
            stack.append(part)
    if dispensable is None or key.startswith("x-") or not dispensable.isdisjoint(keys):
        return ""
    return "what gpuspec does not read"


_WITH_ALL_INSIDE = ("lifecycle", "initContainers")
"""Keys whose reason is that of all that stands under them."""
_MOST_INSIDE = 100
"""Values of one part that are searched for what is essential."""


def _is_variable(variables: frozenset[str], path: list[str], value: Any) -> bool:
    """Whether it is a variable that the job has, wherever its value came from: `{name: A, value: b}`, `A: b`, or
    "A=b"."""
    name = value.get("name") if isinstance(value, dict) else path[-1] if path else None
    if isinstance(value, str) and path and is_digits(path[-1]):
        name = value.partition("=")[0]
    return isinstance(name, str) and name in variables
