"""How an edit is written into a YAML text: lines, indentation, comments, quotes, and the style of what is around."""

from __future__ import annotations

import re
from typing import Any

from gpuspec.numerals import small_number
from gpuspec.text.change import path_of, plain
from gpuspec.text.edit import Edit, EditError
from gpuspec.text.layout import WrittenMembers
from gpuspec.text.tree import Span, Tree, pointer
from gpuspec.text.yaml_scalar import block_text, scalar_text, value_text

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")
_COLON = re.compile(r"[ \t]*:")
_ALIAS = re.compile(r"[ \t]*:[ \t]*\*[^\s,\]}]+")
_COMMENT_LINE = re.compile(r"[ \t]*#[^\r\n]*")


def written(tree: Tree, edit: Edit) -> str:
    """The text after an edit that `changed` has accepted. Raises EditError for a layout that it does not know."""
    layout = YamlLayout(tree)
    at = pointer(*path_of(edit.pointer))
    if edit.op == "set" and at in tree.values:
        return layout.replaced(at, plain(edit.value))
    if edit.op == "rename":
        return layout.renamed(at, edit.value)
    if edit.op == "remove":
        return layout.removed(at)
    holder, _, last = at.rpartition("/")
    if edit.op not in ("set", "insert") or holder not in tree.values:
        raise EditError("that is not done in YAML")
    if isinstance(tree.at(holder), list):
        count = len(tree.at(holder))
        return layout.inserted(holder, count if last == "-" else small_number(last) or 0, plain(edit.value))
    return layout.added(holder, last.replace("~1", "/").replace("~0", "~"), plain(edit.value))


class YamlLayout(WrittenMembers):
    """A YAML text with the layout its author gave it."""

    # -- finding the way --------------------------------------------------------------------------------

    def is_flow(self, at: str) -> bool:
        """Whether a list or map is written in brackets."""
        return self.text[self.content(at).start : self.content(at).start + 1] in ("[", "{")

    def in_flow(self, at: str) -> bool:
        """Whether a place stands within brackets."""
        while at:
            at = at.rpartition("/")[0]
            if at in self.tree.values and self.is_flow(at):
                return True
        return False

    def content(self, at: str) -> Span:
        """Where a value stands, without its anchor and tag."""
        span = self.tree.values[at]
        found = _PROPERTIES.match(self.text, span.start, span.end)
        return Span(found.end() if found else span.start, span.end)

    def end(self, at: str) -> int:
        """Where the last character of a member or element is that is no space, line end or comment."""
        span, key = self.tree.values[at], self.tree.keys.get(at)
        if key is not None and (alias := _ALIAS.match(self.text, key.end)):
            return alias.end()
        if key is not None and span.start < key.end:
            raise EditError(f"{at} stands elsewhere")
        inner = self.children(at)
        if inner and not self.is_flow(at):
            return max(map(self.end, inner))
        found = len(self.text[span.start : span.end].rstrip())
        if not found and key is not None:
            colon = _COLON.match(self.text, key.end)
            return colon.end() if colon else key.end
        return span.start + found

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the line ends that a place is on, before its line end."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[end - 1 : end] == "\r" and end > at else end

    def over_line_end(self, at: int) -> int:
        """The beginning of the next line."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def own_line(self, at: int) -> bool:
        """Whether nothing but space stands before it on its line."""
        return not self.text[self.line_start(at) : at].strip(" \ufeff")

    def dash(self, at: str) -> int:
        """Where the `-` of an element of a list by lines stands."""
        start = self.start(at)
        found = self.text.rfind("-", 0, start)
        if found < 0 or self.text[found + 1 : start].strip():
            raise EditError(f"{at} has no dash of its own")
        return found

    def rest_is_comment(self, at: int) -> bool:
        """Whether nothing but a comment follows on the line."""
        rest = self.text[at : self.line_end(at)]
        return not rest.strip() or rest.lstrip(" \t").startswith("#")

    # -- the edits ----------------------------------------------------------------------------------------

    def put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def replaced(self, at: str, value: Any) -> str:
        """With another value in the place of one."""
        span = self.content(at)
        old = self.text[span.start : span.end]
        if old[:1] in ("|", ">"):
            if not isinstance(value, str):
                raise EditError("only a text goes into a block of lines")
            indent = " " * self._column_of_block(at)
            return self.put(span.start, span.end, block_text(old, value, indent, self.newline))
        if self.children(at) and not self.is_flow(at):
            return self._instead_of_block(at, value_text(value))
        end = span.start + len(old.rstrip())
        new = (
            value_text(value)
            if isinstance(value, (dict, list))
            else scalar_text(value, old, flow=self.in_flow(at))
        )
        blank = (
            "" if not new or span.start != end or self.text[span.start - 1 : span.start] in (" ", "") else " "
        )
        return self.put(span.start, end, blank + new)

    def _column_of_block(self, at: str) -> int:
        start = self.start(at) if at in self.tree.keys else self.dash(at)
        return start - self.line_start(start)

    def _instead_of_block(self, at: str, new: str) -> str:
        """With a value on the line of its key, or of its dash, in the place of a list or map by lines."""
        end = self.end(at)
        if at in self.tree.keys:
            colon = _COLON.match(self.text, self.tree.keys[at].end)
            start = colon.end() if colon else -1
        elif at and small_number(at.rpartition("/")[2]) is not None:
            start = self.dash(at) + 1
        else:
            start = -1
        if start < 0 or "#" in self.text[start:end]:
            raise EditError(f"{at} has comments in it")
        return self.put(start, end, f" {new}")

    def renamed(self, at: str, name: str) -> str:
        """With another key; its quotes stay."""
        span = self.tree.keys[at]
        old = self.text[span.start : span.end]
        return self.put(span.start, span.end, scalar_text(name, old, flow=True))

    def added(self, holder: str, name: str, value: Any) -> str:
        """With one more member at the end of a map."""
        inner = self.children(holder)
        if self.is_flow(holder):
            return self._into_brackets(
                holder, len(inner), f"{scalar_text(name, '', flow=True)}: {value_text(value)}"
            )
        if not inner:
            raise EditError(f"{holder} has no member of its own")
        first = self.start(inner[0])
        indent = " " * (first - self.line_start(first))
        text = f"{indent}{scalar_text(name, '', flow=True)}: {self._alone(value)}"
        return self._line_after(self.end(inner[-1]), text)

    def inserted(self, holder: str, place: int, value: Any) -> str:
        """With one more element in a list."""
        inner = self.children(holder)
        if self.is_flow(holder):
            return self._into_brackets(holder, place, value_text(value))
        if not inner:
            raise EditError(f"{holder} has no element of its own")
        dash = self.dash(inner[0])
        gap = self.text[dash + 1 : self.start(inner[0])] or " "
        indent = " " * (dash - self.line_start(dash))
        line = f"{indent}-{gap if gap.strip(' ') == '' else ' '}{self._alone(value)}"
        if place > 0:
            return self._line_after(self.end(inner[place - 1]), line)
        if not self.own_line(dash):
            return self.put(dash, dash, f"- {self._alone(value)}{self.newline}{indent}")
        start = self.line_start(dash)
        return self.put(start, start, line + self.newline)

    def _alone(self, value: Any) -> str:
        """A value at the end of a line outside of brackets."""
        return value_text(value) if isinstance(value, (dict, list)) else scalar_text(value, "", flow=False)

    def _line_after(self, end: int, line: str) -> str:
        if not self.rest_is_comment(end):
            raise EditError("something follows on the line")
        at = self.line_end(end)
        return self.put(at, at, self.newline + line)

    def _into_brackets(self, holder: str, place: int, new: str) -> str:
        """With one more member or element within brackets."""
        inner, span = self.children(holder), self.content(holder)
        if not inner:
            return self.put(span.start + 1, span.end - 1, new)
        if place < len(inner):
            at = self.start(inner[place])
            return self.put(at, at, f"{new}, ")
        end = self.end(inner[-1])
        comma = re.compile(r"\s*,").match(self.text, end, span.end)
        if comma:
            return self.put(comma.end(), comma.end(), f" {new},")
        return self.put(end, end, f", {new}")

    def removed(self, at: str) -> str:
        """Without a member or element, the comment on its line, and those directly above it unless it is the first:
        there they may speak for all."""
        holder = at.rpartition("/")[0]
        inner = self.children(holder)
        if at not in inner:
            raise EditError(f"{at} stands elsewhere")
        if len(inner) == 1:
            if self.is_flow(holder):
                span = self.content(holder)
                return self._cut(span.start + 1, span.end - 1)
            return self._instead_of_block(holder, "{}" if at in self.tree.keys else "[]")
        place = inner.index(at)
        if self.is_flow(holder):
            if place + 1 < len(inner):
                return self._cut(self.start(at), self.start(inner[place + 1]))
            return self._cut(self.end(inner[place - 1]), self.end(at))
        start, end = self.start(at) if at in self.tree.keys else self.dash(at), self.end(at)
        if not self.rest_is_comment(end):
            raise EditError("something follows on the line")
        if self.own_line(start):
            top = self.line_start(start) if place == 0 else self._above(start)
            stop = self.over_line_end(end)
            if (
                stop == len(self.text) and self.text[-1:] != "\n"
            ):  # the last line has no end: take that before it
                return self.text[:top].rstrip("\r\n")
            return self.put(top, stop, "")
        if place or at not in self.tree.keys:
            raise EditError(f"{at} has no line of its own")
        return self._cut(start, self.start(inner[1]))  # the first member stands behind a dash

    def _cut(self, start: int, end: int) -> str:
        if "#" in self.text[start:end]:
            raise EditError("a comment would be lost")
        return self.put(start, end, "")

    def _above(self, start: int) -> int:
        """Where the comments of its indentation begin that stand directly above a line."""
        top = self.line_start(start)
        indent = self.text[top:start]
        while top > 0:
            before = self.line_start(top - 1)
            line = self.text[before : self.line_end(before)]
            if not (_COMMENT_LINE.fullmatch(line) and line.startswith(indent + "#")):
                break
            top = before
        return top
