"""The parser: tree-sitter with its bash grammar, both MIT, loaded when the first script is read.

bashlex was the other candidate: GPL, and it raises at the first thing it does not know. shlex knows no grammar.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

    from gpuspec.commands.shell.scope import StepBudget

MAX_PIPES = 2_000
"""Of one text. One that ends within a pipeline takes memory by the square of its length: 2 GB for 32 KB of `a|`."""

SMALL = 2_048
"""Bytes of a text that cannot take long, whatever they are."""

CHUNK = 16_384
"""Bytes that are handed to the parser at a time."""


@cache
def _parser() -> Parser:
    """The package's own __init__ imports importlib.resources, for queries that are not needed here: 7 ms and
    pathlib. The grammar is one C function in an extension module beside it, which loads in 0.6 ms."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    from tree_sitter import Language, Parser

    package = PathFinder.find_spec("tree_sitter_bash")
    folder = package.submodule_search_locations if package else None
    found = PathFinder.find_spec("tree_sitter_bash._binding", folder)
    if found is None or found.loader is None:  # frozen applications and the like
        from tree_sitter_bash import language

        return Parser(Language(language()))
    binding = module_from_spec(found)
    found.loader.exec_module(binding)
    return Parser(Language(binding.language()))


def clean(text: str) -> str:
    """The text that is parsed, character for character as long as the original: CRLF as LF, NUL as a space."""
    if "\r" in text:
        text = text.replace("\\\r\n", " \\\n").replace("\r\n", " \n")
    if "\0" in text:
        text = text.replace("\0", " ")
    return text


def tree(source: str, budget: StepBudget) -> Node:
    """Root of the syntax tree of a clean source. Node offsets, which are bytes, are its characters: each
    character beyond ASCII is one letter to the grammar, which makes no difference in shell. What the budget does not
    allow is read as empty."""
    from time import thread_time

    budget.characters -= len(source)
    if budget.characters < 0 or budget.seconds < 0:
        budget.leave_out()
        return _parser().parse(b"").root_node
    plain = source
    if not source.isascii():
        plain = "".join(c if c < "\x80" else "_" for c in source)
    if plain.count("|") > MAX_PIPES:
        *piped, rest = plain.split("|", MAX_PIPES)
        plain = "|".join([*piped, rest.replace("|", ";")])
    began = thread_time()
    code = plain.encode()
    root = _parser().parse(code).root_node if len(code) <= SMALL else _bounded(code, began, budget)
    budget.seconds -= thread_time() - began
    return root


def _bounded(code: bytes, began: float, budget: StepBudget) -> Node:
    """Recovering from a garbled line takes time by the square of its length: 50 s for 170 KB of ")"."""
    from time import thread_time

    def cancel(_offset: int, _has_error: bool) -> bool:
        return thread_time() - began > budget.seconds

    try:
        return _parser().parse(lambda at, _: code[at : at + CHUNK], progress_callback=cancel).root_node
    except ValueError:  # cancelled
        _parser().reset()
        budget.leave_out()
        return _parser().parse(b"").root_node


def arms_of_if(node: Node) -> list[tuple[list[Node], list[Node]]]:
    """(condition, body) of each arm; an else has no condition."""
    parts: list[tuple[list[Node], list[Node]]] = [([], [])]
    asking = True
    for child in node.children:
        if child.type == "elif_clause":
            parts += arms_of_if(child)
        elif child.type == "else_clause":
            parts.append(([], child.children[1:]))
        elif child.type == "then":
            asking = False
        elif child.is_named or child.type == "&":
            parts[0][0 if asking else 1].append(child)
    return parts
