"""What goes to standard output and standard error beside a job's log: SkyPilot's own prints, and lines of ours."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from gpuspec.printable import one_line


def to_stderr(line: str) -> None:
    """A line on standard error; whatever it quotes, it stays one line."""
    print(one_line(line), file=sys.stderr)


class _Aside:
    """`sys.stdout` belongs to all threads: the first that turns it aside keeps what it was, the last one puts that
    back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._stdout: TextIO = sys.stdout

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._stdout, sys.stdout = sys.stdout, sys.stderr
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                sys.stdout = self._stdout


_aside = _Aside()


@contextmanager
def stdout_aside() -> Iterator[None]:
    """In the block what is printed goes to standard error: standard output is the job's, or our JSON. For any number
    of threads at once, which `contextlib.redirect_stdout` is not: they may end in any order."""
    _aside.enter()
    try:
        yield
    finally:
        _aside.leave()
