"""What a script does, as far as it bears on launching: commands, assignments, loops, branches, exits, functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Union

from gpuspec.commands.word import Word
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span

Guard = Literal["success", "failure", "limit", "first", "unknown"]
"""What a branch asks: did it work, did it fail, is there enough, is this the first item, or something else."""


def opposite(guard: Guard) -> Guard:
    """What holds where the branch is not taken."""
    return {"success": "failure", "failure": "success", "first": "unknown"}.get(guard, guard)  # type: ignore[return-value]


class ScriptCommand(NamedTuple):
    """A command, or a call into a cloud's SDK (then the first word ends in "()" and a keyword argument is a
    word ending in "=" followed by its value). `fed` is what it reads on standard input, where that is known."""

    words: tuple[Word, ...]
    span: Span
    fed: Word = Word("")


class Call(NamedTuple):
    """A call of a function of the same file. `named` are keyword arguments."""

    name: str
    arguments: tuple[Word, ...]
    span: Span
    named: tuple[tuple[str, Word], ...] = ()


class Assign(NamedTuple):
    """`adds`: the value is changed in place, so what it held before still counts."""

    name: str
    value: Word
    adds: bool = False


class Loop(NamedTuple):
    """`kind` "forever" is a loop without items: while true, until it works. `items` is None where not countable.
    `span` is the head. `over` is what it goes over; a "matrix" is a workflow's. `body` is what a Python loop does.
    "unrolled" is none: the same written out `items` times, `span` is all but the first."""

    kind: Literal["for", "while", "forever", "map", "matrix", "unrolled"]
    variables: tuple[str, ...]
    over: Word
    items: int | None
    span: Span
    body: tuple[Node, ...] = ()


class Branch(NamedTuple):
    """Body is done where the guard holds, `otherwise` where it does not."""

    guard: Guard
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...] = ()


class Exit(NamedTuple):
    """Leaves `levels` loops; None leaves the function, "program" the whole script."""

    levels: int | Literal["function", "program"]


Node = Union[ScriptCommand, Call, Assign, Loop, Branch, Exit]


class ScriptFunction(NamedTuple):
    """A function of the script, or a method under its bare name."""

    parameters: tuple[str, ...]
    body: tuple[Node, ...]
    module: str = ""
    """The module that it is imported from; "" for one of the script's own."""
    uncalled: bool = False
    """Whether nothing in its own file names it."""


class Program(NamedTuple):
    """A Python script: what it does at top level, and its functions. `cut`: it is too deep to be read."""

    body: tuple[Node, ...] = ()
    functions: Mapping[str, ScriptFunction] = {}
    cut: bool = False
