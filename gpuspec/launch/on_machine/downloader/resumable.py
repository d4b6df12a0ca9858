"""One file over HTTP: from where its `.part` ends, if that is sure to be of the same file; else from its start.

Servers are not believed: an answer is added to a part only if it says that it begins there, is as long as it should
be, and is of the version that the part is of (or a checksum will tell).
"""

from __future__ import annotations

import os
import re
import time
from typing import Any, NoReturn

from .file import Failure, File, check_room, size_text
from .ledger import Ledger
from .part import GrowingFile
from .progress import Progress
from .tries import Tries
from .web import Trouble, ask, redacted
from .wire import Answer, Cut, said_once, unix_time

_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
_CLOCKS_DIFFER = 60.0
"""Seconds between a change and an answer after which the date of the change names one version: RFC 9110, 8.8.2.2."""


def validator(headers: Any) -> str | None:
    """What names the version of a file so surely that its bytes are the same: a strong ETag, or a date of change that
    was past when the answer was sent."""
    if headers.get("ETag"):
        tag = said_once(headers, "ETag") or ""
        return tag if re.fullmatch(r'"[^"\x00-\x20]*"', tag) else None
    last = said_once(headers, "Last-Modified")
    changed, sent = unix_time(last), unix_time(said_once(headers, "Date"))
    if changed is None or sent is None:
        return None
    return last if sent - changed >= _CLOCKS_DIFFER else None


class Resumable:
    """The fetching of `file` into `part`, until `deadline`. The ledger knows of which version the part is."""

    def __init__(
        self, file: File, part: GrowingFile, deadline: float, *, ledger: Ledger, progress: Progress
    ) -> None:
        self.file = file
        self.part = part
        self.deadline = deadline
        self.ledger = ledger
        self.progress = progress
        self.tries = Tries(file.url, deadline, progress)
        self.ranges = True
        """Whether parts of the file are asked for: not of a server that once sent another part, or version."""
        self.pieced = False
        """Whether the part is of several answers, or one that may have broken off: a wrong checksum may tell that."""
        self.page = False

    def fetch(self) -> None:
        """Fetch and verify. Failure leaves a part only where the next run can go on from it."""
        try:
            self.tries.until_done(self._attempt)
            wrong = self._what_is_wrong()
            if wrong and self.pieced:
                self._drop()
                self.ranges = False
                self.tries.until_done(self._attempt)
                wrong = self._what_is_wrong()
        except BaseException:
            if not self._sure():
                self._drop()
            raise
        if wrong:
            self._drop()
            raise Failure(f"{redacted(self.file.url)}: {wrong}")

    def _what_is_wrong(self) -> str | None:
        """What shows that the part, of which nothing is missing, is not the file; None where nothing does."""
        kind, wanted = self.file.check or ("", "")
        found = self.part.digest(kind) if kind else ""
        if kind and found == wanted.lower():
            return None
        start = self.part.start(1024)
        want_it = "" if kind else "; if that is what you want, give its `sha256`"
        if self.page and _PAGE.match(start) and not self.file.path.lower().endswith((".html", ".htm")):
            return (
                "its server sends a web page in place of the file: it may want a login, or another address"
                + want_it
            )
        if kind:
            return (
                f"its {kind} checksum is {found}, wanted {wanted}: the file changed at its source, or the checksum "
                "in the spec is wrong"
            )
        return None if start or self.file.size is not None else "its server sends an empty file" + want_it

    def _drop(self) -> None:
        self.part.empty()
        self.ledger.note(self.part.path, None)

    def _sure(self) -> int:
        """How many bytes of the file are here for sure: all of the part, or none."""
        fact = self.ledger.get(self.part.path)
        if not self.ranges or fact.get("url") != self.file.url:
            return 0
        if not (fact.get("validator") or self.file.check):
            return 0
        return self.part.size()

    def _total(self) -> int | None:
        """How long the file is, as far as it is known: what its hub says, or the answer that the part is of."""
        noted = self.ledger.get(self.part.path).get("total")
        return self.file.size if self.file.size is not None else noted

    def _distrust(self, words: str) -> NoReturn:
        """Begin anew, and ask this server for no part again."""
        self._drop()
        self.ranges = False
        raise Trouble(f"{words}; it is fetched from its start")

    def _attempt(self) -> None:
        """One answer, added to the part. OSError where another may bring the rest."""
        have, of = self._sure(), self.ledger.get(self.part.path).get("validator")
        if have and have == self._total():  # all of it came, and nobody was left to move it
            self.pieced = True
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        if have and of:
            headers["If-Range"] = of
        with ask(self.file.url, self.file.token, self.deadline, headers) as answer:
            self.page = "html" in (answer.headers.get("Content-Type") or "").lower()
            if answer.status == 416:
                self._beyond(answer, have)
            elif answer.status == 206:
                self._add(answer, have, self._rest(answer, have, of))
            else:
                self._begin(answer)

    def _beyond(self, answer: Answer, have: int) -> None:
        """The server has nothing from `have` on. That may be all where a checksum will tell; else it is not, since a
        part that is all of its file is not asked about."""
        if not self.file.check or said_once(answer.headers, "Content-Range") != f"bytes */{have}":
            self._distrust("the server has no more of the file than is here (HTTP 416), which is not all")
        self.pieced = True

    def _rest(self, answer: Answer, have: int, of: str | None) -> int:
        """Where the part of the file that the server sends ends. Distrust where it is not the one asked for."""
        said = _RANGE.fullmatch(said_once(answer.headers, "Content-Range") or "")
        start, end = (int(said.group(1)), int(said.group(2)) + 1) if said else (-1, -1)
        total = int(said.group(3)) if said and said.group(3) != "*" else self._total()
        if start != have or end <= start or total is None or end > total:
            self._distrust("the server sends another part of the file than it was asked for")
        if answer.said not in (None, end - start):
            self._distrust("the server sends a part of the file and says two lengths for it")
        if self._total() not in (None, total) or (of and validator(answer.headers) not in (of, None)):
            self._distrust("the file changed at its source")
        if not self.file.check and validator(answer.headers) is None:
            self._distrust("the server sends a part of the file and does not say of which version")
        self._note(of, total)
        self.pieced = True
        return end

    def _begin(self, answer: Answer) -> None:
        """The whole file from its start."""
        where, total = redacted(self.file.url), answer.said
        if self.file.size is not None and total not in (None, self.file.size):
            raise Failure(f"{where} is {total} bytes, its hub says {self.file.size}; try again")
        total = self.file.size if total is None else total
        if total is None and not answer.chunked and not self.file.check:
            raise Failure(
                f"{where}: its server does not say how long the file is, so nobody could tell whether all of it "
                "came; give its `sha256`"
            )
        self._note(validator(answer.headers), total)
        self.pieced = total is None and not answer.chunked  # then a break looks like the end
        self._add(answer, 0, total)

    def _note(self, version: str | None, total: int | None) -> None:
        fact = {"url": self.file.url, "validator": version, "total": total, "inode": self.part.inode}
        self.ledger.note(self.part.path, fact)

    def _add(self, answer: Answer, have: int, end: int | None) -> None:
        """Write the answer's bytes from `have` to `end`; None: as many as come. Cut where some are missing."""
        begun = have
        if not have:
            self.part.empty()
        if end is not None:
            check_room(end - have, os.path.dirname(self.part.path), f"{redacted(self.file.url)} needs")
        for block in answer.body():
            if end is not None and have + len(block) > end:
                self._longer(begun, end)
            self.part.write(block, have)
            have += len(block)
            self._arrived(len(block), have)
        if end is not None and have < end:
            raise Cut(f"the connection closed at {size_text(have)} of {size_text(end)}")
        if not self.file.check and answer.sends_more():
            self._longer(begun, have)
        total = self._total()
        if total is not None and have < total:
            raise Cut(f"the server sends {size_text(have)} of {size_text(total)} at a time")

    def _arrived(self, size: int, end: int) -> None:
        self.tries.arrived(size, end)
        if self.progress.stop.is_set():
            raise Failure(f"{redacted(self.file.url)}: stopped, because another download failed")
        if time.monotonic() > self.deadline:
            raise Failure(f"{redacted(self.file.url)}: not finished within its timeout; raise `timeout`")

    def _longer(self, begun: int, end: int) -> NoReturn:
        if begun:
            self._distrust("the server sends more than the part that it said")
        self._drop()
        raise Failure(f"{redacted(self.file.url)}: its server sends more than the {end} bytes that it said")
