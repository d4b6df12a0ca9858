"""Rows as aligned text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from gpuspec.printable import one_line


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines."""
    rows = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def fitted(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines; columns from the right are left out where the terminal is too narrow for them."""
    rows = [tuple(map(one_line, row)) for row in rows]
    room = shutil.get_terminal_size((100, 24)).columns
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns = len(widths)
    while columns > 2 and sum(widths[:columns]) + 2 * (columns - 1) > room:
        columns -= 1
    return aligned([row[:columns] for row in rows])
