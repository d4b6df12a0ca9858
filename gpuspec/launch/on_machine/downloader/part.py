"""The file that a download grows in, beside its place (`.part`): ours alone, whatever stands there or is put there.

The workspace may come from others, a `git` download among them: a link would lead the bytes elsewhere, and a pipe
would be waited for. Once it is open, nothing here goes by its name alone.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import time

from .file import Failure, summed

_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_CHANGED = (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.EMLINK)
"""How opening what was a plain file a moment ago fails where it is gone, a link or a socket."""
_LOOK_AGAIN = 0.1
"""Seconds between two looks at whether another run is done with the file."""


def in_place(path: str) -> None:
    """Failure where a folder above `path` is a link, which none was when the path was worked out."""
    folder = os.path.dirname(path)
    real = os.path.realpath(folder)
    if real != folder:
        raise Failure(f"{folder} is a link by now, to {real}; nothing is written there")


def is_own(found: os.stat_result) -> bool:
    """Whether it is a plain file with one name: what is written to it is in no other file."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def own_file(path: str, more: int = 0) -> tuple[int, bool]:
    """`path` opened for reading and writing, and whether it was made for it. What stands there and is no file of its
    own (a link, one of several names of a file, a pipe) is removed; Failure for a folder."""
    while True:
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            try:
                return os.open(path, _FLAGS | more | os.O_CREAT | os.O_EXCL, 0o666), True
            except FileExistsError:
                continue
        if stat.S_ISDIR(found.st_mode):
            raise Failure(f"{path} is a folder, and a file is to be written there; move it away")
        if not is_own(found):
            os.remove(path)
            continue
        try:
            opened = os.open(path, _FLAGS | more)
        except OSError as error:
            if error.errno in _CHANGED:
                continue
            raise
        if is_own(os.fstat(opened)):
            return opened, False
        os.close(opened)


class GrowingFile:
    """The file at `path`, open and locked until it is closed: whoever else fetches into the same place, from whatever
    workspace, waits. It keeps its bytes where it is the file with the number `inode`, and begins empty elsewhere."""

    def __init__(self, path: str, *, inode: int | None, deadline: float, stop: threading.Event) -> None:
        self.path = path
        self.file = self._held(inode, deadline, stop)
        self.inode = os.fstat(self.file).st_ino

    def __enter__(self) -> GrowingFile:
        return self

    def __exit__(self, *_: object) -> None:
        """Let others have it. An empty one is of no use to the next run."""
        try:
            if not self.size() and self._stands(self.file):
                os.remove(self.path)
        finally:
            os.close(self.file)

    def _held(self, inode: int | None, deadline: float, stop: threading.Event) -> int:
        left = []  # open until there is ours: the number of a file that is gone is given to the next
        try:
            while True:
                opened, new = own_file(self.path)
                left.append(opened)
                self._lock(opened, deadline, stop)
                if not self._stands(opened):  # whoever had it has finished
                    continue
                if new or os.fstat(opened).st_ino == inode:
                    return left.pop()
                os.remove(self.path)
        finally:
            for each in left:
                os.close(each)

    def _lock(self, opened: int, deadline: float, stop: threading.Event) -> None:
        try:
            import fcntl
        except ImportError:  # Windows, which no rented machine runs
            return
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline or stop.wait(_LOOK_AGAIN):
                    raise Failure(
                        f"{self.path}: another run is at this file, and was not done within the "
                        "timeout; raise `timeout`"
                    ) from None
            except OSError:  # a file system that knows no locks
                return

    def _stands(self, opened: int) -> bool:
        """Whether what is open is still what stands at the path."""
        try:
            return os.path.samestat(os.lstat(self.path), os.fstat(opened))
        except FileNotFoundError:
            return False

    def size(self) -> int:
        return os.fstat(self.file).st_size

    def empty(self) -> None:
        os.ftruncate(self.file, 0)

    def write(self, block: bytes, at: int) -> None:
        """Put `block` at byte `at`. The OSError of a disk names the file: it is none of the network's."""
        left = memoryview(block)
        try:
            while left:
                written = os.pwrite(self.file, left, at)
                left, at = left[written:], at + written
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.path) from error

    def start(self, size: int) -> bytes:
        return os.pread(self.file, size, 0)

    def digest(self, kind: str) -> str:
        """As `digest` of file.py."""
        with open(os.dup(self.file), "rb") as content:
            content.seek(0)
            return summed(content, self.size(), kind)

    def move(self, path: str) -> None:
        """It is the whole file: put it in its place."""
        in_place(path)
        if not self._stands(self.file) or not is_own(os.fstat(self.file)):
            raise Failure(f"{self.path} was taken away, or got another name, while it was fetched; try again")
        os.replace(self.path, path)
