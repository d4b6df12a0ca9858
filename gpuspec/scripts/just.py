"""justfiles: the shell of recipes, a line at a time, or as a whole where a recipe begins with `#!`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from gpuspec.scripts.loops import Judge
from gpuspec.scripts.shell import judge_shell
from gpuspec.text import Span

_HEAD = re.compile(r"@?[A-Za-z_][\w-]*(?:[ \t][^:\n]*)?:(?!=)")
_EXPRESSION = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}|\{\{[^{}\n]{0,300}\}\}")


def judge_justfile(text: str, judge: Judge) -> None:
    """Tell the judge what the recipes of a justfile run."""
    for _, body, span in _recipes(text):
        judge.place = (span,)
        shell = _EXPRESSION.sub(lambda match: "${" + (match[1] or "EXPRESSION") + "}", body)
        if not shell.startswith("#!"):
            for line in re.split(r"(?<!\\)\n", shell):
                judge_shell(re.sub(r"^\s*[@-]{0,2}", "", line).replace("\\\n", " "), judge, span=span)
        elif "python" not in shell.split("\n", 1)[0]:
            judge_shell(shell, judge, span=span)


def recipe_names(text: str) -> dict[str, Hashable]:
    """The recipes of a justfile, each with the place that the judge is told of it."""
    return {name: span for name, _, span in _recipes(text)}


def _recipes(text: str) -> Iterator[tuple[str, str, Span]]:
    """The name and the body of each recipe, without its indent, and where it stands."""
    lines = text.splitlines(keepends=True)
    at, inside = 0, False
    body: list[str] = []
    start = end = 0
    name = ""
    for line in [*lines, ""]:
        indented = line[:1] in (" ", "\t") or (not line.strip() and line)
        if inside and indented:
            if line.strip():
                start, end = (start if body else at + len(line) - len(line.lstrip())), at + len(line.rstrip())
            body.append(line)
        else:
            if any(line.strip() for line in body):
                yield name, _dedented(body), Span(start, end)
            body, inside = [], bool(_HEAD.match(line))
            name = re.split(r"[\s:]", line.lstrip("@"), maxsplit=1)[0] if inside else ""
        at += len(line)


def _dedented(lines: list[str]) -> str:
    first = next(line for line in lines if line.strip())
    indent = first[: len(first) - len(first.lstrip())]
    return "".join(line.removeprefix(indent) if line.strip() else "\n" for line in lines)
