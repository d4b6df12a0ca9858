"""Workflows of GitHub and GitLab: the shell of their steps, inside the loop that a job's matrix is.

GitLab's: https://docs.gitlab.com/ci/yaml/ (`script`, `before_script`, `parallel: matrix`), read 2026-11-30.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gpuspec.commands.word import LAST_MARK, UNKNOWN, Word
from gpuspec.scripts.loops import Frame, Judge
from gpuspec.scripts.program import Loop
from gpuspec.scripts.shell import judge_shell
from gpuspec.text.tree import Span, Tree, pointer
from gpuspec.text.yaml_tree import read_yaml_file

_MATRIX = re.compile(r"\$\{\{\s{0,100}matrix\.([\w.-]{1,100})(?![\w.-])[^}]{0,1000}\}\}")
_MOST_AXES = 20
"""Of one matrix. GitHub starts 256 jobs of it at most, which eight axes of two values are."""
_EXPRESSION = re.compile(r"\$\{\{[^}]{0,1000}\}\}")
"""Within bounds: where none ends, each would be searched for up to the end of the text."""


def judge_workflow(text: str, judge: Judge) -> None:
    """Tell the judge what each job's `run` steps run, in the loops of its matrix."""
    file = read_yaml_file(text)
    if len(file.documents) != 1:
        return
    tree = file.tree
    if "jobs" not in _members(tree.value):
        _judge_gitlab(tree, judge)
    for name, job in _members(_members(tree.value).get("jobs")).items():
        at = pointer("jobs", name)
        frames = _matrix(job, tree, at)
        if len(frames) > _MOST_AXES:
            judge.budget.leave_out()
            del frames[_MOST_AXES:]
        steps = _members(job).get("steps")
        for number, step in enumerate(steps if isinstance(steps, list) else ()):
            run = _members(step).get("run")
            if isinstance(run, str):
                judge.place = (at,)
                env = _environment((job, step), frames)
                span = _span(tree, f"{at}/steps/{number}/run")
                judge_shell(_as_shell(run), judge, env=env, outer=frames, span=span)


def _judge_gitlab(tree: Tree, judge: Judge) -> None:
    for name, job in _members(tree.value).items():
        script = _members(job).get("script")
        if script is None:
            continue
        at = pointer(name)
        frames, env = _parallel(job, tree, at)
        text = "\n".join((*_lines(job.get("before_script")), *_lines(script)))
        judge.place = (at,)
        judge_shell(text, judge, env=env, outer=frames, span=_span(tree, f"{at}/script"))


def _lines(script: Any) -> list[str]:
    """The lines of a `script`: a text, a list of texts, or one of such lists."""
    listed = script if isinstance(script, list) else [script]
    inner = [line for part in listed for line in (part if isinstance(part, list) else [part])]
    return [line for line in inner if isinstance(line, str)]


def _parallel(job: Mapping[str, Any], tree: Tree, at: str) -> tuple[list[Frame], dict[str, str | None]]:
    """The loop of `parallel: matrix`, and the variables that it sets."""
    matrix = _members(job.get("parallel")).get("matrix")
    entries = [_members(entry) for entry in matrix] if isinstance(matrix, list) else []
    names = tuple(sorted({str(name) for entry in entries for name in entry}))
    if not names:
        return [], {}
    items = sum(
        math.prod(len(axis) if isinstance(axis, list) else 1 for axis in entry.values()) for entry in entries
    )
    span = _span(tree, f"{at}/parallel/matrix")
    frame = Frame(Loop("matrix", names, Word(""), items, span), LAST_MARK)
    return [frame], dict.fromkeys(names, UNKNOWN + LAST_MARK)


def _members(value: Any) -> dict[str, Any]:
    """A map; nothing where it is none."""
    return value if isinstance(value, dict) else {}


def _span(tree: Tree, at: str) -> Span:
    """A key with its value."""
    found = tree.values[at]
    start = tree.keys[at].start if at in tree.keys else found.start
    return Span(start, max(start, found.start + len(tree.text[found.start : found.end].rstrip())))


def _matrix(job: Any, tree: Tree, at: str) -> list[Frame]:
    """The loops of a job's matrix: one for each of its axes."""
    strategy = _members(_members(job).get("strategy"))
    if "matrix" not in strategy:
        return []
    matrix, span = _members(strategy["matrix"]), _span(tree, f"{at}/strategy/matrix")
    include = matrix.get("include")
    axes = {name: axis for name, axis in matrix.items() if name not in ("include", "exclude")}
    if not axes:
        entries = include if isinstance(include, list) else []
        keys = {key for entry in entries for key in _members(entry)}
        variables = tuple(sorted(map(_variable, keys))) or ("matrix",)
        return [Frame(Loop("matrix", variables, Word(""), len(entries) or None, span), LAST_MARK)]
    extra = include is not None or "exclude" in matrix
    return [
        Frame(
            Loop("matrix", (_variable(name),), Word(""), None if extra else _length(axis), span),
            chr(ord(LAST_MARK) - number),
        )
        for number, (name, axis) in enumerate(axes.items())
    ]


def _length(axis: Any) -> int | None:
    return len(axis) if isinstance(axis, list) else None


def _variable(key: str) -> str:
    return "matrix_" + re.sub(r"\W.*", "", key.replace("-", "_"))


def _as_shell(text: str) -> str:
    """Expressions as shell variables: what they hold is known when the workflow runs."""
    text = _MATRIX.sub(lambda match: "${" + _variable(match[1]) + "}", text)
    return _EXPRESSION.sub("${EXPRESSION}", text)


def _environment(items: Iterable[Any], frames: Sequence[Frame]) -> dict[str, str | None]:
    """The variables of a step: those of the matrix, and those that `env` splices from them."""
    found: dict[str, str | None] = {
        name: UNKNOWN + frame.mark for frame in frames for name in frame.loop.variables
    }
    for item in items:
        for name, value in _members(_members(item).get("env")).items():
            parts = [found.get(_variable(match[1])) or "" for match in _MATRIX.finditer(str(value))]
            found[name] = UNKNOWN + "".join(parts)
    return found
