"""Edits inside a command: words of a string are put in place of others."""

from __future__ import annotations

import re

from gpuspec.text import Edit, Tree
from gpuspec.workload.workload import Origin


def reworded(tree: Tree, origin: Origin, new: str) -> Edit | None:
    """The edit that puts `new` where an argument stands in the spec's commands ("" takes it out). None where it
    stands in another file, or not word for word, or more than once: then no one can say which is meant."""
    return None if origin.path else replaced(tree, origin.pointer, origin.text, new)


def replaced(tree: Tree, pointer: str, old: str, new: str) -> Edit | None:
    """The edit that replaces whole words of the string at `pointer` (a command, or a setup step that has one)."""
    for at in (pointer, f"{pointer}/run"):
        text = _string(tree, at)
        if text is None or not old:
            continue
        found = [match.start() for match in re.finditer(rf"(?<!\S){re.escape(old)}(?!\S)", text)]
        if len(found) != 1:
            return None
        before, after = text[: found[0]], text[found[0] + len(old) :]
        if not new:
            before = before.rstrip(" ")
        return Edit("set", at, before + new + after)
    return None


def text_at(tree: Tree, pointer: str) -> str | None:
    """The text of commands at `pointer`: the string there, or that of the setup step there."""
    found = _string(tree, pointer)
    return _string(tree, f"{pointer}/run") if found is None else found


def _string(tree: Tree, pointer: str) -> str | None:
    value = tree.value
    for part in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value if isinstance(value, str) else None
