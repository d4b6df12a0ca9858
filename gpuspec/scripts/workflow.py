"""GitHub workflows: the shell of `run` steps, inside the loop that a job's matrix is.

YAML is read only as far as workflows need it: mappings, lists and block texts by indentation, flow lists of plain
words. A full YAML parser is no core dependency, and one that is here by chance would give other answers elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gpuspec.commands.word import LAST_MARK, UNKNOWN, Word
from gpuspec.scripts.loops import Frame, Judge
from gpuspec.scripts.program import Loop
from gpuspec.scripts.shell import judge_shell
from gpuspec.text import Span

_KEY = re.compile(r"(\"[^\"]*\"|'[^']*'|[\w.$/-][^:#\n]*?)\s*:(?:\s+(.*?))?\s*$")
_LONGEST = 5_000
_MATRIX = re.compile(r"\$\{\{\s*matrix\.([\w.-]+)[^}]*\}\}")
_EXPRESSION = re.compile(r"\$\{\{[^}]*\}\}")


class Item(NamedTuple):
    """A key with its value, or a list entry (then `key` is "-"). `text` is the plain value or the block's text,
    `span` where it stands."""

    key: str
    text: str
    span: Span
    inner: tuple[Item, ...] = ()

    def get(self, key: str) -> Item | None:
        """The first inner item of that key."""
        return next((item for item in self.inner if item.key == key), None)


class _Line(NamedTuple):
    indent: int
    text: str
    start: int


def judge_workflow(text: str, judge: Judge) -> None:
    """Tell the judge what each job's `run` steps run, in the loops of its matrix."""
    root = Item("", "", Span(0, len(text)), tuple(_items(_lines(text), text)))
    jobs = root.get("jobs")
    for job in jobs.inner if jobs else ():
        frames = _matrix(job)
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


def _lines(text: str) -> list[_Line]:
    lines = []
    for match in re.finditer(r"[^\n]*\n?", text):
        line = match.group().rstrip("\r\n")
        stripped = line.lstrip(" ")
        if match.group():
            lines.append(_Line(len(line) - len(stripped), stripped, match.start()))
    return lines


def _blank(line: _Line) -> bool:
    return not line.text.strip() or line.text.startswith(("#", "---")) or len(line.text) > _LONGEST


def _items(lines: list[_Line], source: str) -> Iterator[Item]:
    """The items at the indentation of the first line, each with what stands deeper below it."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if _blank(line):
            at += 1
            continue
        behind = at + 1
        while behind < len(lines) and (_blank(lines[behind]) or _below(lines[behind], line)):
            behind += 1
        yield _item(line, lines[at + 1 : behind], source)
        at = behind


def _below(line: _Line, head: _Line) -> bool:
    # A list may stand at its key's own indentation.
    return line.indent > head.indent or (
        line.indent == head.indent and line.text.startswith("- ") and not head.text.startswith("- ")
    )


def _item(line: _Line, below: list[_Line], source: str) -> Item:
    start = line.start + line.indent
    end = below[-1].start + below[-1].indent + len(below[-1].text) if below else start + len(line.text)
    if line.text == "-" or line.text.startswith("- "):
        rest = line.text[1:].lstrip(" ")
        moved = _Line(line.indent + len(line.text) - len(rest), rest, line.start)
        inner = tuple(_items([moved, *below], source)) if _KEY.match(rest) else ()
        return Item("-", rest, Span(start, end), inner)
    match = _KEY.match(line.text)
    if match is None:
        return Item("", line.text, Span(start, end))
    key, value = match[1].strip("\"'"), re.sub(r"\s+#.*$", "", match[2] or "")
    if re.fullmatch(r"[|>][+-]?\d?", value):
        texts = [source[part.start : part.start + part.indent + len(part.text)] for part in below]
        return Item(key, "\n".join(texts), Span(start, end))
    if value and not value.startswith(("&", "!")):
        return Item(key, value.strip("\"'") if not value.startswith("[") else value, Span(start, end))
    return Item(key, "", Span(start, end), tuple(_items(below, source)))
