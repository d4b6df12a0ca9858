"""What is known of how items ended: the status file, and what the command has reported as done beside it."""

from __future__ import annotations

import contextlib
import glob
import json
import math
import os
import stat
import time
from typing import Any

from ....printable import one_line


def say(line: str) -> None:
    """A line of progress."""
    print(one_line(f"items: {line}"), flush=True)


def require_plain(path: str) -> None:
    """OSError, in words, where something lies there that is no file: what a link leads to is not ours to write, and
    a pipe would be waited for."""
    with contextlib.suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFDIR: "a folder"}
            kind = kinds.get(stat.S_IFMT(mode), "a device or socket")
            raise OSError(f"{path} is {kind}, not a file: move it away")


def plain(path: str, flags: int) -> int:
    """An opener for `open`: OSError as `require_plain`, also where another thing takes the place just then."""
    require_plain(path)
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)


def note_unheard(status: str) -> list[str]:
    """Note what commands have reported as done whose runner did not live to read it, and return it."""
    unheard: dict[str, dict[str, Any]] = {}
    reports = glob.glob(glob.escape(status) + ".*.done")
    for path in reports:
        unheard.update(reported_ends(path))
    done = finished(status)
    news = [entry for item, entry in unheard.items() if item not in done]
    if news:
        add(status, news)
    for path in reports + glob.glob(glob.escape(status) + ".*.todo"):
        with contextlib.suppress(OSError):  # a folder that the command made of it
            os.remove(path)
    return [entry["item"] for entry in news]


def reported_ends(path: str) -> dict[str, dict[str, Any]]:
    """What a command has reported as done in the file $GPUSPEC_ITEMS_DONE, as entries of a status file."""
    try:
        at = round(os.stat(path).st_mtime, 3)
    except OSError:
        return {}
    return {item: {"item": item, "exit": 0, "seconds": 0.0, "at": at} for item in reported(path)[0]}


def reported(done: str, start: int = 0) -> tuple[list[str], int]:
    """The items that a command has reported as done, from byte `start` of that file on, and where they end. A line
    without its line break may be half a name, and does not count."""
    try:
        with open(done, "rb", opener=plain) as lines:
            lines.seek(start)
            whole, newline, _ = lines.read().rpartition(b"\n")
    except OSError:  # gone, or another thing in its place: the command's own doing
        return [], start
    found = whole.decode("utf-8", "surrogateescape").split("\n") if newline else []
    return [item.rstrip("\r") for item in found], start + len(whole + newline)


def last_entries(status: str) -> dict[str, dict[str, Any]]:
    """The last entry of each item in the status file; a line cut short by a crash is passed over."""
    last: dict[str, dict[str, Any]] = {}
    if os.path.exists(status):
        with open(status, encoding="utf-8", errors="replace", opener=plain) as lines:
            for line in lines:
                with contextlib.suppress(Exception):  # a line that a crash or another hand has spoilt
                    entry = json.loads(line)
                    at = float(entry.get("at", 0))
                    if isinstance(entry["item"], str) and math.isfinite(at):
                        last[entry["item"]] = {**entry, "exit": int(entry["exit"]), "at": at}
    return last


def finished(status: str) -> set[str]:
    """Items whose last word in the status file is success."""
    return {item for item, entry in last_entries(status).items() if entry["exit"] == 0}


def merge_known(status: str, known: list[dict[str, Any]]) -> None:
    """Add what other machines have said of items since this one did: it may never have had them."""
    last = last_entries(status)
    news = [entry for entry in known if entry["at"] > last.get(entry["item"], {"at": -1})["at"]]
    if news:
        add(status, news)


def note_end(status: str, ends: dict[str, int], seconds: float) -> bool:
    """Add how items ended, in `seconds` each; whether that could be done."""
    ended = {"seconds": round(seconds, 3), "at": round(time.time(), 3)}
    try:
        add(status, [{"item": item, "exit": code, **ended} for item, code in ends.items()])
    except OSError as error:  # a full disk must not end the items that need none of it
        which = ", ".join(repr(item) for item in list(ends)[:5]) + (", …" if len(ends) > 5 else "")
        say(
            f"{which}: how it ended could not be noted ({error.strerror or error}); `--resume` may run it again"
        )
        return False
    return True


def add(status: str, entries: list[dict[str, Any]]) -> None:
    """Add lines in one write, on their own even after a line that was cut short."""
    torn = b""
    if os.path.exists(status) and os.path.getsize(status):
        with open(status, "rb", opener=plain) as before:
            before.seek(-1, os.SEEK_END)
            torn = b"" if before.read(1) == b"\n" else b"\n"
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    with open(status, "ab", buffering=0, opener=plain) as out:
        out.write(torn + lines.encode())
