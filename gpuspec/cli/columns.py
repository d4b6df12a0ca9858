"""Rows as aligned text."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from gpuspec.numerals import small_number
from gpuspec.printable import one_line


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines."""
    rows = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def terminal_columns() -> int:
    """How wide a line may be: as wide as the terminal, and 80 columns where there is none."""
    return max(30, small_number(os.environ.get("COLUMNS", "")) or _of_terminal() or 80)


def _of_terminal() -> int:
    """As `shutil` has it, whose import takes 2 ms for its archives; 0 where there is no terminal."""
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns
    except (OSError, ValueError):  # ValueError: a stream that is closed
        return 0


def wrapped(line: str) -> list[str]:
    """A line in as many as the terminal needs; those after the first are indented by two columns more."""
    indent = len(line) - len(line.lstrip())
    return labelled(" " * indent, line, indent + 2)


def labelled(label: str, text: str, indent: int | None = None) -> list[str]:
    """Text behind a label, in as many lines as the terminal needs. Those after the first are indented by `indent`;
    None: as far as the label goes, where that leaves them room."""
    from gpuspec.report.text import Style

    columns, taken = terminal_columns(), len(label)
    if indent is None:
        indent = taken if taken <= columns / 3 else 4
    return (label + Style(columns=columns).wrap(text, taken, indent)).split("\n")


def fitted(rows: Sequence[Sequence[str]], *, first_column: int | None = None) -> list[str]:
    """The rows as lines; columns from the right are left out where the terminal is too narrow for them. Of the last
    two the second stands below a first one that leaves it no room. `first_column`: how much of it is worth a
    column of others; longer cells stand on a line of their own where there is no room."""
    rows = [tuple(map(one_line, row)) for row in rows]
    room = terminal_columns()
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    longest = widths[0]
    widths[0] = min(longest, first_column or longest)
    columns = len(widths)
    while columns > 2 and sum(widths[:columns]) + 2 * (columns - 1) > room:
        columns -= 1
    first = room - sum(widths[1:columns]) - 2 * (columns - 1)
    if longest <= first:
        return aligned([row[:columns] for row in rows])
    lines = []
    for name, *rest in (row[:columns] for row in rows):
        beside = len(name) <= first
        lines += [] if beside else [name]
        cells = (name if beside else "", *rest)
        lines.append("  ".join(map(str.ljust, cells, (first, *widths[1:columns]))).rstrip())
    return lines
