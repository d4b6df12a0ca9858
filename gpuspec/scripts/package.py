"""package.json: the scripts in it are shell."""

from __future__ import annotations

from gpuspec.scripts.program import Node, Program
from gpuspec.scripts.shell import REPEATS, ShellReader
from gpuspec.text import parse, pointer


def read_package(text: str) -> Program | None:
    """The program of all scripts together; None where the text is no package.json."""
    tree = parse(text)
    scripts = tree.value.get("scripts") if isinstance(tree.value, dict) else None
    if not isinstance(scripts, dict):
        return None
    body: list[Node] = []
    functions = {}
    for name, command in scripts.items():
        if isinstance(command, str) and REPEATS.search(command):
            reader = ShellReader(command, text, whole=tree.span(pointer("scripts", name)))
            body += reader.program()
            functions.update(reader.functions)
    return Program(tuple(body), functions, text)
