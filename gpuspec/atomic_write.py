"""Writing a file in one step."""

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 10.0
"""Seconds to wait for another command that changes the same file."""


def atomic_write(path: str, data: bytes, *, mode: int | None = None) -> None:
    """Write through a temporary file in the same folder: nobody sees half a file, and where that fails (OSError) the
    file is as it was. `mode` is that of the new file (None: the usual). A stream (`/dev/stdout`), a device or a pipe
    is written to, not replaced."""
    if takes_what_comes(path):
        own = _own_stream(path)
        if own is not None:
            descriptor = os.dup(own)
        else:
            descriptor = os.open(
                path, os.O_WRONLY | os.O_NONBLOCK
            )  # not to wait for a pipe that nobody reads
            os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        return
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.tmp")
    try:
        first = 0o666 if mode is None else mode & 0o600  # others do not read it before it has its mode
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, first)) as file:
            file.write(data)
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Hold the folder of a file while it is read and written anew, so that of two commands none undoes what the other
    wrote: a lock file would be left lying there. Raises OSError."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise OSError(f"another program has held its folder for {PATIENCE:g} seconds") from None
                time.sleep(0.01)
                continue
            except OSError:  # a file system that knows no locks
                pass
            break
        yield
    finally:
        os.close(folder)


def takes_what_comes(path: str) -> bool:
    """Whether it is a device, a pipe or a stream of this process: a terminal, or another program. `/dev/stdout` is
    one also where the shell has sent it to a file, as standard output is without that name."""
    if _own_stream(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _own_stream(path: str) -> int | None:
    """The descriptor of this process that a path names: /dev/stdout, /dev/fd/3."""
    named = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
    path = os.path.normpath(path)
    number = re.fullmatch(r"/(?:dev|proc/self)/fd/([0-9]{1,6})", path)
    return int(number[1]) if number else named.get(path)
