"""A row of the run records as a Run, and a value of a Run as SQLite takes it.

SQLite keeps any value in any column: a copy that broke, another program's hand, or a later version may have left what
a field cannot hold. Such a value counts as unknown, and the run's message names it: an odd row hides neither its own
machine nor other rows."""

from __future__ import annotations

import math
import sqlite3
from contextlib import suppress
from typing import Any, get_args, get_type_hints

from gpuspec.launch.launcher import Run

KINDS: dict[str, type] = {
    name: next((each for each in (hint, *get_args(hint)) if each in (float, int, bool)), str)
    for name, hint in get_type_hints(Run).items()
}
"""Field of a Run → float, int, bool or str."""

_TEXTS = ("name", "launcher", "spec_path", "workdir", "message")
"""Fields whose text may be empty and is never None."""

_LATEST = 253_402_300_799.0
"""The last second of the year 9999: no time comes after it, and no other number of a run is as large."""


def stored(value: Any) -> Any:
    """As SQLite takes it: a file's name may hold bytes that are no text."""
    if isinstance(value, str):
        for how in ("strict", "surrogateescape", "surrogatepass"):
            with suppress(UnicodeEncodeError):
                encoded = value.encode("utf-8", how)
                return value if how == "strict" else encoded
    return value


def text_of(found: bytes) -> str:
    """What `stored` was given."""
    return found.decode("utf-8", "surrogateescape")


def run_of(row: sqlite3.Row) -> Run:
    """The run in a row that has all columns."""
    values: dict[str, Any] = {}
    odd = []
    for name, kind in KINDS.items():
        found = row[name]
        if found is None:
            values[name] = None
            continue
        values[name] = value = _READ[kind](found)
        least = 1 if name in ("pid", "gpu_count", "machines") else -(2**31) if name == "exit_code" else 0
        if isinstance(value, float | int) and value < least:
            values[name] = value = None
        if isinstance(value, str) and "\0" in value and name != "message":  # no name or path holds one
            values[name] = value = None
        if value is None and found is not None:
            odd.append(name)
    odd += [name for name in ("launcher", "state", "started") if row[name] is None]
    values.update({name: values[name] or "" for name in _TEXTS})
    values["state"] = values["state"] or "provisioning"  # a machine may be there: it is asked for
    values["started"] = values["started"] or 0.0
    if odd:
        damage = f"its record is damaged ({', '.join(odd)})"
        values["message"] = "; ".join(filter(None, (damage, values["message"])))
    return Run(**values)


def _text(found: Any) -> str | None:
    if isinstance(found, bytes):
        return text_of(found)
    return found if isinstance(found, str) else None


def _number(found: Any) -> float | None:
    sound = isinstance(found, float | int) and math.isfinite(found) and abs(found) <= _LATEST
    return float(found) if sound else None


def _whole(found: Any) -> int | None:
    sound = isinstance(found, int) and abs(found) < 2**31
    return found if sound else None


def _truth(found: Any) -> bool | None:
    return bool(found) if found in (0, 1) else None


_READ = {str: _text, float: _number, int: _whole, bool: _truth}
