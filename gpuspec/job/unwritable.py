"""Text that no command, variable or path of a machine can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gpuspec.job.problem import SchemaProblem, shown
from gpuspec.text import Tree, pointer

LONGEST_ARGUMENT = 131_071
"""Bytes that Linux hands to a program in one argument, or in one variable with its name (MAX_ARG_STRLEN of execve(2),
without the NUL at its end)."""

_SHOWN = 200
"""Characters of a variable's name that a message still shows."""

Place = tuple[str | int, ...]


def unwritable(tree: Tree) -> Iterator[SchemaProblem]:
    """A mistake for each string with a NUL or with half of a character, and for each variable or item that is too
    long to be handed on. No recursion: documents may be deep."""
    wrong = re.compile("[\0\ud800-\udfff]")
    document = tree.value
    if isinstance(document, dict) and "\\" not in tree.text and "\0" not in tree.text:
        # Half of a character can only be escaped, and nothing is: what is left to ask is how long some values are.
        document = {name: document[name] for name in ("env", "items") if name in document}
    stack: list[tuple[Place, Any]] = [((), document)]
    while stack:
        place, value = stack.pop()
        if isinstance(value, dict):
            stack += [((*place, key), part) for key, part in value.items()]
            for key in value:
                if found := wrong.search(key):
                    message = f"a key of {shown(place)} holds {_named(found[0])}"
                    yield SchemaProblem(pointer(*place, key), message, "value", on="key")
        elif isinstance(value, list):
            stack += [((*place, at), part) for at, part in enumerate(value)]
        elif isinstance(value, str):
            found = wrong.search(value)
            if found:
                message = f"{shown(place)} holds {_named(found[0])}"
                yield SchemaProblem(pointer(*place), message, "value")
            elif len(place) == 2 and place[0] in ("env", "items"):
                yield from _too_long(place, value)


def _named(char: str) -> str:
    if char == "\0":
        return "a NUL (U+0000), which no command, variable or path can hold"
    return f"half of a character (U+{ord(char):04X}), which cannot be written as UTF-8"


def _too_long(place: Place, value: str) -> Iterator[SchemaProblem]:
    variable = str(place[1]) if place[0] == "env" else "GPUSPEC_ITEM"
    if (len(variable) + len(value)) * 4 < LONGEST_ARGUMENT:
        return
    size = len(f"{variable}={value}".encode(errors="surrogatepass"))
    if size > LONGEST_ARGUMENT:
        most = f"Linux hands a program at most {LONGEST_ARGUMENT:,} in one variable. Put it into a file"
        name = shown(place) if len(variable) <= _SHOWN else "a variable of `env`, with its name,"
        yield SchemaProblem(pointer(*place), f"{name} is {size:,} bytes long: {most}", "value")
