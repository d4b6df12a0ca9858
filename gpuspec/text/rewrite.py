"""Edits made in a text, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from gpuspec.text.change import changed, same
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.layout import written
from gpuspec.text.read import parse
from gpuspec.text.tree import Tree


def apply(tree: Tree, edits: Iterable[Edit]) -> str:
    """The text after the edits, one after the other: each pointer is meant in what the edits before it left.

    Comments stay, but for those of a removed member: on its line, and on the lines directly above it unless it
    is the first of its object (there they may speak for the whole). What is moved takes its comments along.
    Raises EditError when an edit cannot be made; then nothing is changed.
    """
    if tree.problems:
        raise EditError("the text has syntax errors; fix them first")
    for edit in edits:
        wanted = changed(tree.value, edit)
        tree = parse(written(tree, edit))
        if tree.problems or not same(tree.value, wanted):
            # A layout we did not foresee, or a key that stands there twice: better no edit than a wrong one.
            raise EditError(f"{edit.op} of {edit.pointer or 'the document'} cannot be done without harm")
    return tree.text
