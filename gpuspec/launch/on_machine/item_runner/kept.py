"""The folder that outlives the machine: outputs and status file are kept there, and one that takes over begins with
them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

from .glob_inside import glob_inside
from .status import add, finished, last_entries, merge_known, note_end, plain, say

TRY_AGAIN = 75
"""EX_TEMPFAIL: noted for an item whose outputs were lost."""


def keep(manifest: dict[str, Any], items: list[str]) -> None:
    """Copy what is new of the outputs, and after them the status file, to the folder that outlives the machine.
    `items` are those that ended since the last time."""
    folder = manifest.get("folder")
    if not folder:
        return
    # What an earlier try could not finish goes with this one.
    ended, new = manifest.setdefault("ended", []), manifest.setdefault("new", {})
    ended += items
    keep_outputs(manifest, folder, new)
    try:
        if new:
            add(manifest["status"], [{"kept_in": folder, "items": ended, "files": new}])
        manifest["ended"], manifest["new"] = [], {}
        copy(manifest["status"], os.path.join(folder, manifest["status"]))
    except OSError as error:
        why = error.strerror or error
        say(f"not kept in {folder}: {why}; a machine that takes over would begin before this item")


def keep_outputs(manifest: dict[str, Any], folder: str, new: dict[str, int]) -> None:
    """Copy each output that is not there yet, and add it to `new`. One that cannot be copied is added as well, once:
    a machine that takes over sees that it is not there, and does its items again."""
    absent: dict[str, int | None] = manifest.setdefault("absent", {})  # None: it is no file
    failures = []
    for name in dict.fromkeys(name for pattern in manifest["outputs"] for name in files_of(pattern)):
        if not os.path.isfile(name):
            if name not in absent:
                say(f"{name!r} is not kept in {folder}: it is no file, or a link that leads to none")
            absent[name] = None
            continue
        written = 0
        try:
            written = int(os.stat(name).st_mtime)
            if copy(name, os.path.join(folder, name)):
                new[name] = written
            absent.pop(name, None)
        except OSError as error:
            if os.path.exists(name) and absent.get(name) != written:
                absent[name] = new[name] = written
                failures.append(f"{name!r} ({error.strerror or error})")
    if failures:
        more = f" and {len(failures) - 1} more" if len(failures) > 1 else ""
        say(
            f"not kept in {folder}: {failures[0]}{more}; a machine that takes over would do their items again"
        )


def files_of(pattern: str) -> Iterator[str]:
    """What a pattern of outputs finds, and what lies below its folders."""
    for match in glob_inside(pattern, "."):
        yield from files(match.path)


def files(path: str) -> Iterator[str]:
    """The file, or all that lies below the folder, but for folders; linked folders below it count as files."""
    if not os.path.isdir(path):
        yield path
    for folder, folders, names in os.walk(path):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        yield from (os.path.join(folder, name) for name in names + links)


def copy(source: str, target: str) -> bool:
    """Copy a file in one step, unless it is there; whether it was not."""
    found = os.stat(source)
    if os.path.exists(target):
        there = os.stat(target)
        if (there.st_size, int(there.st_mtime)) == (found.st_size, int(found.st_mtime)):
            return False
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # never written through what lies there
        os.remove(target + ".part")
    shutil.copy2(source, target + ".part")
    os.replace(target + ".part", target)
    return True


def take_over(manifest: dict[str, Any]) -> bool:
    """Begin with what an earlier machine of this run has kept; False where there was none."""
    folder, status = manifest.get("folder"), manifest["status"]
    if not folder or not os.path.exists(os.path.join(folder, status)):
        return False
    here = finished(status)  # by this machine, which has their outputs and knows more than it could keep
    for name in files(folder):
        target = os.path.relpath(name, folder)
        wanted = os.path.isfile(name) and not name.endswith(".part")
        if wanted and not (here and os.path.exists(target)):
            copy(name, target)
    there = os.path.join(folder, status)
    merge_known(status, list(last_entries(there).values()))
    for item in sorted(items_not_kept(there, folder) & finished(status) - here):
        say(f"{item!r} was done, but its outputs went with the machine: it is done again")
        note_end(status, {item: TRY_AGAIN}, 0.0)
    return True


def items_not_kept(status: str, folder: str) -> set[str]:
    """Items of which a file did not reach `folder`, or only as it was before them."""
    lost: set[str] = set()
    with open(status, encoding="utf-8", opener=plain) as lines:
        for line in lines:
            try:
                entry = json.loads(line)
                if entry.get("kept_in") == folder and not all(
                    is_there_since(os.path.join(folder, name), written)
                    for name, written in entry["files"].items()
                ):
                    lost.update(entry["items"])
            except Exception:  # a line that a crash or another hand has spoilt
                continue
    return lost


def is_there_since(path: str, written: int) -> bool:
    """Whether the file is there, as of that time or later."""
    try:
        return os.stat(path).st_mtime >= written
    except OSError:
        return False
