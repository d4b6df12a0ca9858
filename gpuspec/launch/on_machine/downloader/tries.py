"""How long it is worth trying one thing: what a machine may spend on a server that does not do its part."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import TypeVar

from ....printable import one_line
from .faults import is_local, reason
from .file import Failure
from .progress import Progress
from .web import Trouble, redacted

Result = TypeVar("Result")

FRUITLESS = 5
"""Tries in all that bring no byte which was not here before."""
SMALL = 50
PER_TRY = 1 << 20
"""Tries that do bring some: SMALL, and one for each PER_TRY bytes that are new."""
AGAIN = 8
"""No other try once so many times the bytes that are new have come. What comes in the last ones is at most the file
itself, and once more where its checksum shows that it was put together wrongly."""


class Tries:
    """The tries at one file or listing, and what they brought. `progress.first_pause` is the wait after the first
    that brought nothing; it doubles up to 30 times that. A server may ask for a longer one."""

    def __init__(self, what: str, deadline: float, progress: Progress) -> None:
        self.what = redacted(what)
        self.deadline = deadline
        self.progress = progress
        self.made = self.fruitless = 0
        self.received = 0
        self.highest = 0

    def arrived(self, size: int, end: int) -> None:
        """Note `size` bytes, the last of which is the file's byte number `end`."""
        self.received += size
        self.progress.count(size)
        self.highest = max(self.highest, end)

    def until_done(self, attempt: Callable[[], Result]) -> Result:
        """What `attempt` gives once it succeeds. Failure when it was tried enough, or the deadline would pass."""
        while True:
            before = self.highest
            self.made += 1
            try:
                return attempt()
            except (OSError, http.client.HTTPException) as error:
                self._failed(error, helped=self.highest > before)

    def _failed(self, error: Exception, *, helped: bool) -> None:
        """Wait before another try. Failure, or `error` itself, where there is to be none."""
        if is_local(error):
            raise error
        self.fruitless += not helped
        if (
            self.fruitless >= FRUITLESS
            or self.made >= SMALL + self.highest // PER_TRY
            or self.received >= AGAIN * max(self.highest, 1)
        ):
            raise Failure(f"{self.what}: gave up after {self.made} tries: {reason(error)}") from error
        doubled = self.progress.first_pause * min(2 ** max(self.fruitless - 1, 0), 30)
        pause = max(doubled, error.wait if isinstance(error, Trouble) else 0.0)
        if time.monotonic() + pause > self.deadline:
            asked = f"; the server asks to wait for {pause:.0f} s" if pause > doubled else ""
            tried = f"{self.made} tries" if self.made > 1 else "one try"
            raise Failure(
                f"{self.what}: not finished within its timeout, after {tried}: {reason(error)}{asked}; "
                "raise `timeout`"
            ) from error
        soon = f" in {pause:.0f} s" if pause >= 1 else ""
        print(one_line(f"download: {self.what}: {reason(error)}; trying again{soon}"), flush=True)
        if self.progress.stop.wait(pause):
            raise Failure(f"{self.what}: stopped, because another download failed")
