"""How wide text is on a terminal: tabs, wide East Asian characters, emoji, combining marks."""

from __future__ import annotations

TAB = 4


def width(text: str) -> int:
    """Columns that `text` takes; tabs count as in `shown`."""
    if text.isascii() and text.isprintable():
        return len(text)
    from unicodedata import combining, east_asian_width

    columns = 0
    for char in text:
        if char == "\t":
            columns += TAB
        elif combining(char) or char in "\u200b\u200c\u200d\ufe0e\ufe0f":
            continue
        else:
            columns += 2 if east_asian_width(char) in "WF" else 1
    return columns


def shown(text: str) -> str:
    """Text as printed: tabs as spaces, control characters made visible (no file may drive a terminal)."""
    if text.isprintable():
        return text
    return "".join(
        " " * TAB
        if char == "\t"
        else char
        if char.isprintable() or char in "\u200d\n"
        else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def clip(line: str, start: int, end: int, room: int | None) -> tuple[str, int, int]:
    """(the line as printed, columns before the span, columns of the span), cut to `room` columns."""
    before, inside, after = shown(line[:start]), shown(line[start:end]), shown(line[end:])
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
    taken = 0
    for at, char in enumerate(text):
        taken += width(char)
        if taken > columns:
            return text[:at]
    return text
