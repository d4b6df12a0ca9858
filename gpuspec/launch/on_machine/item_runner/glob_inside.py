"""A glob whose answer is bounded by the folder it is asked in: links that lead out are told apart, loops end."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator
from typing import NamedTuple


class Match(NamedTuple):
    """A path that matches, relative to the folder; `linked` where a part of it is a link."""

    path: str
    linked: bool


def glob_inside(pattern: str, folder: str) -> list[Match]:
    """What `glob.glob(pattern, root_dir=folder, recursive=True)` finds, but `**` does not enter linked folders (as in
    bash since 4.3): two links to their own folder make 2^40 paths there. Each once, in no order."""
    found = {"": False}  # path → linked
    parts = [part for part in pattern.split("/") if part]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        step: dict[str, bool] = {}
        for place, linked in found.items():
            if part == "**":
                below = _below(folder, place, files=last)
                step.update((each.path, linked or each.linked) for each in below)
            else:
                step.update((path, linked or link) for path, link in _matching(folder, place, part))
        found = step if last else {path: link for path, link in step.items() if _is_folder(folder, path)}
    if pattern.endswith("/"):
        found = {path + "/": link for path, link in found.items() if path and _is_folder(folder, path)}
    return [Match(path, linked) for path, linked in found.items() if path]


def _is_folder(folder: str, path: str) -> bool:
    return os.path.isdir(os.path.join(folder, path))


def _entries(folder: str, place: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(os.path.join(folder, place)) as entries:
            return list(entries)
    except OSError:  # not ours to read, or gone
        return []


def _below(folder: str, place: str, *, files: bool) -> Iterator[Match]:
    """`place` itself and what lies below it, at any depth, but nothing hidden; files and links only where wanted."""
    folders = [place]
    while folders:
        place = folders.pop()
        yield Match(place, linked=False)
        for entry in _entries(folder, place):
            path = os.path.join(place, entry.name)
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif files:
                yield Match(path, entry.is_symlink())


def _matching(folder: str, place: str, part: str) -> Iterator[Match]:
    """What lies in `place` under a name that matches."""
    if not glob.has_magic(part):
        path = os.path.join(place, part)
        if os.path.lexists(os.path.join(folder, path)):
            yield Match(path, os.path.islink(os.path.join(folder, path)))
        return
    for entry in _entries(folder, place):
        if fnmatch.fnmatch(entry.name, part) and (part.startswith(".") or not entry.name.startswith(".")):
            yield Match(os.path.join(place, entry.name), entry.is_symlink())
