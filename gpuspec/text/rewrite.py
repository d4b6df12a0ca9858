"""Edits made in a text, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gpuspec.text.change import changed, same
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.layout import written
from gpuspec.text.read import parse
from gpuspec.text.together import Together
from gpuspec.text.tree import Tree

FEW_READINGS = 8
MOST_READ = 4 << 20
"""Characters of all readings of a text, between edits that cannot be made at once; the first few do not count."""


def apply(tree: Tree, edits: Iterable[Edit]) -> str:
    """The text after the edits, one after the other: each pointer is meant in what the edits before it left.

    Comments stay, but for those of a removed member: on its line, and on the lines directly above it unless it
    is the first of its object (there they may speak for the whole). What is moved takes its comments along.
    Raises EditError when an edit cannot be made; then nothing is changed.
    """
    if tree.problems:
        raise EditError("the text has syntax errors; fix them first")
    again = 0
    if tree.yaml:
        for again, edit in enumerate(edits):
            _bound(tree, again)
            tree = _alone(tree, edit)
        return tree.text
    together = Together(tree)
    for edit in edits:
        if together.take(edit):
            continue
        again += 1
        _bound(tree, again)
        tree = _after(together)
        together = Together(tree)
        if not together.take(edit):
            together = Together(_alone(tree, edit))
    return _after(together).text


def _bound(tree: Tree, again: int) -> None:
    """EditError where a text would be read again so often that it takes seconds."""
    if again > FEW_READINGS and again * len(tree.text) > MOST_READ:
        raise EditError("there are too many edits to make one after the other")


def apply_all(tree: Tree, changes: Sequence[Sequence[Edit]]) -> str:
    """The text after changes that are some edits each. Unlike the edits of one change, all are meant in this text.
    Raises EditError when one cannot be made, or has lost its place by another."""
    return apply(tree, [edit for at in _in_order(tree, changes) for edit in changes[at]])


def apart(tree: Tree, changes: Sequence[Sequence[Edit]]) -> list[int]:
    """The numbers of those changes that `apply_all` makes at once."""
    if tree.yaml:
        return [0] if changes else []
    together = Together(tree)
    return sorted(at for at in _in_order(tree, changes) if all(map(together.take, changes[at])))


def _in_order(tree: Tree, changes: Sequence[Sequence[Edit]]) -> list[int]:
    """Elements go last, and from the end to the start: each changes the places of those after it."""
    last = [at for at, edits in enumerate(changes) if any(_shortens(tree, edit) for edit in edits)]
    late = set(last)
    return [at for at in range(len(changes)) if at not in late] + last[::-1]


def _shortens(tree: Tree, edit: Edit) -> bool:
    return edit.op == "remove" and isinstance(tree.at(edit.pointer.rpartition("/")[0]), list)


def _after(together: Together) -> Tree:
    """The text with edits written at once, or one by one if they do not go together after all."""
    if len(together.edits) > 1:
        try:
            return _checked(together.written(), together.meant())
        except EditError:
            pass
    tree = together.tree
    for edit in together.edits:
        tree = _alone(tree, edit)
    return tree


def _alone(tree: Tree, edit: Edit) -> Tree:
    wanted = changed(tree.value, edit)
    if edit.op in ("remove", "rename") and any(edit.pointer == each.pointer for each in tree.duplicates):
        raise EditError(f"{edit.pointer} stands there twice")
    try:
        if tree.yaml:
            from gpuspec.text import yaml_edit

            return _checked(yaml_edit.written(tree, edit), wanted, yaml=True)
        return _checked(written(tree, edit), wanted)
    except EditError:
        raise EditError(
            f"{edit.op} of {edit.pointer or 'the document'} cannot be done without harm"
        ) from None


def reread(text: str, *, yaml: bool) -> Tree:
    """The tree of a text, in the language that it was in."""
    if yaml:
        from gpuspec.text.yaml_tree import read_yaml_file

        return read_yaml_file(text).tree
    return parse(text)


def _checked(text: str, wanted: object, *, yaml: bool = False) -> Tree:
    tree = reread(text, yaml=yaml)
    if tree.problems or not same(tree.value, wanted):
        # A layout we did not foresee, or an object that stands there twice: better no edit than a wrong one.
        raise EditError("the text would mean something else")
    return tree
