"""The part of a document that the schema accepts."""

from __future__ import annotations

from typing import Any

from gpuspec.job.check import check
from gpuspec.text import Tree, parts


def valid_part(tree: Tree) -> dict[str, Any] | None:
    """The document without what `check` finds wrong; None where it is no object. A wrong element of a list
    becomes None, so that the others keep their places; an object that lacks something needed goes whole."""
    document = tree.value
    if not isinstance(document, dict):
        return None
    problems = check(tree)
    if not problems:
        return document
    pruned: dict[str, Any] = _copy(document)
    for problem in problems:
        _take_out(pruned, parts(problem.pointer))
    return pruned


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value


def _take_out(value: Any, path: list[str]) -> None:
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(value, list) and int(part) < len(value):
            if last:
                value[int(part)] = None
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            if last:
                del value[part]
                return
            value = value[part]
        else:
            return
