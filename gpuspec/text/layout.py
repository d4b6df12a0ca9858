"""How an edit is written into a text: commas, indentation and comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.text.change import changed, path_of, plain, same
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.tree import Tree, pointer
from gpuspec.text.value_text import value_text

_WIDTH = 80
"""A list or object that is longer gets a line for each of its members."""


class Patch(NamedTuple):
    """New text for the characters from `start` to `end`."""

    start: int
    end: int
    text: str


def patched(text: str, patches: Iterable[Patch]) -> str:
    """The text with all patches in it, whose places are those of the text without them."""
    kept, done = [], 0
    for patch in sorted(patches):
        if patch.start < done:
            raise EditError("two edits change the same characters")
        kept += [text[done : patch.start], patch.text]
        done = patch.end
    return "".join([*kept, text[done:]])


def written(tree: Tree, edit: Edit) -> str:
    """The text after an edit that `changed` has accepted."""
    layout = Layout(tree)
    at = pointer(*path_of(edit.pointer))
    if edit.op == "set" and at in tree.values:
        return patched(tree.text, layout.replaced(at, plain(edit.value)))
    if edit.op == "rename":
        return patched(tree.text, [layout.renamed(at, edit.value)])
    if edit.op == "remove":
        return patched(tree.text, [layout.removed(at)])
    if edit.op == "move":
        return layout.moved(edit, at)
    return patched(tree.text, [layout.placed(at, layout.writer(plain(edit.value)))])


Writer = Callable[[str], str]
"""Gives the text of a value for the indentation it gets."""


class WrittenMembers:
    """A text and its members and elements in the order in which they are written, JSONC or YAML."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.text = tree.text
        self.newline = "\r\n" if "\r\n" in tree.text else "\n"

    def start(self, at: str) -> int:
        """Where a member or element begins."""
        return self.tree.keys[at].start if at in self.tree.keys else self.tree.values[at].start

    def children(self, at: str) -> Sequence[str]:
        """The members or elements that are written within a value, in their order."""
        return self._children.get(at, ())

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        values = self.tree.values
        for known in values:
            holder = known.rpartition("/")[0]
            around = values.get(holder)
            # In YAML a block begins where its first member does.
            if known and around and around.start <= self.start(known) < around.end:
                found.setdefault(holder, []).append(known)
        for inside in found.values():
            inside.sort(key=self.start)
        return found


class Layout(WrittenMembers):
    """A JSONC text with the layout its author gave it."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.unit = self._unit()
        self.pad = " " if '{ "' in tree.text else ""
        self.ends = {comment.span.start: comment.span.end for comment in tree.comments}
        self.starts = {comment.span.end: comment.span.start for comment in tree.comments}

    def _unit(self) -> str:
        found = re.search(r"[{\[,][^\S\r\n]*(?://[^\r\n]*)?[\r\n]+([ \t]+)[\"'\w]", self.text)
        return "\t" if found and found[1][0] == "\t" else found[1] if found and len(found[1]) <= 8 else "  "

    # -- finding the way --------------------------------------------------------------------------------

    def forward(self, at: int, *, line: bool = False) -> int:
        """Past space and comments; with `line`, not past the end of the line."""
        while at < len(self.text):
            if at in self.ends:
                if line and re.search(r"[\r\n]", self.text[at : self.ends[at]]):
                    break
                at = self.ends[at]
            elif self.text[at] in "\r\n\u2028\u2029" and line:
                break
            elif self.text[at].isspace() or self.text[at] == "\ufeff":
                at += 1
            else:
                break
        return at

    def back(self, at: int) -> int:
        """Where the token before ends."""
        while at > 0:
            if at in self.starts:
                at = self.starts[at]
            elif self.text[at - 1].isspace() or self.text[at - 1] == "\ufeff":
                at -= 1
            else:
                break
        return at

    def line_start(self, at: int) -> int:
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def indent(self, at: int) -> str:
        """Indentation of the line a place is on."""
        start = self.line_start(at)
        found = re.compile(r"[ \t]*").match(self.text, start)
        return found[0] if found else ""

    def own_line(self, at: int) -> bool:
        """Whether nothing but space stands before it on its line."""
        return not self.text[self.line_start(at) : at].strip(" \t")

    @cached_property
    def _order(self) -> dict[str, int]:
        return {known: at for inside in self._children.values() for at, known in enumerate(inside)}

    def neighbours(self, at: str) -> Sequence[str]:
        """The member before one and the one after it, as far as they are there."""
        place = self._order[at]
        around = self.children(at.rpartition("/")[0])
        return [*around[max(0, place - 1) : place], *around[place + 1 : place + 2]]

    def own_lines(self, at: str) -> bool:
        """Whether a member has its lines for itself, a comment and a comma aside."""
        rest = self.rest(self.tree.values[at].end)[1]
        return self.own_line(self.start(at)) and (rest >= len(self.text) or self.text[rest] in "\r\n")

    def rest(self, end: int) -> tuple[int, int]:
        """Where a member that ends at `end` ends with its comma, and with what else stands on its line."""
        after = self.forward(end)
        stop = after + 1 if self.text[after : after + 1] == "," else end
        return stop, self.forward(stop, line=True)

    def above(self, start: int) -> int:
        """Where the comments begin that stand directly above a member; `start`'s line if there are none, or if
        it is the first member: then they may speak for the whole object."""
        top = self.line_start(start)
        while top > 0:
            before = self.back_over_line_end(top)
            if before not in self.starts or not self.own_line(self.starts[before]):
                break
            top = self.line_start(self.starts[before])
        first = self.text[self.back(top) - 1 : self.back(top)] in ("{", "[", "")
        return self.line_start(start) if first else top

    def back_over_line_end(self, at: int) -> int:
        """The last character of the line above, spaces left out."""
        if self.text[at - 1 : at] == "\n":
            at -= 1
        if self.text[at - 1 : at] == "\r":
            at -= 1
        while self.text[at - 1 : at] in (" ", "\t"):
            at -= 1
        return at

    # -- the edits ----------------------------------------------------------------------------------------

    def dumped(self, value: Any, indent: str) -> str:
        """A value as JSON: on one line if it is short."""
        text = self.one_line(value)
        if isinstance(value, (dict, list)) and value and len(text) + len(indent) > _WIDTH:
            text = value_text(value, self.unit).replace("\n", self.newline + indent)
        return text

    def one_line(self, value: Any) -> str:
        """As JSON, with space inside braces where the text has it."""
        if isinstance(value, dict) and value:
            members = (f"{value_text(key)}: {self.one_line(part)}" for key, part in value.items())
            return "{" + self.pad + ", ".join(members) + self.pad + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.one_line, value)) + "]"
        return value_text(value)

    def writer(self, value: Any) -> Writer:
        """Writes a value as JSON."""
        return lambda indent: self.dumped(value, indent)

    def replaced(self, at: str, value: Any) -> list[Patch]:
        """With another value; nothing to do where it is the same already."""
        span = self.tree.values[at]
        if same(self.tree.at(at), value):
            return []
        return [Patch(*span, self.dumped(value, self.indent(self.start(at))))]

    def renamed(self, at: str, name: str) -> Patch:
        """With another key."""
        return Patch(*self.tree.keys[at], value_text(name))

    def placed(self, at: str, write: Writer, lead: tuple[str, ...] = ()) -> Patch:
        """With a new member or element at `at`; `lead` goes above it."""
        parent, _, last = at.rpartition("/")
        children = self.children(parent)
        if self.listed(parent) and last != "-" and int(last) < len(children):
            return self.before(children[int(last)], write, lead)
        return self.added(parent, [(at, write)], lead)

    def listed(self, at: str) -> bool:
        """Whether a value is a list."""
        return self.text[self.tree.values[at].start] == "["

    def added(self, parent: str, members: Sequence[tuple[str, Writer]], lead: tuple[str, ...] = ()) -> Patch:
        """With new members or elements at the end of `parent`, each with its pointer."""
        children = self.children(parent)
        value = self.tree.values[parent]
        names = ["" if self.listed(parent) else value_text(path_of(at)[-1]) + ": " for at, _ in members]
        closer = value.end - 1
        tail = self.back(closer)
        comma = bool(children) and self.text[tail - 1] == "," and tail > self.tree.values[children[-1]].end
        ahead = self.text[value.start : self.start(children[0]) if children else closer]
        spread = bool(lead) or "\n" in ahead or "\r" in ahead
        spread = spread or (not children and parent == "" and not self.listed(parent))
        if not spread:
            indent = self.indent(value.start)
            items = [name + write(indent) for name, (_, write) in zip(names, members, strict=True)]
            return self.inline(bool(children), tail, closer, comma, ", ".join(items))
        indent = self.indent(value.start) + self.unit
        if children and self.own_line(self.start(children[-1])):
            indent = self.indent(self.start(children[-1]))
        rows = [name + write(indent) + "," for name, (_, write) in zip(names, members, strict=True)]
        if not comma:
            rows[-1] = rows[-1][:-1]
        block = "".join(self.newline + indent + row for row in (*lead, *rows))
        if not children:
            own = self.own_line(closer)
            place = _without(" \t\r\n", self.text, closer)
            gap = self.text[place:closer] if own else self.newline + self.indent(value.start)
            return Patch(place, closer, block + gap)
        place = self.forward(tail, line=True)
        if self.text[place : place + 1] in ("}", "]"):
            block += self.newline + self.indent(value.start)
        return Patch(tail, place, ("" if comma else ",") + self.text[tail:place].rstrip(" \t") + block)

    def inline(self, inside: bool, tail: int, closer: int, comma: bool, items: str) -> Patch:
        """On one line with what is there."""
        if not inside:
            keep = self.text[tail:closer] if self.text[tail:closer].strip() else ""
            return Patch(tail, closer, keep + items)
        return Patch(tail, tail, f" {items}," if comma else f", {items}")

    def before(self, at: str, write: Writer, lead: tuple[str, ...]) -> Patch:
        """With a new element before another."""
        start = self.start(at)
        indent = self.indent(start)
        if not self.own_line(start):
            ahead = "".join(row + self.newline + indent for row in lead)
            return Patch(start, start, ahead + write(indent) + ", ")
        rows = "".join(indent + row + self.newline for row in (*lead, write(indent) + ","))
        place = self.above(start)
        return Patch(place, place, rows)

    def removed(self, at: str, last: str | None = None) -> Patch:
        """Without a member and its comments, and without those after it up to `last`."""
        text = self.text
        start, end = self.start(at), self.tree.values[at if last is None else last].end
        stop, rest = self.rest(end)
        comma = stop > end
        if self.own_line(start) and (rest >= len(text) or text[rest] in "\r\n"):
            cut = rest + (2 if text[rest : rest + 2] == "\r\n" else 1)
            return self.lines_removed(self.above(start), cut, comma)
        begin = start if comma else self.comma_before(start)
        if comma:
            space = _past(" \t", text, stop)
            if text[space : space + 1] in ("\r", "\n", "}", "]", ""):
                closes = text[space : space + 1] in ("}", "]")
                return Patch(_without(" \t", text, start), stop if closes else space, "")
            return Patch(start, space, "")
        if begin == start:
            opened = _without(None, text, start)
            closed = _past(None, text, end)
            empty = text[opened - 1 : opened] in ("{", "[") and text[closed : closed + 1] in ("}", "]")
            if empty and self.back(start) == opened:
                return Patch(opened, closed, "")
        if self.after_line_comment(start):
            return Patch(begin, end, text[begin + 1 : start])
        kept = text[begin + 1 : start].rstrip(" \t\r\n")
        return Patch(begin if kept else _without(" \t\r\n", text, begin), end, kept)

    def lines_removed(self, top: int, cut: int, comma: bool) -> Patch:
        """Without whole lines, and without the comma before them where none comes after. A blank line above or below
        goes, too, where there would be one more than before."""
        text = self.text
        lost = top if comma else self.comma_before(top)
        base = min(lost, top)
        for _ in range(3):  # as far up as blank lines matter
            base = self.line_start(self.back_over_line_end(self.line_start(base)))
        head = text[base:top] if lost == top else text[base:lost] + text[lost + 1 : top]
        above = re.search(r"([{\[][ \t]*|(?:\r\n|\n|\r(?!\n))[ \t]*)(?:\r\n|(?<!\r)\n|\r)$", head)
        below = re.compile(r"[ \t]*(\r\n|\n|\r)").match(text, cut)
        if above and below:
            cut = below.end()
        elif above and above[1][0] not in "{[" and re.compile(r"[ \t]*[}\]]").match(text, cut):
            head = head[: above.end(1)].rstrip(" \t")
        kept = min(lost - base, len(head))
        return Patch(base + kept, cut, head[kept:])

    def after_line_comment(self, at: int) -> bool:
        """Whether only space stands between a place and a line comment before it."""
        while at > 0:
            if at in self.starts:
                return self.text.startswith("//", self.starts[at])
            if not self.text[at - 1].isspace():
                return False
            at -= 1
        return False

    def comma_before(self, at: int) -> int:
        """The place of the comma that leads to a member that begins at `at`; `at` where there is none."""
        last = self.back(at)
        return last - 1 if self.text[last - 1 : last] == "," else at

    def moved(self, edit: Edit, at: str) -> str:
        """With a member taken to another place, its comments with it."""
        tree, text = self.tree, self.text
        target = pointer(*path_of(str(edit.value)))
        span = tree.values[at]
        if target == at:
            return text
        if at in tree.keys and target.rpartition("/")[0] == at.rpartition("/")[0]:
            key = tree.keys[at]
            return text[: key.start] + value_text(path_of(target)[-1]) + text[key.end :]
        raw, old = text[span.start : span.end], self.indent(self.start(at))
        lead = self.comments_of(at)
        from gpuspec.text.read import parse

        less = parse(patched(text, [self.removed(at)]))
        if less.problems or not same(less.value, changed(tree.value, Edit("remove", at))):
            raise EditError(f"{edit.pointer} cannot be taken from its place without harm")

        def write(indent: str) -> str:
            lines = re.split(r"\r\n|\n|\r", raw)
            return self.newline.join([lines[0], *(indent + line.removeprefix(old) for line in lines[1:])])

        return patched(less.text, [Layout(less).placed(target, write, lead)])

    def comments_of(self, at: str) -> tuple[str, ...]:
        """The comments that go where a member goes: above it, and after it on its line."""
        start, end = self.start(at), self.tree.values[at].end
        if not self.own_lines(at):
            return ()
        rest = self.rest(end)[1]
        top = self.above(start)
        return tuple(
            self.text[comment.span.start : comment.span.end].strip()
            for comment in self.tree.comments
            if top <= comment.span.start < start or end <= comment.span.start < rest
        )


def _without(space: str | None, text: str, end: int) -> int:
    """Where `text[:end]` ends without the space at its end; None is any space."""
    while end > 0 and (text[end - 1].isspace() if space is None else text[end - 1] in space):
        end -= 1
    return end


def _past(space: str | None, text: str, at: int) -> int:
    """The next place that is no space; None is any space."""
    while at < len(text) and (text[at].isspace() if space is None else text[at] in space):
        at += 1
    return at
