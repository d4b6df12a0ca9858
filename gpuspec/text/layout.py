"""How an edit is written into a text: commas, indentation and comments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gpuspec.text.change import changed, path_of, plain, same
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.tree import Tree, pointer
from gpuspec.text.value_text import value_text

_WIDTH = 80
"""A list or object that is longer gets a line for each of its members."""


def written(tree: Tree, edit: Edit) -> str:
    """The text after an edit that `changed` has accepted."""
    page = _Page(tree)
    at = pointer(*path_of(edit.pointer))
    if edit.op == "set" and at in tree.values:
        return page.replaced(at, plain(edit.value))
    if edit.op == "rename":
        key = tree.keys[at]
        return tree.text[: key.start] + value_text(edit.value) + tree.text[key.end :]
    if edit.op == "remove":
        return page.removed(at)
    if edit.op == "move":
        return page.moved(edit, at)
    return page.added(at, lambda indent: page.dumped(plain(edit.value), indent))


class _Page:
    """A text with the layout its author gave it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.text = tree.text
        self.newline = "\r\n" if "\r\n" in tree.text else "\n"
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

    def start(self, at: str) -> int:
        """Where the member or element begins."""
        return self.tree.keys[at].start if at in self.tree.keys else self.tree.values[at].start

    def children(self, at: str) -> list[str]:
        value = self.tree.values[at]
        inside = at + "/"
        found = [
            known
            for known, span in self.tree.values.items()
            if value.start < span.start < value.end
            and known.startswith(inside)
            and "/" not in known[len(inside) :]
        ]
        return sorted(found, key=self.start)

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

    def replaced(self, at: str, value: Any) -> str:
        span = self.tree.values[at]
        old = _found(self.tree.value, at)
        if same(old, value):
            return self.text
        return (
            self.text[: span.start] + self.dumped(value, self.indent(self.start(at))) + self.text[span.end :]
        )

    def added(self, at: str, write: Callable[[str], str], lead: tuple[str, ...] = ()) -> str:
        """With a new member or element at `at`; `write` gives its text for an indentation, `lead` goes above."""
        parent, _, last = at.rpartition("/")
        children = self.children(parent)
        value = self.tree.values[parent]
        listed = self.text[value.start] == "["
        if listed and last != "-" and int(last) < len(children):
            return self.before(children[int(last)], write, lead)
        name = "" if listed else value_text(path_of(at)[-1]) + ": "
        closer = value.end - 1
        tail = self.back(closer)
        comma = bool(children) and self.text[tail - 1] == "," and tail > self.tree.values[children[-1]].end
        spread = bool(lead) or (
            "\n" in self.text[value.start : self.start(children[0])]
            if children
            else "\n" in self.text[value.start : closer]
        )
        spread = spread or "\r" in self.text[value.start : self.start(children[0]) if children else closer]
        spread = spread or (not children and parent == "" and not listed)
        if not spread:
            return self.inline(children, tail, closer, comma, name + write(self.indent(value.start)))
        indent = self.indent(value.start) + self.unit
        if children and self.own_line(self.start(children[-1])):
            indent = self.indent(self.start(children[-1]))
        rows = [*lead, name + write(indent) + ("," if comma else "")]
        block = "".join(self.newline + indent + row for row in rows)
        if not children:
            rest = (
                self.text[closer:]
                if self.own_line(closer)
                else self.newline + self.indent(value.start) + self.text[closer:]
            )
            place = len(self.text[:closer].rstrip(" \t\r\n"))
            gap = self.text[place:closer] if self.own_line(closer) else ""
            return self.text[:place] + block + gap + rest
        place = self.forward(tail, line=True)
        after = self.text[place:]
        if after[:1] in "}]":
            after = self.newline + self.indent(value.start) + after
        return self.text[:tail] + ("" if comma else ",") + self.text[tail:place].rstrip(" \t") + block + after

    def inline(self, children: list[str], tail: int, closer: int, comma: bool, item: str) -> str:
        text = self.text
        if not children:
            keep = text[tail:closer] if text[tail:closer].strip() else ""
            return text[:tail] + keep + item + text[closer:]
        if comma:
            return text[:tail] + " " + item + "," + text[tail:]
        return text[:tail] + ", " + item + text[tail:]

    def before(self, at: str, write: Callable[[str], str], lead: tuple[str, ...]) -> str:
        """With a new element before another."""
        start = self.start(at)
        indent = self.indent(start)
        if not self.own_line(start):
            ahead = "".join(row + self.newline + indent for row in lead)
            return self.text[:start] + ahead + write(indent) + ", " + self.text[start:]
        rows = "".join(indent + row + self.newline for row in (*lead, write(indent) + ","))
        place = self.above(start)
        return self.text[:place] + rows + self.text[place:]

    def removed(self, at: str) -> str:
        """Without a member and its comments."""
        text = self.text
        start, end = self.start(at), self.tree.values[at].end
        after = self.forward(end)
        comma = text[after : after + 1] == ","
        stop = after + 1 if comma else end
        rest = self.forward(stop, line=True)
        if self.own_line(start) and (rest >= len(text) or text[rest] in "\r\n"):
            top = self.above(start)
            cut = rest + (2 if text[rest : rest + 2] == "\r\n" else 1)
            head, tail = self.without_comma(text[:top], not comma), text[cut:]
            above = re.search(r"([{\[][ \t]*|(?:\r\n|\n|\r(?!\n))[ \t]*)(?:\r\n|(?<!\r)\n|\r)$", head)
            below = re.match(r"[ \t]*(\r\n|\n|\r)", tail)
            if above and below:  # the blank line after it goes, too
                return head + tail[below.end() :]
            if above and above[1][0] not in "{[" and re.match(r"[ \t]*[}\]]", tail):
                return head[: above.end(1)].rstrip(" \t") + tail
            return head + tail
        if comma:
            head, tail = text[:start], text[stop:]
            space = tail.lstrip(" \t")
            if space[:1] in ("\r", "\n", "}", "]", ""):
                return head.rstrip(" \t") + (tail if space[:1] in ("}", "]") else space)
            return head + space
        head = self.without_comma(text[:start], True)
        tail = text[end:]
        if (
            head.rstrip()[-1:] in ("{", "[")
            and tail.lstrip()[:1] in ("}", "]")
            and self.back(start) == len(text[:start].rstrip())
        ):
            return head.rstrip() + tail.lstrip()
        line_comment = any(
            not comment.block and comment.span.end <= start and not text[comment.span.end : start].strip()
            for comment in self.tree.comments
        )
        return (head if line_comment else head.rstrip(" \t\r\n")) + tail

    def without_comma(self, head: str, wanted: bool) -> str:
        """The text before a removed member, without the comma that led to it."""
        last = self.back(len(head))
        if wanted and head[last - 1 : last] == ",":
            return head[: last - 1] + head[last:]
        return head

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

        less = parse(self.removed(at))
        if less.problems or not same(less.value, changed(tree.value, Edit("remove", at))):
            raise EditError(f"{edit.pointer} cannot be taken from its place without harm")

        def write(indent: str) -> str:
            lines = re.split(r"\r\n|\n|\r", raw)
            return self.newline.join([lines[0], *(indent + line.removeprefix(old) for line in lines[1:])])

        return _Page(less).added(target, write, lead)

    def comments_of(self, at: str) -> tuple[str, ...]:
        """The comments that go where a member goes: above it, and after it on its line."""
        start, end = self.start(at), self.tree.values[at].end
        after = self.forward(end)
        rest = self.forward(after + 1 if self.text[after : after + 1] == "," else end, line=True)
        if not (self.own_line(start) and (rest >= len(self.text) or self.text[rest] in "\r\n")):
            return ()
        top = self.above(start)
        return tuple(
            self.text[comment.span.start : comment.span.end].strip()
            for comment in self.tree.comments
            if top <= comment.span.start < start or end <= comment.span.start < rest
        )


def _found(document: Any, at: str) -> Any:
    for part in path_of(at):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
