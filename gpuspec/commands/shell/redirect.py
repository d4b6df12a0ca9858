"""Redirections: the files and here-documents of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gpuspec.commands.shell.expand import spliced
from gpuspec.commands.shell.scope import Scope
from gpuspec.commands.shell.script import Redirect
from gpuspec.commands.word import Word

if TYPE_CHECKING:
    from tree_sitter import Node


Words = Callable[[Iterable["Node"]], tuple[Word, ...]]
Locate = Callable[[int, int], tuple[int, int]]


def redirections(node: Node, scope: Scope, words: Words, locate: Locate) -> tuple[Redirect, ...]:
    """What one redirection node says; a here-document's node also holds the redirections after it on the line."""
    if node.type == "heredoc_redirect":
        inner = [child for child in node.children if child.type.endswith("_redirect")]
        found = tuple(redirect for child in inner for redirect in redirections(child, scope, words, locate))
        body = next((child for child in node.children if child.type == "heredoc_body"), None)
        return found if body is None else (*found, _document(node, body, scope, locate))
    targets = [child for child in node.children if child.is_named and child.type != "file_descriptor"]
    operator = next((child.type for child in node.children if not child.is_named), "")
    return tuple(Redirect(operator, word) for word in words(targets)[:1])


def _document(node: Node, body: Node, scope: Scope, locate: Locate) -> Redirect:
    start, end = body.start_byte, body.end_byte
    mark = next((child for child in node.children if child.type == "heredoc_start"), None)
    quoted = mark is not None and set(scope.source[mark.start_byte : mark.end_byte]) & set("'\"\\")
    text = scope.source[start:end] if quoted else spliced(start, end, body.children, scope, "\\$`")
    if node.children[0].type == "<<-":
        text = "\n".join(line.lstrip("\t") for line in text.split("\n"))
    return Redirect("<<", Word(text, *locate(start, end)))
