"""How wide text is on a terminal: tabs, wide East Asian characters, emoji, combining marks."""

from __future__ import annotations

from functools import lru_cache

from gpuspec.printable import one_line

TAB = 4
MOST_SEEN = 12
"""How many times the room on a line is looked at of a longer one: some characters take no room."""


def width(text: str) -> int:
    """Columns that `text` takes; tabs count as in `shown`."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_columns, text))


@lru_cache(maxsize=1_000)  # the same few signs fill a table: · × – █
def _columns(char: str) -> int:
    from unicodedata import combining, east_asian_width

    if char == "\t":
        return TAB
    if combining(char) or char in "\u200b\u200c\u200d\ufe0e\ufe0f":
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def shown(text: str) -> str:
    """A line, or a part of one, as printed: `one_line`, with tabs as spaces."""
    return one_line(text.replace("\t", " " * TAB))


def clip(line: str, start: int, end: int, room: int | None) -> tuple[str, int, int]:
    """(the line as printed, columns before the span, columns of the span), cut to `room` columns."""
    if room is not None and len(line) > MOST_SEEN * room:
        # A file may have one line, with all of its findings: only what is around the span is looked at.
        low, high = max(0, start - MOST_SEEN * room // 3), start + MOST_SEEN * room // 3
        line, start, end = line[low:high], start - low, min(end, high) - low
    before, inside, after = map(shown, (line[:start], line[start:end], line[end:]))
    if "#" in inside and one_line(before + inside + after) != before + inside + after:
        # A command to a CI runner, cut where the span begins or ends.
        before, inside, after = (part.replace("#", "\\x23") for part in (before, inside, after))
    if room is None or width(line) <= room:
        return before + inside + after, width(before), width(inside)
    if width(before) > room // 3:
        before = "…" + head(before[::-1], room // 3 - 1)[::-1]
    left = room - width(before)
    if width(inside) > left:
        inside = head(inside, left - 1) + "…"
        return before + inside, width(before), width(inside)
    left -= width(inside)
    if width(after) > left:
        # Without room for a mark of the cut, the cut itself has to do.
        after = head(after, left - 1) + "…" if left else ""
    return before + inside + after, width(before), width(inside)


def head(text: str, columns: int) -> str:
    """The beginning of a text that takes no more than so many columns."""
    if text.isascii() and text.isprintable():
        return text[: max(0, columns)]
    taken = 0
    for at, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:at]
    return text
