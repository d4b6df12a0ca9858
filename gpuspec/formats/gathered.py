"""Gathers the fields of one job from a file of another format: values in the job spec's names, where each stands, and
where the parts of its commands stand."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.formats.command import CommandText, of_scalar
from gpuspec.job.accept import accepts
from gpuspec.job.from_mapping import from_mapping
from gpuspec.job.job import Job, Piece
from gpuspec.text import Tree

UNCHECKED = frozenset({"deployment", "launcher_env", "usual_task"})
"""What a Job has and the schema of the job spec has not."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_TRIED = 20
"""Parts of one section that are tried beside the others."""


class Gathered:
    """The fields of one job so far. `place` is the pointer of the job in its file: what has no place of its own
    stands there."""

    def __init__(self, tree: Tree, place: str) -> None:
        self.tree = tree
        self.value: dict[str, Any] = {}
        self.places: dict[str, str] = {"": place}
        self.pieces: dict[str, tuple[Piece, ...]] = {}

    def put(self, field: str, value: Any, at: str) -> None:
        """A field, and where it stands; nothing where the file does not say it (None)."""
        if value is not None:
            self.value[field] = value
            self.places[f"/{field}"] = at

    def put_part(self, field: str, part: str, value: Any, at: str) -> None:
        """A part of a field that is a section: "budget", "max_hours"."""
        if value is not None:
            self.value.setdefault(field, {})[part] = value
            self.places.setdefault(f"/{field}", at)
            self.places[f"/{field}/{part}"] = at

    def append(self, field: str, value: Any, at: str) -> None:
        """One more element of a field that is a list."""
        listed = self.value.setdefault(field, [])
        self.places.setdefault(f"/{field}", at)
        self.places[f"/{field}/{len(listed)}"] = at
        listed.append(value)

    def put_commands(self, field: str, command: CommandText, at: str) -> None:
        """The text of `run` or `setup`; nothing where it is blank."""
        if command.text.strip():
            self.put(field, command.text, at)
            self.pieces[at] = command.pieces

    def job(self, raw: Mapping[str, Any]) -> Job:
        """The Job. What the job spec would refuse (a count of -1, a name of 10,000 letters) is left out of it."""
        return from_mapping(sound(self.value), self.places, raw=raw, pieces=self.pieces)


def is_variable(name: str) -> bool:
    """Whether a variable may be called so, in a shell and in `env` and `secrets` of a job."""
    return _VARIABLE.fullmatch(name) is not None


def sound(value: dict[str, Any]) -> dict[str, Any]:
    """The fields, and the elements of lists, that the schema of the job spec accepts."""
    checked = {field: said for field, said in value.items() if field not in UNCHECKED}
    if accepts(checked):
        return value
    kept: dict[str, Any] = {field: said for field, said in value.items() if field in UNCHECKED}
    for field, said in checked.items():
        if accepts({field: said}):
            kept[field] = said
        elif isinstance(said, list):  # an element that is wrong becomes None: the others keep their places
            said = [one if accepts({field: [one]}) else None for one in said[:100]]
            if any(one is not None for one in said):
                kept[field] = said
        elif isinstance(said, dict):
            parts = _sound_parts(field, said)
            if parts:
                kept[field] = parts
    return kept


def _sound_parts(field: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a section that are accepted: by themselves, or beside these, as `interval` is beside `http`."""
    kept = {name for name, part in parts.items() if accepts({field: {name: part}})}
    for name in [name for name in parts if name not in kept][:_MOST_TRIED]:
        if accepts({field: {other: part for other, part in parts.items() if other in kept or other == name}}):
            kept.add(name)
    return {name: part for name, part in parts.items() if name in kept}


def joined(tree: Tree, lines: Iterable[tuple[str, str]]) -> CommandText:
    """(text, pointer) of commands that run one after the other, as one text of as many lines."""
    text = ""
    pieces: list[Piece] = []
    for line, at in lines:
        if text:
            text += "\n"
        start = len(text)
        found = of_scalar(tree, line, at)
        pieces += (Piece(start + one.start, start + one.end, one.pointer) for one in found.pieces)
        text += found.text
    return CommandText(text, tuple(pieces))
