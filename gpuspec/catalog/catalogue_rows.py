"""SkyPilot's catalogue files, row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from gpuspec.numerals import number_of

Row = Mapping[str, str | None]
"""One line of a vms.csv by its columns, which may stand in any order and be absent."""

NEEDED = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "Region")
MOST_ROWS = 300_000
"""The largest file, that of AWS, has 40,000."""
MOST_COLUMNS = 100


def read_rows(data: bytes) -> Iterator[Row]:
    """The rows of a catalogue file. Raises ValueError, in words, for what is none, or only a part of one."""
    import csv

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
    first = text.split("\n", 1)[0].strip()
    if not first:
        raise ValueError("it is empty")
    if not text.endswith("\n"):
        raise ValueError(f"it was cut: line {text.count(chr(10)) + 1:,} has no end")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        columns = list(rows.fieldnames or ())
        missing = [name for name in NEEDED if name not in columns]
        if len(columns) > MOST_COLUMNS:
            raise ValueError(f"it has more than {MOST_COLUMNS} columns")
        if missing:
            raise ValueError(f"its first line does not name {', '.join(missing[:3])}: {first[:60]!r}")
        for at, row in enumerate(rows, start=1):
            if at > MOST_ROWS:
                raise ValueError(f"it has more than {MOST_ROWS:,} rows")
            yield row
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num + 1:,}: {error}") from None


def cell(row: Row, column: str) -> str:
    """The text in a column; "" where there is none."""
    return (row.get(column) or "").strip()


def amount(row: Row, column: str) -> float | None:
    """The number in a column, None where there is none, or one beyond belief."""
    number = number_of(cell(row, column))
    return number if number is not None and abs(number) < 1e9 else None
