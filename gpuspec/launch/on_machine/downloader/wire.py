"""An answer as it comes over its socket: within a deadline, its header bounded, its body framed as HTTP says.

`http.client` lets a header drip for hours, reads chunks and lengths leniently, and (before Python 3.12) reads on past
`Content-Length`; what is saved as a model's weights has to be exact.
"""

from __future__ import annotations

import email.utils
import functools
import http.client
import io
import re
import socket
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

HEADER_BYTES = 256 * 1024
"""The most that an answer may send before its body: status, header, interim answers (HTTP 100)."""
TRAILER_LINES = 100
STALL_SECONDS = 60.0
EXCESS_SECONDS = 1.0
"""How long a server that keeps the connection open is watched for bytes beyond the length it said."""
BLOCK = 1 << 18
_BROKEN_OFF = "the connection closed in the middle of it"


def said_once(headers: Any, name: str) -> str | None:
    """What a header says; None where it is not there, or is there again and says something else: which of the two is
    true, nobody knows."""
    values = {value.strip() for value in headers.get_all(name) or ()}
    return values.pop() if len(values) == 1 else None


def unix_time(date: str | None) -> float | None:
    """Seconds since 1970 of a date in a header; None where it is none."""
    try:
        return email.utils.parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class Cut(ConnectionError):
    """The body ended before its end."""


def patience(deadline: float) -> float:
    """Seconds to wait for a sign of life: never past the deadline."""
    return max(0.05, min(STALL_SECONDS, deadline - time.monotonic()))


def _connect(address: tuple[str, int], *_: Any, deadline: float) -> socket.socket:
    """`socket.create_connection` until a deadline: by itself it waits for each address of a host anew."""
    failed: OSError = TimeoutError("timed out")
    for family, kind, protocol, _name, where in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
        if time.monotonic() > deadline:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(patience(deadline))
            connection.connect(where)
            return connection
        except OSError as error:
            connection.close()
            failed = error
    raise failed


class _Incoming(io.RawIOBase):
    """Bytes of a socket until `deadline`; while `header_left` is a number, no more than that."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self.header_left: int | None = HEADER_BYTES
        self.raw: Any = connection.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        if time.monotonic() > self.deadline:
            raise TimeoutError("timed out")
        self.connection.settimeout(patience(self.deadline))
        size: int | None = self.raw.readinto(into)
        if self.header_left is not None and size:
            self.header_left -= size
            if self.header_left < 0:
                raise http.client.HTTPException(f"its header is longer than {HEADER_BYTES} bytes")
        return size

    def close(self) -> None:
        self.raw.close()
        super().close()


class Answer(http.client.HTTPResponse):
    """A response whose body is read by `body`. `said` is the length it promises; None for one in chunks, and for one
    that ends when the connection does."""

    fp: Any

    def __init__(self, connection: socket.socket, *arguments: Any, deadline: float, **options: Any) -> None:
        super().__init__(connection, *arguments, **options)
        self.incoming = _Incoming(connection, deadline)
        self.fp.close()
        self.fp = io.BufferedReader(self.incoming, 1 << 16)
        self.said: int | None = None

    def begin(self) -> None:
        super().begin()
        self.incoming.header_left = None
        coding = ", ".join(self.headers.get_all("Transfer-Encoding") or ()).strip().lower()
        if coding not in ("", "chunked"):
            raise http.client.HTTPException("it is sent in an encoding that nobody asked for")
        lengths = {each.strip() for each in ",".join(self.headers.get_all("Content-Length") or ()).split(",")}
        if coding or lengths == {""}:
            return
        if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,18}", length := lengths.pop()):
            raise http.client.HTTPException("the length that its header gives is no length")
        self.said = int(length)

    def body(self) -> Iterator[bytes]:
        """The body in blocks. Cut where it ends early; HTTPException where its chunks are none."""
        if self.chunked:
            yield from self._chunks()
        elif self.said is not None:
            yield from self._exactly(self.said)
        else:
            yield from iter(lambda: self.fp.read1(BLOCK), b"")

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            block: bytes = self.fp.read1(min(size, BLOCK))
            if not block:
                raise Cut(_BROKEN_OFF)
            size -= len(block)
            yield block

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = re.fullmatch(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n", self._line())
            if not size:
                raise http.client.HTTPException("it is sent in chunks whose sizes are no numbers")
            length = int(size.group(1), 16)
            if not length:
                break
            yield from self._exactly(length)
            if self._line() not in (b"\r\n", b"\n"):
                raise http.client.HTTPException("it is sent in chunks that are longer than they say")
        for _ in range(TRAILER_LINES):
            if self._line() in (b"\r\n", b"\n"):
                return
        raise http.client.HTTPException("what follows its last chunk does not end")

    def _line(self) -> bytes:
        line: bytes = self.fp.readline(4096)
        if not line:
            raise Cut(_BROKEN_OFF)
        return line

    def sends_more(self) -> bool:
        """Whether bytes follow a body whose length was said: then that length is wrong, and so may the file be."""
        if self.said is None:
            return False
        self.incoming.deadline = min(self.incoming.deadline, time.monotonic() + EXCESS_SECONDS)
        try:
            return bool(self.fp.read1(1))
        except OSError:  # silent, or reset: nothing more comes
            return False


@functools.lru_cache
def opener() -> urllib.request.OpenerDirector:
    """Opens http and https, through the proxies of the environment, and nothing else: no files, no FTP, and neither
    redirects nor errors are acted upon."""
    made = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), _Http(), _Https(), urllib.request.UnknownHandler()):
        made.add_handler(handler)
    return made


def _until(kind: Any) -> Any:
    """What makes connections of `kind` whose answers keep the request's deadline."""

    def connection(host: str, *, deadline: float, **options: Any) -> Any:
        made = kind(host, **options)
        made._create_connection = functools.partial(_connect, deadline=deadline)
        made.response_class = functools.partial(Answer, deadline=deadline)
        return made

    return connection


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: Any) -> Any:
        return self.do_open(_until(http.client.HTTPConnection), req, deadline=req.deadline)


class _Https(urllib.request.HTTPSHandler):
    _context: Any  # made once: it reads all certificates

    def https_open(self, req: Any) -> Any:
        return self.do_open(
            _until(http.client.HTTPSConnection), req, deadline=req.deadline, context=self._context
        )
