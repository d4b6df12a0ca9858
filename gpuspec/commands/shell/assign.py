"""Assignments, and what is left of them where the script may have gone one of several ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.commands.shell.expand import MAX_FIELD, MAX_FIELDS, fields, joined
from gpuspec.commands.shell.scope import Scope, Value
from gpuspec.commands.word import UNKNOWN, marks

if TYPE_CHECKING:
    from tree_sitter import Node


def assign(node: Node, scope: Scope) -> None:
    """NAME=value, NAME+=value, NAME=(…)."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or name.type != "variable_name":
        return
    key = scope.source[name.start_byte : name.end_byte]
    new: Value = ""
    if value is not None and value.type == "array":
        new = tuple(
            word
            for child in value.children
            if child.is_named and child.type != "comment"
            for word in fields(child, scope)
        )
    elif value is not None:
        new = joined(value, scope)
    if any(child.type == "+=" for child in node.children):
        new = _added(scope.variables.get(key, ""), new)
    scope.variables[key] = new[:MAX_FIELDS] if isinstance(new, tuple) else new[:MAX_FIELD]


def _added(old: Value, new: Value) -> Value:
    if isinstance(new, tuple):
        return (*((old,) if isinstance(old, str) and old else old), *new)
    return old + new if isinstance(old, str) else UNKNOWN + marks(*old, new)


def merged(arms: Sequence[dict[str, Value]]) -> dict[str, Value]:
    """Variables after one of several arms ran: what they agree on. Text that one arm only adds to keeps its
    beginning, followed by something unknown."""
    if all(arm == arms[0] for arm in arms[1:]):
        return dict(arms[0])
    result: dict[str, Value] = {}
    for name in dict.fromkeys(name for arm in arms for name in arm):
        values = [arm.get(name) for arm in arms]
        first = values[0]
        if first is not None and all(value == first for value in values):
            result[name] = first
        else:
            result[name] = _common(values)
    return result


def _common(values: Sequence[Value | None]) -> Value:
    texts = [value for value in values if isinstance(value, str)]
    arrays = [value for value in values if isinstance(value, tuple)]
    unknown = UNKNOWN + marks(*texts, *(text for array in arrays for text in array))
    if len(texts) == len(values):
        text = min(texts, key=len)
        if all(value == text or value.startswith((f"{text} ", f"{text}\n")) for value in texts):
            return f"{text} {unknown}"
    elif len(arrays) == len(values):
        array = min(arrays, key=len)
        return (*array, unknown) if all(value[: len(array)] == array for value in arrays) else (unknown,)
    return unknown
