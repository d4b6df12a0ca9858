"""The parser: tree-sitter with its bash grammar, both MIT, loaded when the first script is read.

bashlex was the other candidate: GPL, and it raises at the first thing it does not know. shlex knows no grammar.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_TEXT = 1 << 20
"""Characters of one script that are read."""

SMALL = 16_384
"""Bytes of a script that cannot take long, whatever they are."""

PATIENCE = 2.0
"""Seconds of processor time for a larger one; a megabyte of sound shell takes one."""


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
    text = text[:MAX_TEXT]
    if "\r" in text:
        text = text.replace("\\\r\n", " \\\n").replace("\r\n", " \n")
    if "\0" in text:
        text = text.replace("\0", " ")
    return text


def tree(source: str) -> Node:
    """Root of the syntax tree of a clean source. Node offsets, which are bytes, are its characters: each
    character beyond ASCII is one letter to the grammar, which makes no difference in shell."""
    plain = source
    if not source.isascii():
        plain = "".join(c if c < "\x80" else "_" for c in source)
    code = plain.encode()
    if len(code) <= SMALL:
        return _parser().parse(code).root_node
    return _bounded(code)


def _bounded(code: bytes) -> Node:
    """Recovering from a garbled line takes time by the square of its length: 50 s for 170 KB of "|". What takes
    longer than any script does is read as empty, and whoever asks about it stays silent."""
    from time import process_time

    stop = process_time() + PATIENCE

    def cancel(_offset: int, _has_error: bool) -> bool:
        return process_time() > stop

    try:
        return _parser().parse(lambda at, _: code[at : at + SMALL], progress_callback=cancel).root_node
    except ValueError:  # cancelled
        _parser().reset()
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
