"""The part of YAML that configuration files and workflows are written in: maps and lists by indentation, block texts,
one scalar a line. Anchors, tags and flow values stay as they are written.

PyYAML is no dependency, and an answer that depends on whether it happens to be installed is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.named_tuple import NamedTuple
from gpuspec.text.tree import Span

_KEY = re.compile(r"(\"[^\"]*\"\s*|'[^']*'\s*|[\w.$/-][^:#\n]*):(?:\s(.*))?$")
_LONGEST = 5_000


class Item(NamedTuple):
    """A key with its value, or a list entry (its `key` is "-"). `raw` is the value as written, without comments, or
    the text of a block; `span` where it stands."""

    key: str
    raw: str
    span: Span
    inner: tuple[Item, ...] = ()

    def get(self, key: str) -> Item | None:
        """The first inner item of that key."""
        return next((item for item in self.inner if item.key == key), None)

    @property
    def text(self) -> str:
        """The value without its quotes."""
        return self.raw.strip("\"'") if self.raw[:1] in ("'", '"') else self.raw

    @property
    def scalar(self) -> str | None:
        """A plain or quoted scalar; None for anything else, and for quotes that hold escapes or nothing."""
        if self.raw[:1] in ("'", '"'):
            plain = self.raw[-1] == self.raw[0] and "\\" not in self.raw and len(self.raw) > 2
            return self.raw[1:-1] if plain else None
        special = ("&", "*", "!", "|", ">", "{", "[", "%", "@", "`", "-", "?", " ")
        return self.raw if self.raw and not self.raw.startswith(special) and "\n" not in self.raw else None


def read_yaml(text: str) -> Item:
    """The whole text as one item; empty where it is nested beyond reading, or holds several documents."""
    documents: list[list[_Line]] = [[]]
    for line in _lines(text):
        if line.indent == 0 and re.match(r"(?:---|\.\.\.)(?:\s|$)", line.text):
            documents.append([])
        documents[-1].append(line)
    filled = [lines for lines in documents if not all(map(_blank, lines))]
    try:
        inner = tuple(_items(filled[0], text)) if len(filled) == 1 else ()
    except RecursionError:
        inner = ()
    return Item("", "", Span(0, len(text)), inner)


class _Line(NamedTuple):
    indent: int
    text: str
    start: int


def _lines(text: str) -> list[_Line]:
    lines = []
    for match in re.finditer(r"[^\n]*\n?", text):
        line = match.group().rstrip("\r\n")
        stripped = line.lstrip(" ")
        if match.group():
            lines.append(_Line(len(line) - len(stripped), stripped, match.start()))
    return lines


def _blank(line: _Line) -> bool:
    return not line.text.strip() or line.text.startswith(("#", "---", "...")) or len(line.text) > _LONGEST


def _items(lines: list[_Line], source: str) -> Iterator[Item]:
    """The items at the indentation of the first line, each with what stands deeper below it."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if _blank(line):
            at += 1
            continue
        behind = at + 1
        while behind < len(lines) and (_blank(lines[behind]) or _below(lines[behind], line)):
            behind += 1
        yield _item(line, lines[at + 1 : behind], source)
        at = behind


def _below(line: _Line, head: _Line) -> bool:
    # A list may stand at its key's own indentation.
    return line.indent > head.indent or (
        line.indent == head.indent and line.text.startswith("- ") and not head.text.startswith("- ")
    )


def _item(line: _Line, below: list[_Line], source: str) -> Item:
    start = line.start + line.indent
    end = below[-1].start + below[-1].indent + len(below[-1].text) if below else start + len(line.text)
    if line.text == "-" or line.text.startswith("- "):
        rest = line.text[1:].lstrip(" ")
        moved = _Line(line.indent + len(line.text) - len(rest), rest, line.start)
        inner = tuple(_items([moved, *below], source)) if _KEY.match(rest) else ()
        return Item("-", rest if inner else _without_comment(rest), Span(start, end), inner)
    match = _KEY.match(line.text)
    if match is None:
        return Item("", line.text, Span(start, end))
    key, value = match[1].strip().strip("\"'"), _without_comment((match[2] or "").strip())
    if re.fullmatch(r"[|>][+-]?\d?", value):
        texts = [source[part.start : part.start + part.indent + len(part.text)] for part in below]
        return Item(key, "\n".join(texts), Span(start, end))
    if value and not value.startswith(("&", "!")):
        return Item(key, value, Span(start, end))
    return Item(key, "", Span(start, end), tuple(_items(below, source)))


def _without_comment(text: str) -> str:
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        if end > 0 and re.fullmatch(r"\s*(?:#.*)?", text[end + 1 :]):
            return text[: end + 1]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
