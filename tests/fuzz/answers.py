"""Answers of a web server to the downloader: nearly right ones, in any order, with or without a checksum."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import socket
import threading
from pathlib import Path

from gpuspec.launch.on_machine.downloader.fetch import PLANNERS
from gpuspec.launch.on_machine.downloader.file import Failure
from gpuspec.launch.on_machine.downloader.transfer import Fetcher
from tests.fuzz.seeds import garble
from tests.fuzz.trial import Outcome, Trial

FILE = random.Random(1).randbytes(2000)
OFFSETS = (0, 1, 999, 1000, 1001, 1999, 2000, 2001, 5000)
STATUSES = ["200 OK"] * 2 + ["206 Part"] * 3 + ["416 No", "302 Found", "503 Busy", "100 Continue", "204 None"]
TAGS = ('"a"', '"a"', '"a"', '"b"', 'W/"a"', "a")
PLACES = ["/a", "/b", "file:///etc/passwd", "http://[", "//127.0.0.1:1/", ""]
OTHERS = ["Retry-After: 0", "Content-Encoding: gzip", "Content-Type: text/html"]
HEADER_BYTES = [
    b"\r\n",
    b"\n",
    b"\0",
    b" ",
    b":",
    b"-",
    b"9" * 30,
    b"\xff",
    b"bytes",
    b"chunked",
    b",",
    b"\r\n ",
]
MOST_REQUESTS = 11 * 50
"""Fifty tries, and ten redirects each."""


def answer(chance: random.Random) -> bytes:
    """One answer, a part of which is likely right: that is what is hard to tell from a right one."""
    status = chance.choice(STATUSES)
    start = 1000 if status.startswith("206") and chance.random() < 0.7 else chance.choice(OFFSETS)
    start = 0 if status.startswith("200") else start
    end = 2000 if chance.random() < 0.7 else chance.choice(OFFSETS)
    body = FILE[start:end] if chance.random() < 0.9 else chance.randbytes(len(FILE[start:end]))
    headers = [f"ETag: {chance.choice(TAGS)}"] if chance.random() < 0.8 else []
    if status.startswith("206") and chance.random() < 0.9:
        total = chance.choice(("2000", "2000", "2000", "*", "2001", str(10**17)))
        headers.append(f"Content-Range: bytes {start}-{end - 1}/{total}")
    if status.startswith("416"):
        headers.append(f"Content-Range: bytes */{chance.choice(OFFSETS)}")
    if status.startswith("302"):
        headers.append(f"Location: {chance.choice(PLACES)}")
    if chance.random() < 0.1:
        headers.append(chance.choice(OTHERS))
    if chance.random() < 0.3:
        headers.append("Transfer-Encoding: chunked")
        cut = chance.randrange(len(body) + 1)
        chunks = [chunk for chunk in (body[:cut], body[cut:]) if chunk]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    elif chance.random() < 0.95:
        headers.append(f"Content-Length: {len(body) if chance.random() < 0.8 else chance.choice(OFFSETS)}")
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()
    if chance.random() < 0.15:
        head = garble(head, [("head", head)], chance, HEADER_BYTES)
    return (head + body)[: None if chance.random() < 0.6 else chance.randrange(len(head + body) + 1)]


def serve(listener: socket.socket, answers: list[bytes], asked: list[int]) -> None:
    """One answer for each connection; after the last, the file as it is, in whole."""
    whole = b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 2000\r\n\r\n' + FILE
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.recv(65536)
                connection.sendall(answers[len(asked)] if len(asked) < len(answers) else whole)
                asked.append(1)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)  # until it has been read, or the client goes: else a reset may overtake it


def answered(chance: random.Random) -> Trial:
    """Some answers. With a checksum, what comes of them is the file or an error; without, at least no crash."""
    answers = [answer(chance) for _ in range(chance.randrange(1, 8))]
    checked = chance.random() < 0.7
    longest = max(len(FILE), *map(len, answers))
    data = json.dumps([checked, [each.decode("latin-1") for each in answers]]).encode()

    def run() -> Outcome:
        asked: list[int] = []
        item = {"strategy": "http", "target": "model.bin", "timeout": 20}
        if checked:
            item["sha256"] = hashlib.sha256(FILE).hexdigest()
        fetcher = Fetcher(os.getcwd(), PLANNERS, backoff=0.0)
        failed = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener, answers, asked), daemon=True).start()
            try:
                fetcher.fetch([{**item, "source": f"http://127.0.0.1:{listener.getsockname()[1]}/x"}])
            except Failure as failure:
                failed = str(failure)
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        faults = []
        there = Path("model.bin").exists()
        if there == bool(failed):
            faults.append(f"the file is {'there' if there else 'not there'}, and it said {failed}")
        if there and checked and Path("model.bin").read_bytes() != FILE:
            faults.append("a wrong file")
        if len(asked) > MOST_REQUESTS or fetcher.progress.fetched > 10 * longest:
            faults.append(f"{len(asked)} requests, {fetcher.progress.fetched} bytes")
        return Outcome(b"", tuple(faults))

    return Trial("answers", data, run)
