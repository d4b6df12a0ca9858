"""Edits on plain data: what the text must mean after an edit."""

from __future__ import annotations

import json
from typing import Any

from gpuspec.numerals import small_number
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.tree import parts


def path_of(at: str) -> list[str]:
    """The keys and indexes of a pointer."""
    if at and not at.startswith("/"):
        raise EditError(f"{at!r} is not a pointer")
    return parts(at)


def plain(value: Any) -> Any:
    """The value as JSON would give it back; EditError for what JSON cannot hold."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise EditError(f"not a JSON value: {error}") from error


def changed(document: Any, edit: Edit) -> Any:
    """The document after an edit; the given one is left as it is."""
    path = path_of(edit.pointer)
    if edit.op == "set":
        return _put(document, path, plain(edit.value), new=False)
    if edit.op == "insert":
        return _put(document, path, plain(edit.value), new=True)
    if edit.op == "remove":
        return _gone(document, path)
    if edit.op == "rename":
        return _renamed(document, path, edit.value)
    if edit.op == "move":
        target = path_of(str(edit.value))
        if target == path:
            return _inside(document, path, _value(document, path))
        if target[: len(path)] == path:
            raise EditError(f"{edit.pointer} cannot be moved into itself")
        return _put(_gone(document, path), target, _value(document, path), new=True)
    raise EditError(f"there is no edit {edit.op!r}")


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and true are three different ones."""
    return first_difference(one, other) is None


def first_difference(one: Any, other: Any, place: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    """The keys and indexes that lead to where two values differ first; None where they are the same JSON."""
    if type(one) is not type(other):
        return place
    if isinstance(one, dict):
        pairs = [(key, one.get(key, ...), other.get(key, ...)) for key in {**one, **other}]
    elif isinstance(one, list) and len(one) == len(other):
        pairs = [(at, *pair) for at, pair in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other or (one != one and other != other) else place
    found = (first_difference(mine, its, (*place, key)) for key, mine, its in pairs)
    return next((where for where in found if where is not None), None)


def index(part: str, length: int) -> int:
    """An array index that is there."""
    place = small_number(part)
    if place is None or place >= length or (part[0] == "0" and part != "0"):
        raise EditError(f"there is no element {part!r}")
    return place


def _value(document: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list):
            document = document[index(part, len(document))]
        else:
            raise EditError(f"there is no {part!r}")
    return document


def _inside(document: Any, path: list[str], value: Any) -> Any:
    """The document with the value at an existing path replaced."""
    if not path:
        return value
    inner = _inside(_value(document, path[:1]), path[1:], value)
    if isinstance(document, dict):
        return {**document, path[0]: inner}
    at = int(path[0])
    return [*document[:at], inner, *document[at + 1 :]]


def _put(document: Any, path: list[str], value: Any, *, new: bool) -> Any:
    """With a value set, or (`new`) added where nothing was."""
    if not path:
        if new:
            raise EditError("the document is there already")
        return value
    parent = _value(document, path[:-1])
    last = path[-1]
    if isinstance(parent, dict):
        if new and last in parent:
            raise EditError(f"there is a {last!r} already")
        result: Any = {**parent, last: value}
    elif isinstance(parent, list) and new:
        at = len(parent) if last in ("-", str(len(parent))) else index(last, len(parent))
        result = [*parent[:at], value, *parent[at:]]
    elif isinstance(parent, list):
        at = index(last, len(parent))
        result = [*parent[:at], value, *parent[at + 1 :]]
    else:
        raise EditError(f"nothing can hold {last!r} there")
    return _inside(document, path[:-1], result)


def _gone(document: Any, path: list[str]) -> Any:
    _value(document, path)
    if not path:
        raise EditError("the whole document cannot be removed")
    parent = _value(document, path[:-1])
    if isinstance(parent, dict):
        rest: Any = {key: value for key, value in parent.items() if key != path[-1]}
    else:
        rest = [value for at, value in enumerate(parent) if at != int(path[-1])]
    return _inside(document, path[:-1], rest)


def _renamed(document: Any, path: list[str], name: Any) -> Any:
    _value(document, path)
    parent = _value(document, path[:-1]) if path else None
    if not isinstance(parent, dict) or not isinstance(name, str):
        raise EditError("only a key can be renamed, and to a string")
    if name in parent and name != path[-1]:
        raise EditError(f"there is a {name!r} already")
    renamed = {name if key == path[-1] else key: value for key, value in parent.items()}
    return _inside(document, path[:-1], renamed)
