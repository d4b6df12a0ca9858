"""Whether a document is a job spec; if not, why not, in words, and the part of it that is."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath
from typing import Any

from gpuspec.job.accept import accepts
from gpuspec.job.problem import MOST_GPU_TYPES, MOST_LISTED, SchemaProblem, first_mistakes, shown
from gpuspec.text import Tree, parts, pointer
from gpuspec.text.tree import value_at

_latest: tuple[Tree, tuple[SchemaProblem, ...]] | None = None
_PATHS = ("workdir", "include", "outputs", "exclude_outputs", "items")


def check(tree: Tree) -> tuple[SchemaProblem, ...]:
    """Every mistake in the document, in order of place; one for each mistake."""
    global _latest  # the reader of the Job and two rules ask about one tree, one after the other
    if _latest is None or _latest[0] is not tree:
        _latest = tree, _check(tree)
    return _latest[1]


def _check(tree: Tree) -> tuple[SchemaProblem, ...]:
    document = tree.value
    problems: list[SchemaProblem] = []
    if document is None and tree.problems:
        return ()  # nothing was read, and why has been said
    if not accepts(document) and not _with_plugins(document):
        from gpuspec.job.explain import explain

        problems += explain(document)
    if isinstance(document, dict):
        told = {problem.pointer for problem in problems}
        problems += (problem for problem in _leaving(document) if problem.pointer not in told)
        problems += _upside_down(document.get("scaling"))
        if "min_utilization" in document:
            problems += _never_judged(document)
    # JSON escapes what no file may hold as it is; a variable that is too long makes the file long.
    if "\\" in tree.text or "\0" in tree.text or len(tree.text) > 32_000:
        from gpuspec.job.unwritable import unwritable

        told = {problem.pointer for problem in problems}
        problems += first_mistakes(problem for problem in unwritable(tree) if problem.pointer not in told)
    if any(extension.kind == "nan" for extension in tree.extensions):
        problems += _not_numbers(tree)
    if len(problems) > 1:
        problems.sort(key=lambda problem: tree.span(problem.pointer, key=problem.on == "key"))
    return tuple(problems)


def valid_part(tree: Tree) -> dict[str, Any] | None:
    """The document without what `check` finds wrong; None where it is no object. A wrong element of a list
    becomes None, so that the others keep their places; an object that lacks something needed goes whole."""
    document = tree.value
    if not isinstance(document, dict):
        return None
    problems = check(tree)
    if not problems:
        return document
    if any(problem.kind == "too-many" and not problem.pointer for problem in problems):
        return None  # not all of it is known to be right
    pruned: dict[str, Any] = _copy(document)
    for problem in problems:
        path = parts(problem.pointer)
        if problem.kind != "too-many":
            _take_out(pruned, path)
            continue
        listed = value_at(pruned, problem.pointer)
        if isinstance(listed, list):  # else something wrong around it was taken out before
            del listed[MOST_GPU_TYPES if path[-1] == "gpu_types" else MOST_LISTED :]
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


def _with_plugins(document: Any) -> bool:
    """Whether the document passes with the download strategies that plugins bring."""
    from gpuspec.job.strategies import as_built_in

    replaced = as_built_in(document)
    return replaced is not document and accepts(replaced)


def _leaving(document: dict[str, Any]) -> Iterator[SchemaProblem]:
    """Paths that are not inside the workspace: a spec is untrusted, and a machine has no other folder of ours."""
    for name in _PATHS:
        value = document.get(name)
        if isinstance(value, str):
            yield from _path((name,), value)
        elif isinstance(value, list) and name != "items":  # listed items need not be paths
            for index, path in enumerate(value):
                yield from _path((name, index), path)
    for name in ("downloads", "download"):
        value = document.get(name)
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            if isinstance(entry, dict):
                yield from _path((name, index, "target"), entry.get("target"))


def _path(place: tuple[str | int, ...], path: Any) -> Iterator[SchemaProblem]:
    if (
        not isinstance(path, str)
        or not path
        or (path[0] not in "/\\~" and ".." not in path and path[1:2] != ":")
    ):
        return
    if path[0] == "~":
        how = "starts in a home folder"
    elif path[0] in "/\\" or path[1:3] in (":/", ":\\"):
        how = "is absolute"
    elif _climbs(path):
        how = "climbs out with `..`"
    else:
        yield from _not_plain(place, path)
        return
    message = f"{shown(place)} is `{path}`, which leaves the workspace: it {how}. Write a path inside it"
    yield SchemaProblem(pointer(*place), message, "path")


def _not_plain(place: tuple[str | int, ...], path: str) -> Iterator[SchemaProblem]:
    """What stays inside, and is refused by a run all the same: it joins a pattern or a target to a folder."""
    pattern, slashed = place[0] in ("outputs", "items"), path.replace("\\", "/")
    if path[1:2] == ":" and path[0].isascii() and path[0].isalpha() and (pattern or place[-1] == "target"):
        message = f"{shown(place)} is `{path}`, which begins like a drive of Windows. Write `./{path}`"
    elif pattern and ".." in slashed.split("/"):
        message = f"{shown(place)} is `{path}`, and no run takes `..` there. Write `{normpath(slashed)}`"
    else:
        return
    yield SchemaProblem(pointer(*place), message, "path")


def _climbs(path: str) -> bool:
    depth = 0
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def _upside_down(scaling: Any) -> Iterator[SchemaProblem]:
    low, high = (scaling.get("min"), scaling.get("max")) if isinstance(scaling, dict) else (None, None)
    if type(low) is int and type(high) is int and low > high >= 1:
        message = f"`scaling.min` is {low}, more than `scaling.max`, which is {high}"
        yield SchemaProblem("/scaling/min", message, "range")


def _never_judged(document: dict[str, Any]) -> Iterator[SchemaProblem]:
    wanted, budget = document["min_utilization"], document.get("budget")
    minutes = wanted.get("minutes") if isinstance(wanted, dict) else None
    hours = budget.get("max_hours") if isinstance(budget, dict) else None
    if (
        isinstance(minutes, int | float)
        and isinstance(hours, int | float)
        and 1e15 > minutes >= hours * 60 > 0
    ):
        ends = f"`budget.max_hours` ends the run after {hours * 60:g}"
        message = f"`min_utilization.minutes` is {minutes:g}, and {ends}"
        yield SchemaProblem("/min_utilization/minutes", message, "range")


def _not_numbers(tree: Tree) -> Iterator[SchemaProblem]:
    places = {span: at for at, span in tree.values.items()}
    for extension in tree.extensions:
        if extension.kind == "nan" and extension.span in places:
            at = places[extension.span]
            yield SchemaProblem(at, f"{shown(parts(at))} is NaN, not a number that means anything", "value")
