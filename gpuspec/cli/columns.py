"""Rows as aligned text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def fitted(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines; columns from the right are left out where the terminal is too narrow for them."""
    room = shutil.get_terminal_size((100, 24)).columns
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    columns = len(widths)
    while columns > 2 and sum(widths[:columns]) + 2 * (columns - 1) > room:
        columns -= 1
    return ["  ".join(row[at].ljust(widths[at]) for at in range(columns)).rstrip() for row in rows]
