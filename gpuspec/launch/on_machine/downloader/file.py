"""What a download is made of: files with their checks, places they may go, and how it fails."""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

WORKERS = 4
"""Files that are fetched, or read to verify them, at a time."""


class Failure(Exception):
    """A download that cannot be completed; the message is for the person who wrote the spec."""


class File(NamedTuple):
    """One file to fetch over HTTP. `check` is ("sha256" or "git", hex digest); `token` goes to `url`'s host
    only: "" where none was found, None where the strategy sends none; `cached` files lie in a cache whose writer has
    verified them, so their size is enough, and one of another size is fetched again: nobody else writes there."""

    url: str
    path: str
    size: int | None = None
    check: tuple[str, str] | None = None
    token: str | None = None
    cached: bool = False


class Task(NamedTuple):
    """One piece of work: a file over HTTP, or a function that does it before a deadline and returns the bytes
    it fetched; neither where there is nothing left to do."""

    item: dict[str, Any]
    file: File | None
    work: Callable[[float], int] | None


def confined(root: str, target: str) -> str:
    """The real path of `target` under `root`. Failure if it is absolute, or leads out by ".." or a link."""
    parts = target.replace("\\", "/").split("/")
    if ".." in parts and not leaves(target):
        raise Failure(f"{target!r} has `..` in it; write the path without")
    if (
        "\0" in target
        or target.startswith(("/", "\\", "~"))
        or ".." in parts
        or re.match(r"^[A-Za-z]:", target)
    ):
        raise Failure(f"{target!r} leads outside the workspace; give a path inside it")
    try:
        path = os.path.realpath(os.path.join(root, target))
    except UnicodeEncodeError as error:  # half of a pair of code units, as JSON may hold
        raise Failure(f"{target!r} is no name that a file can have") from error
    if path != root and not path.startswith(root.rstrip(os.sep) + os.sep):
        raise Failure(f"{target!r} is a link that leads outside the workspace ({path})")
    return path


def leaves(path: str) -> bool:
    """Whether ".." in a relative path leads above where it begins."""
    return posixpath.normpath(path.replace("\\", "/")).split("/")[0] == ".."


@contextlib.contextmanager
def alone_with(ledger: str) -> Iterator[None]:
    """Jobs and clients that share a folder take turns at what `ledger` keeps account of, so that each finds what the
    one before it fetched. The ledger's own folder is made, and kept out of git. Failure where what stands in the
    place of the lock is no file."""
    folder = os.path.dirname(ledger)
    os.makedirs(folder, exist_ok=True)
    ignore = os.path.join(folder, ".gitignore")
    with contextlib.suppress(FileExistsError), open(ignore, "x", encoding="utf-8") as out:
        out.write("*\n")
    try:
        import fcntl
    except ImportError:  # Windows, which no rented machine runs
        yield
        return
    opened = _lock_file(ledger + ".lock")
    try:
        with contextlib.suppress(OSError):  # a file system that knows no locks
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _lock_file(path: str) -> int:
    """The file at `path`, open, and made where it was not there."""
    # A link might lead to a file that is not ours, and a pipe would be waited for.
    flags = os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        opened = os.open(path, flags, 0o666)
    except OSError as error:
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path)):
            raise _no_lock(path) from error
        raise
    if not stat.S_ISREG(os.fstat(opened).st_mode):  # a pipe that somebody reads, a device
        os.close(opened)
        raise _no_lock(path)
    return opened


def _no_lock(path: str) -> Failure:
    return Failure(f"{path} is a link, a folder or a pipe, and a file is to be locked there; move it away")


def existing(path: str) -> str:
    """The nearest folder above `path` that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def check_room(need: int, place: str, what: str) -> None:
    """Failure where the disk of `place` has not `need` bytes free."""
    free = shutil.disk_usage(place).free
    if need > free:
        raise Failure(
            f"{what} {size_text(need)} and {size_text(free)} are free in {place}; raise `disk_gb`, or fetch "
            "less with `allow`"
        )


def size_text(size: float) -> str:
    """Bytes as people read them, in GB of 10^9 as hubs and disks count."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size:.0f} bytes"


def tree_size(path: str) -> int:
    """Bytes in the files under `path`, links not followed."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total


def digest(path: str, kind: str) -> str:
    """sha256 of a file, or its git blob id (sha1 of a header and the content), as the hub publishes them."""
    with open(path, "rb") as content:
        return summed(content, os.path.getsize(path), kind)


def summed(content: BinaryIO, size: int, kind: str) -> str:
    """The digest of `content`, which is `size` bytes."""
    sum_ = hashlib.sha1(b"blob %d\0" % size) if kind == "git" else hashlib.sha256()
    for block in iter(lambda: content.read(1 << 20), b""):
        sum_.update(block)
    return sum_.hexdigest()
