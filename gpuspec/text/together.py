"""Edits that leave each other's places alone: they are written into a text at once, from one reading of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from gpuspec.numerals import small_number
from gpuspec.text.change import path_of, plain
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.layout import Layout, Patch, patched
from gpuspec.text.tree import Tree, part, parts, pointer


class Together:
    """Some edits of one text. In whatever order they are made, each pointer leads to the same place."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.edits: list[Edit] = []
        self.sets: dict[str, Any] = {}
        self.renames: dict[str, str] = {}
        self.adds: dict[str, list[tuple[str, Any]]] = {}
        """New members and elements at the end, by what holds them."""
        self.removes: dict[str, list[str]] = {}
        """What is removed, by what holds it."""
        self._changed: set[str] = set()
        self._above: set[str] = set()
        """What holds something that is changed, at any depth."""
        self._shortened: dict[str, int] = {}
        """By list: the first element that is removed. Those after it get other places."""
        self._twice = {each.pointer for each in tree.duplicates}

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.tree)

    def take(self, edit: Edit) -> bool:
        """Whether an edit can be made with those before it; then it is one of them. One that cannot be made at all is
        not taken, nor one of which this is not plain to see."""
        try:
            at = pointer(*path_of(edit.pointer))
            value = plain(edit.value)
        except EditError:
            return False
        holder, _, last = at.rpartition("/")
        if not at or not self._apart(at):
            return False
        there = at in self.tree.values
        if edit.op == "set" and there:
            self.sets[at] = value
        elif edit.op in ("set", "insert"):
            if there or holder not in self.tree.values or not self._grows(edit.op, holder, last):
                return False
            self.adds.setdefault(holder, []).append((at, value))
        elif edit.op == "remove" and there:
            if not self._shrinks(at, holder):
                return False
            self.removes.setdefault(holder, []).append(at)
        elif (
            edit.op == "rename" and at in self.tree.keys and at not in self._twice and isinstance(value, str)
        ):
            new = f"{holder}/{part(value)}"
            if new in self.tree.values or not self._apart(new):
                return False
            self.renames[at] = value
            self._mark(new)
        else:
            return False
        self._mark(at if edit.op != "insert" else f"{at}{len(self.adds[holder])}")  # there may be several
        self.edits.append(edit)
        return True

    def _apart(self, at: str) -> bool:
        """Whether nothing is changed at a place, in it, or around it, and no removal moves it."""
        if at in self._changed or at in self._above:
            return False
        while at:
            holder, _, last = at.rpartition("/")
            first = self._shortened.get(holder)
            place = None if first is None else small_number(last)
            if holder in self._changed or (first is not None and place is not None and place > first):
                return False
            at = holder
        return True

    def _grows(self, op: str, holder: str, last: str) -> bool:
        sign = self.tree.text[self.tree.values[holder].start]
        ends = sign == "{" if op == "set" else sign == "[" and last == "-"
        return ends and holder not in self.removes

    def _shrinks(self, at: str, holder: str) -> bool:
        gone = self.removes.get(holder, ())
        if at in self._twice or holder in self.adds or len(gone) + 1 == len(self._layout.children(holder)):
            return False  # the last one is not taken from its holder with others: that may have to go itself
        layout = self._layout
        if gone and any(
            next_to in self._changed and not self._rows(at, next_to) for next_to in layout.neighbours(at)
        ):
            return False
        if layout.listed(holder):
            place = int(at.rpartition("/")[2])
            self._shortened[holder] = min(place, self._shortened.get(holder, place))
        return True

    def _rows(self, one: str, other: str) -> bool:
        # Neighbours on one line: which comments are whose is seen when the other is gone.
        return self._layout.own_lines(one) and self._layout.own_lines(other)

    def _mark(self, at: str) -> None:
        self._changed.add(at)
        while at:
            at = at.rpartition("/")[0]
            if at in self._above:
                break
            self._above.add(at)

    def written(self) -> str:
        """The text after the edits."""
        return patched(self.tree.text, self._patches())

    def _patches(self) -> list[Patch]:
        layout = self._layout
        patches = [patch for at, value in self.sets.items() for patch in layout.replaced(at, value)]
        patches += [layout.renamed(at, name) for at, name in self.renames.items()]
        for holder, new in self.adds.items():
            patches.append(layout.added(holder, [(at, layout.writer(value)) for at, value in new]))
        for holder, gone in self.removes.items():
            patches += [
                layout.removed(first, last) for first, last in _runs(layout.children(holder), set(gone))
            ]
        return patches

    def meant(self) -> Any:
        """The value that the text must have after the edits."""
        boxes = _Boxes(self.tree.value)
        for at, value in self.sets.items():
            box, key = boxes.of(at)
            box[key] = value
        for at, name in self.renames.items():
            box, key = boxes.of(at)
            box[name] = box.pop(key)
        for new in self.adds.values():
            for at, value in new:
                box, key = boxes.of(at)
                if isinstance(box, list):
                    box.append(value)
                else:
                    box[key] = value
        for gone in self.removes.values():
            box, _ = boxes.of(gone[0])
            lost = {boxes.of(at)[1] for at in gone}
            if isinstance(box, list):
                box[:] = [element for place, element in enumerate(box) if place not in lost]
            else:
                for key in lost:
                    del box[key]
        return boxes.root


class _Boxes:
    """The objects and lists of a value, copied when they are first asked for, so that they can be changed."""

    def __init__(self, root: Any) -> None:
        self.root = root.copy()
        self._own = {"": self.root}

    def of(self, at: str) -> tuple[Any, Any]:
        """What holds a place, and its key or index there ("-" for a new element)."""
        *way, last = parts(at)
        box, here = self.root, ""
        for name in way:
            key: Any = int(name) if isinstance(box, list) else name
            here += "/" + part(name)
            if here not in self._own:
                self._own[here] = box[key] = box[key].copy()
            box = self._own[here]
        return box, int(last) if isinstance(box, list) and last != "-" else last


def _runs(children: Any, gone: set[str]) -> list[tuple[str, str]]:
    """The first and the last of each row of neighbours that go."""
    found: list[tuple[str, str]] = []
    before = None
    for child in children:
        if child in gone:
            first = found.pop()[0] if before in gone else child
            found.append((first, child))
        before = child
    return found
