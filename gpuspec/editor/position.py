"""Places as editors count them: lines from 0, columns in UTF-16 units (or what the client asked for)."""

from __future__ import annotations

from bisect import bisect_right

from lsprotocol.types import Position, PositionEncodingKind, Range, TextEdit

from gpuspec.lint.result import Place
from gpuspec.text import Span, Tree

UTF16 = PositionEncodingKind.Utf16


class Positions:
    """Character offsets of one text as LSP positions, and back. A byte order mark that the editor sent is a
    character of the text like any other; our own columns leave it out."""

    def __init__(self, tree: Tree, encoding: str = UTF16) -> None:
        self._tree = tree
        self._text = tree.text
        self._encoding = {"utf-8": "utf-8", "utf-32": "utf-32-le"}.get(encoding, "utf-16-le")
        self._unit = {"utf-8": 1, "utf-32-le": 4}.get(self._encoding, 2)

    def position(self, offset: int) -> Position:
        """The position of an offset."""
        starts = self._tree.line_starts()
        line = bisect_right(starts, offset) - 1
        before = self._text[starts[line] : offset].encode(self._encoding, "surrogatepass")
        return Position(line, len(before) // self._unit)

    def offset(self, position: Position) -> int:
        """The offset of a position; past the end of a line it is that end, past the last line the text's end."""
        starts = self._tree.line_starts()
        if position.line >= len(starts):
            return len(self._text)
        start = starts[position.line]
        end = starts[position.line + 1] if position.line + 1 < len(starts) else len(self._text)
        line = self._text[start:end].rstrip("\r\n")
        encoded = line.encode(self._encoding, "surrogatepass")
        # Half a character at the cut is no character: an editor never points there.
        cut = encoded[: max(0, position.character) * self._unit]
        return start + len(cut.decode(self._encoding, "ignore"))

    def range(self, span: Span) -> Range:
        """The range of a span."""
        return Range(self.position(span.start), self.position(span.end))

    def at(self, place: Place) -> Range:
        """The range of a finding's place; never empty where there is a character to underline."""
        start, end = self._place(place.line, place.column), self._place(place.end_line, place.end_column)
        if end <= start and self._text[start : start + 1] not in ("", "\r", "\n"):
            end = start + 1
        return self.range(Span(start, max(start, end)))

    def change(self, after: str) -> TextEdit | None:
        """The smallest single edit that turns the text into `after`; None where nothing changes."""
        before = self._text
        if before == after:
            return None
        least = min(len(before), len(after))
        head = next((i for i in range(least) if before[i] != after[i]), least)
        if before[head - 1 : head] == "\r":  # never between CR and LF
            head -= 1
        least -= head
        tail = next((i for i in range(least) if before[-1 - i] != after[-1 - i]), least)
        if tail and before[len(before) - tail] == "\n":
            tail -= 1
        span = Span(head, len(before) - tail)
        return TextEdit(self.range(span), after[head : len(after) - tail])

    def _place(self, line: int, column: int) -> int:
        starts = self._tree.line_starts()
        mark = 1 if line == 1 and self._text.startswith("\ufeff") else 0
        return min(starts[min(line, len(starts)) - 1] + column - 1 + mark, len(self._text))
