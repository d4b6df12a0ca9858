"""Files that nobody vouches for: no pipe is waited for, no device is touched, and no more is read than is allowed."""

import errno
import os
import stat
from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, errno.EISDIR, "it is a folder"),
    (stat.S_ISFIFO, errno.EINVAL, "it is a pipe, not a file"),
    (stat.S_ISSOCK, errno.EINVAL, "it is a socket, not a file"),
)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def open_file(path: str) -> BinaryIO:
    """A plain file, open for reading. Raises OSError, in words, for one that is no plain file or cannot be called so.

    `/dev/stdin` and `/dev/fd/N` may be pipes: a shell hands over its `<(command)` that way."""
    try:
        mode = os.stat(path).st_mode
        if (path == "/dev/stdin" or path.startswith("/dev/fd/")) and stat.S_ISFIFO(mode):
            return open(path, "rb")
        # Before it is opened, since opening alone makes some devices act; and after, since it may have been replaced.
        check_plain(path, mode)
        file = os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT), "rb")
    except ValueError:  # a NUL, or half a character
        raise OSError(errno.EINVAL, "no file can have this name", path) from None
    try:
        check_plain(path, os.fstat(file.fileno()).st_mode)
    except OSError:
        file.close()
        raise
    return file


def check_plain(path: str, mode: int) -> None:
    """Raise OSError for anything but a plain file."""
    if stat.S_ISREG(mode):
        return
    for is_kind, number, words in _KINDS:
        if is_kind(mode):
            raise OSError(number, words, path)
    raise OSError(errno.EINVAL, "it is a device, not a file", path)


def read_file(path: str, most: int) -> bytes:
    """The bytes of a plain file. Raises OSError as `open_file` does, and with EFBIG for one of more than `most`,
    however large it says it is."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = _read(file, min(size, most) + 1)
        if size < len(data) <= most:  # it grew, or did not say: a pipe, or a file of the kernel's
            data += _read(file, most + 1 - len(data))
    if len(data) > most:
        limit = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
        raise OSError(errno.EFBIG, f"it is larger than {limit}", path)
    return data


def _read(file: BinaryIO, most: int) -> bytes:
    data: bytes | None = file.read(most)
    if data is None:  # a file of the kernel's that has nothing yet: a read that does not wait
        raise OSError(errno.EAGAIN, "it has nothing to read now, and is not waited for", file.name)
    return data


def in_words(error: Exception) -> str:
    """Why a file cannot be read or written, without its path, which the message around it names. Of
    a number with thousands of digits Python speaks to whoever wrote the program."""
    words = str(getattr(error, "strerror", None) or error)
    return "it holds a number of thousands of digits" if "set_int_max_str_digits" in words else words
