"""GitHub workflows: the shell of `run` steps, inside the loop that a job's matrix is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gpuspec.commands.word import LAST_MARK, UNKNOWN, Word
from gpuspec.scripts.loops import Frame, Judge
from gpuspec.scripts.program import Loop
from gpuspec.scripts.shell import judge_shell
from gpuspec.text.yaml import Item, read_yaml

_MATRIX = re.compile(r"\$\{\{\s{0,100}matrix\.([\w.-]{1,100})(?![\w.-])[^}]{0,1000}\}\}")
_MOST_AXES = 20
"""Of one matrix. GitHub starts 256 jobs of it at most, which eight axes of two values are."""
_EXPRESSION = re.compile(r"\$\{\{[^}]{0,1000}\}\}")
"""Within bounds: where none ends, each would be searched for up to the end of the text."""


def judge_workflow(text: str, judge: Judge) -> None:
    """Tell the judge what each job's `run` steps run, in the loops of its matrix."""
    jobs = read_yaml(text).get("jobs")
    for job in jobs.inner if jobs else ():
        frames = _matrix(job)
        if len(frames) > _MOST_AXES:
            judge.budget.leave_out()
            del frames[_MOST_AXES:]
        for step in (job.get("steps") or job).inner:
            run = step.get("run")
            if run is not None:
                env = _environment((job, step), frames)
                judge_shell(_as_shell(run.text), judge, env=env, outer=frames, span=run.span)


def _matrix(job: Item) -> list[Frame]:
    """The loops of a job's matrix: one for each of its axes."""
    strategy = job.get("strategy")
    matrix = strategy.get("matrix") if strategy else None
    if matrix is None:
        return []
    include = matrix.get("include")
    axes = [item for item in matrix.inner if item.key not in ("include", "exclude")]
    if not axes:
        keys = {key.key for entry in include.inner for key in entry.inner} if include else set()
        variables = tuple(sorted(_variable(key) for key in keys)) or ("matrix",)
        count = len(include.inner) if include and include.inner else None
        return [Frame(Loop("matrix", variables, Word(""), count, matrix.span), LAST_MARK)]
    extra = include is not None or matrix.get("exclude") is not None
    return [
        Frame(
            Loop("matrix", (_variable(axis.key),), Word(""), None if extra else _length(axis), matrix.span),
            chr(ord(LAST_MARK) - at),
        )
        for at, axis in enumerate(axes)
    ]


def _length(axis: Item) -> int | None:
    if axis.inner:
        return len(axis.inner)
    flow = re.fullmatch(r"\[([^\[\]{}]*)\]", axis.text)
    return len([part for part in flow[1].split(",") if part.strip()]) if flow else None


def _variable(key: str) -> str:
    return "matrix_" + re.sub(r"\W.*", "", key.replace("-", "_"))


def _as_shell(text: str) -> str:
    """Expressions as shell variables: what they hold is known when the workflow runs."""
    text = _MATRIX.sub(lambda match: "${" + _variable(match[1]) + "}", text)
    return _EXPRESSION.sub("${EXPRESSION}", text)


def _environment(items: Iterable[Item], frames: Sequence[Frame]) -> dict[str, str | None]:
    """The variables of a step: those of the matrix, and those that `env` splices from them."""
    found: dict[str, str | None] = {
        name: UNKNOWN + frame.mark for frame in frames for name in frame.loop.variables
    }
    for item in items:
        env = item.get("env")
        for entry in env.inner if env else ():
            parts = [found.get(_variable(match[1])) or "" for match in _MATRIX.finditer(entry.text)]
            found[entry.key] = UNKNOWN + "".join(parts)
    return found
