"""A web server on loopback that does one thing wrong, said byte by byte, and what has to come of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import re
import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple

from webserver import COMMIT

BODY = random.Random(1).randbytes(200_000)
CHANGED = random.Random(2).randbytes(200_000)
"""Another version of the file. Neither repeats itself: what is put together wrongly is seen."""
HALF = len(BODY) // 2
TAG = '"right"'
LISTING = "/api/models/org/model/revision/main?blobs=true"
PLAIN_FILE = "/model.bin"
SHORT = 0.2
"""The `timeout` of a download from a server that is too slow, in seconds."""

RIGHT = "the file"
NEW = "the file as it is now"
NOBODY_KNOWS = "nobody can tell"


class Exchange:
    """One request, the `number`-th (from 0) for the file, and the connection that it is answered on."""

    def __init__(self, connection: socket.socket, path: str, headers: dict[str, str], number: int) -> None:
        self.connection = connection
        self.path = path
        self.headers = headers
        self.number = number
        asked = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
        self.start = int(asked.group(1)) if asked else None

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, status: str, body: bytes = b"", *headers: str, length: int | None = None) -> None:
        """An answer with the `Content-Length` of its body, or the one given; -1: with none."""
        said = [] if length == -1 else [f"Content-Length: {len(body) if length is None else length}"]
        lines = [f"HTTP/1.1 {status}", *said, *headers, "Connection: close", "", ""]
        self.send("\r\n".join(lines).encode("latin-1") + body)

    def honest(self, body: bytes = BODY, tag: str = TAG) -> None:
        """The file, or the part that was asked for of this version."""
        start = self.start
        if start is None or self.headers.get("If-Range", tag) != tag:
            self.answer("200 OK", body, f"ETag: {tag}")
        elif start >= len(body):
            self.answer("416 Range Not Satisfiable", b"", f"Content-Range: bytes */{len(body)}")
        else:
            self.part(start, len(body), body, tag)

    def part(self, start: int, end: int, body: bytes = BODY, tag: str = TAG) -> None:
        span = f"Content-Range: bytes {start}-{end - 1}/{len(body)}"
        self.answer("206 Partial Content", body[start:end], f"ETag: {tag}", span)

    def cut(self, end: int = HALF, *headers: str, body: bytes = BODY, tag: str = TAG) -> None:
        """The file from its start, broken off at `end`."""
        self.answer("200 OK", body[:end], f"ETag: {tag}", *headers, length=len(body))

    def chunks(self, *chunks: bytes, end: bytes = b"0\r\n\r\n") -> None:
        self.answer("200 OK", b"", "Transfer-Encoding: chunked", f"ETag: {TAG}", length=-1)
        for chunk in chunks:
            self.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.send(end)

    def reset(self) -> None:
        """The connection is torn down rather than closed."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Exchange], None]


class Misbehaviour(NamedTuple):
    """What a server does, and what comes of it: RIGHT, NEW, or words of the error. `checked`: with a checksum,
    `hub`: from a hub that says how long the file is, `hub_checked`: both."""

    does: Behaviour
    name: str
    plain: str
    checked: str
    hub: str
    hub_checked: str
    timeout: float | None


def row(
    name: str,
    plain: str,
    does: Behaviour,
    *,
    checked: str | None = None,
    hub: str | None = None,
    hub_checked: str | None = None,
    timeout: float | None = None,
) -> Misbehaviour:
    """A row of the table. What is not given is as for a plain address."""
    with_sum = checked or plain
    return Misbehaviour(does, name, plain, with_sum, hub or plain, hub_checked or hub or with_sum, timeout)


class Server:
    """Answers for the file as `does` says, and honestly once `does` is None; its hub's listing always honestly."""

    def __init__(self, does: Behaviour | None, *, checked: bool) -> None:
        self.does = does
        self.checked = checked
        self.listing: bytes | None = None
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            text = b""
            while b"\r\n\r\n" not in text:
                block = connection.recv(65536)
                if not block:
                    return
                text += block
            first, *lines = text.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
            path = first.split(" ")[1]
            headers = {name.title(): value for name, _, value in (line.partition(": ") for line in lines)}
            number = len(self.seen)
            exchange = Exchange(connection, path, headers, number)
            if path.startswith("/api/"):
                exchange.answer("200 OK", self.listing or hub_listing(checked=self.checked))
                return
            self.seen.append((path, headers))
            if self.does:
                self.does(exchange)
            else:
                exchange.honest()


def hub_listing(*, checked: bool) -> bytes:
    """What a hub says of the one file in org/model."""
    entry: dict[str, object] = {"rfilename": "model.bin", "size": len(BODY)}
    if checked:
        entry["lfs"] = {"sha256": hashlib.sha256(BODY).hexdigest(), "size": len(BODY)}
    return json.dumps({"sha": COMMIT, "siblings": [entry]}).encode()
