"""A job as gpuspec's own JSONC: what `gpuspec import` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from gpuspec.job import Job
from gpuspec.job.check import check, valid_part
from gpuspec.job.to_mapping import to_mapping
from gpuspec.printable import COMMAND, INVISIBLE, one_line
from gpuspec.text import parse

WIDTH = 100
"""Columns in which a value stays on one line."""
LONGEST_READ = 20_000
"""Characters of a command beyond which nobody reads it."""


def job_spec(job: Job, head: Sequence[str] = ()) -> str:
    """The job spec, with `head` as comments above it. What the schema of job specs refuses is left out, and said. The
    job's secrets must have been taken out before (`withheld.py`)."""
    value = to_mapping(job)
    refused = []
    for _ in range(3):  # what is left may be wrong once something was taken out of it
        tree = parse(json.dumps(value))
        problems = check(tree)
        if not problems:
            break
        refused += [f"no job spec may have this: {problem.message}" for problem in problems]
        value = _without_gaps(valid_part(tree) or {})
    lines = [f"// {_comment(line)}".rstrip() for line in (*head, *refused)]
    return "\n".join([*lines, *_document(value)]) + "\n"


def _document(value: dict[str, Any]) -> Iterator[str]:
    yield "{"
    last = len(value) - 1
    for at, (name, part) in enumerate(value.items()):
        if name == "run":
            yield from (f"  // {_comment(line)}".rstrip() for line in _readable(part))
        first, *rest = _lines(part, "  ", f'  "{name}": ')
        yield from _with_comma([f'  "{name}": {first}', *rest], at < last)
    yield "}"


def _readable(command: str) -> list[str]:
    """The lines of a command of several, or that is too long for one: strings of JSON have one line."""
    if len(command) > LONGEST_READ:
        return []
    if "\n" in command.rstrip("\n"):
        return command.rstrip("\n").split("\n")
    if len(command) <= WIDTH:
        return []
    lines: list[str] = []
    line, quotes = "", 0
    for word in re.split(r"(?<=\s)(?=-{1,2}[A-Za-z])", command):
        if line and len(line) + len(word) > WIDTH and quotes % 2 == 0:
            lines.append(line.rstrip() + " \\")
            line = "  "
        line += word
        quotes += len(
            re.findall(r"(?<!\\)[\"']", word)
        )  # within quotes a line break would be part of the word
    return [*lines, line.rstrip()]


def _lines(value: Any, indent: str, before: str = "") -> list[str]:
    """A value on one line where it has room behind `before`, else a line for each part."""
    text = _one_line(value)
    if not isinstance(value, dict | list) or not value or len(before) + len(text) < WIDTH:
        return [text]
    inner = indent + "  "
    named = value.items() if isinstance(value, dict) else (("", part) for part in value)
    out = ["{" if isinstance(value, dict) else "["]
    for at, (name, part) in enumerate(named):
        key = f"{inner}{_text(name)}: " if isinstance(value, dict) else inner
        first, *rest = _lines(part, inner, key)
        out += _with_comma([key + first, *rest], at < len(value) - 1)
    return [*out, indent + ("}" if isinstance(value, dict) else "]")]


def _with_comma(lines: list[str], more: bool) -> list[str]:
    return [*lines[:-1], lines[-1] + ","] if more else lines


def _one_line(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_text(key)}: {_one_line(part)}" for key, part in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_one_line, value))}]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value)


def _text(text: str) -> str:
    """A string, with all escaped that is not safe to print."""
    written = json.dumps(text, ensure_ascii=False)
    if one_line(written) == written:
        return written
    written = re.sub(INVISIBLE, lambda found: json.dumps(found[0])[1:-1], written)
    return re.sub(COMMAND, r"\\u0023", written)


def _comment(text: str) -> str:
    """Text in a comment: it silences no rule."""
    return one_line(text.replace("gpuspec:", "gpuspec :"))


def _without_gaps(value: Any) -> Any:
    """Lists without the elements that were taken out of them."""
    if isinstance(value, dict):
        return {key: _without_gaps(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_gaps(part) for part in value if part is not None]
    return value
