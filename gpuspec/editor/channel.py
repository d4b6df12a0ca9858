"""What comes in from the editor, within bounds: pygls believes any length that a message says it has."""

from __future__ import annotations

import io
from typing import BinaryIO

from gpuspec.errors import UserError

LONGEST_HEADER = 4096
LARGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes: a text of 8 MiB, the largest that is read as a job, is at most six times as long in JSON."""


class BoundedInput(io.RawIOBase):
    """The editor's messages. UserError `editor-message` for one that is larger than any that editors send: nobody
    could tell where the next one begins."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._header = 0
        """Bytes of the header so far, of all its lines."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line of a message's header."""
        line = self._stream.readline(LONGEST_HEADER + 1)
        self._header += len(line)
        if self._header > LONGEST_HEADER:
            raise _refused(f"the header of a message is longer than {LONGEST_HEADER:,} bytes")
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        """The body of a message."""
        if size is None or not 0 <= size <= LARGEST_MESSAGE:
            raise _refused(f"a message says that it is larger than {LARGEST_MESSAGE >> 20} MiB")
        self._header = 0
        return self._stream.read(size)


def _refused(why: str) -> UserError:
    return UserError("editor-message", f"{why}, so the server stops", "the editor's log shows what it sent.")
