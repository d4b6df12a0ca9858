"""What was predicted of runs beside what they took, as text."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.planning.accuracy import Accuracy, AccuracyRow, Ratio
from gpuspec.printable import one_line
from gpuspec.report.summary import plural
from gpuspec.report.width import width
from gpuspec.words import shortened

_HEADS = {"job": "JOB", "gpu": "GPU", "model": "MODEL", "": ""}
LONGEST = 44


def render(found: Accuracy) -> str:
    """A block for each thing that runs have in common, and the line of all."""
    of_all = found.rows[-1]
    between = found.first if found.first == found.last else f"{found.first} to {found.last}"
    lines = [
        f"predicted ÷ actual, {plural(of_all.runs, 'run')}, {between}; below 1: they took more than predicted"
    ]
    rows = [_cells(row) for row in found.rows]
    for by in dict.fromkeys(row.by for row in found.rows):
        block = [cells for row, cells in zip(found.rows, rows, strict=True) if row.by == by]
        head = [(_HEADS[by], "RUNS", "TIME", "MEMORY", "PRICE")] if by else []
        lines += ["", *_aligned([*head, *block], rows)]
    if found.filled:
        many = plural(found.filled, "run")
        lines += ["", f"memory of {many} is left out: the engine takes all that it may, whatever it needs"]
    return "".join(f"{one_line(line)}\n" for line in lines)


def _cells(row: AccuracyRow) -> tuple[str, ...]:
    return (
        shortened(one_line(row.name), LONGEST),
        str(row.runs),
        *map(_said, (row.time, row.memory, row.price)),
    )


def _said(ratio: Ratio | None) -> str:
    if ratio is None:
        return "unknown"
    if f"{ratio.low:.2f}" == f"{ratio.high:.2f}":
        return f"{ratio.middle:.2f}"
    return f"{ratio.middle:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"


def _aligned(rows: Sequence[tuple[str, ...]], all_rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows in columns as wide as those of all blocks, so that these stand one below the other."""
    first = max(width(row[0]) for row in all_rows)
    wide = [
        max(len(row[at]) for row in (*all_rows, ("", "RUNS", "TIME", "MEMORY", "PRICE")))
        for at in range(1, 5)
    ]
    lines = []
    for row in rows:
        cells = (cell.ljust(size) for cell, size in zip(row[2:], wide[1:], strict=True))
        name = row[0] + " " * max(first - width(row[0]), 0)
        lines.append(f"{name}  {row[1]:>{wide[0]}}  {'  '.join(cells)}".rstrip())
    return lines
