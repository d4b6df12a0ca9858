"""What servers do wrong: a row for each, named as in docs/errors.md, with what comes of it."""

from __future__ import annotations

import gzip
import random
import threading
import time

from .misbehaving import (
    BODY,
    CHANGED,
    HALF,
    NEW,
    NOBODY_KNOWS,
    RIGHT,
    SHORT,
    TAG,
    Behaviour,
    Exchange,
    Misbehaviour,
    row,
)

GAVE_UP = "gave up after"
WRONG_SUM = "checksum is"
HUB_SIZE = "its hub says 200000"
TIMEOUT = "not finished within its timeout"

OK, PART = "200 OK", "206 Partial Content"
ETAG = f"ETag: {TAG}"
CHUNKED = "Transfer-Encoding: chunked"
REST = BODY[HALF:]
RANGE = f"Content-Range: bytes {HALF}-{len(BODY) - 1}/{len(BODY)}"


def once(does: Behaviour) -> Behaviour:
    """The first time; then it is honest."""
    return lambda to: to.honest() if to.number else does(to)


def after_a_cut(does: Behaviour) -> Behaviour:
    """Breaks off half-way, answers the request for the rest so, and one for all honestly."""
    return lambda to: to.cut() if to.number == 0 else to.honest() if to.start is None else does(to)


def in_turn(*steps: Behaviour) -> Behaviour:
    """One after the other, on one connection."""

    def does(to: Exchange) -> None:
        for step in steps:
            step(to)

    return does


def leads(*locations: str) -> Behaviour:
    return lambda to: to.answer("302 Found", b"x" * 100, *(f"Location: {location}" for location in locations))


def drips(what: bytes) -> Behaviour:
    def does(to: Exchange) -> None:
        for byte in what:
            to.send(bytes([byte]))
            threading.Event().wait(0.02)

    return does


def waits(to: Exchange) -> None:
    """Until the client goes."""
    to.connection.recv(1)


def sends_at_most(size: int) -> Behaviour:
    """Of all that it said it would send."""

    def does(to: Exchange) -> None:
        start = to.start or 0
        span = f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        part = BODY[start : start + size]
        to.answer(PART if start else OK, part, ETAG, span, length=len(BODY) - start)

    return does


def breaks_off_and_has_another_file(to: Exchange, *dates: str) -> None:
    """Of the same dates."""
    if to.start is None:
        to.answer(OK, BODY if to.number else BODY[:HALF], *dates, length=len(BODY))
    else:
        to.answer(PART, CHANGED[HALF:], RANGE, *dates)


def says_two_dates(to: Exchange) -> None:
    dates = ("Date: Sat, 01 Jan 2000 00:00:00 GMT", "Last-Modified: Fri, 01 Jan 1999 00:00:00 GMT")
    breaks_off_and_has_another_file(to, *dates, "Last-Modified: Thu, 01 Jan 1998 00:00:00 GMT")


def says_that_it_changed_now(to: Exchange) -> None:
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    breaks_off_and_has_another_file(to, f"Date: {now}", f"Last-Modified: {now}")


def has_another_version_after_a_cut(to: Exchange) -> None:
    if to.number == 0:
        to.cut()
    elif to.start is None:
        to.honest(CHANGED, '"new"')
    else:
        to.part(to.start, len(CHANGED), CHANGED, '"new"')


def asks_to_wait_oddly(to: Exchange) -> None:
    waits = ["Fri, 31 Dec 1999 23:59:59 GMT", "soon", "-1", "Fri, 99 Foo 99999 99:99:99 GMT"]
    if to.number < len(waits):
        to.answer("429 Oh", b"", f"Retry-After: {waits[to.number]}")
    else:
        to.honest()


def redirects_to_what_breaks_off(to: Exchange) -> None:
    if "storage" not in to.path:
        leads(f"/storage/{to.number}")(to)  # as signed addresses are, it is another one each time
    elif to.number < 2:
        to.cut()
    else:
        to.honest()


# fmt: off
PARTS = [
    row("sends a part although all was asked for", "although all of it was asked for (HTTP 206)",
        lambda to: to.part(0, len(BODY))),
    row("breaks off and then knows no parts", RIGHT, after_a_cut(lambda to: to.answer(OK, BODY, ETAG))),
    row("sends the part from another place", RIGHT, after_a_cut(lambda to: to.part(0, len(BODY)))),
    row("sends the wrong part under the right name", NOBODY_KNOWS, checked=RIGHT, hub_checked=RIGHT,
        does=after_a_cut(lambda to: to.answer(PART, BODY[:HALF], ETAG, RANGE))),
    row("sends a part without content range", RIGHT, after_a_cut(lambda to: to.answer(PART, REST, ETAG))),
    row("counts the part in another unit", RIGHT,
        after_a_cut(lambda to: to.answer(PART, REST, ETAG, RANGE.replace("bytes", "items")))),
    row("sends a content range that is none", RIGHT,
        after_a_cut(lambda to: to.answer(PART, REST, ETAG, "Content-Range: bytes all-of/it"))),
    row("sends a part that ends after the file", RIGHT, after_a_cut(lambda to: to.answer(
        PART, REST + b"x", ETAG, f"Content-Range: bytes {HALF}-{len(BODY)}/{len(BODY)}"))),
    row("sends a part that ends before it begins", RIGHT, after_a_cut(lambda to: to.answer(
        PART, b"", ETAG, f"Content-Range: bytes {HALF}-{HALF - 1}/{len(BODY)}"))),
    row("sends a part of a longer file", RIGHT, after_a_cut(lambda to: to.answer(
        PART, REST + bytes(100), ETAG, f"Content-Range: bytes {HALF}-{len(BODY) + 99}/{len(BODY) + 100}"))),
    row("does not say of how long a file the part is", RIGHT, after_a_cut(lambda to: to.answer(
        PART, REST, ETAG, f"Content-Range: bytes {HALF}-{len(BODY) - 1}/*"))),
    row("sends several parts in one", RIGHT, after_a_cut(lambda to: to.answer(
        PART, b"--b\r\n" + RANGE.encode() + b"\r\n\r\n" + REST, ETAG,
        "Content-Type: multipart/byteranges; boundary=b"))),
    row("says two lengths for a part", RIGHT,
        after_a_cut(lambda to: to.answer(PART, REST + b"more", ETAG, RANGE))),
    row("sends more than the part in chunks", RIGHT, after_a_cut(lambda to: to.answer(
        PART, b"%x\r\n%s\r\n4\r\nmore\r\n0\r\n\r\n" % (len(REST), REST), ETAG, RANGE, CHUNKED, length=-1))),
    row("sends a part of another version", NEW, checked=WRONG_SUM, hub_checked=WRONG_SUM,
        does=has_another_version_after_a_cut),
    row("sends a part without its version", RIGHT, after_a_cut(lambda to: to.answer(PART, REST, RANGE))),
    row("sends a part of a version that is weak", RIGHT,
        after_a_cut(lambda to: to.answer(PART, REST, f"ETag: W/{TAG}", RANGE))),
    row("says two versions for a part", RIGHT,
        after_a_cut(lambda to: to.answer(PART, CHANGED[HALF:], ETAG, 'ETag: "new"', RANGE))),
    row("says two places for a part", RIGHT, after_a_cut(lambda to: to.answer(
        PART, BODY[:HALF], ETAG, RANGE, f"Content-Range: bytes 0-{HALF - 1}/{len(BODY)}"))),
    row("says two ends of the file after a part", RIGHT, after_a_cut(lambda to: to.answer(
        "416 No", b"", f"Content-Range: bytes */{HALF}", f"Content-Range: bytes */{len(BODY)}"))),
    row("says two dates of change", RIGHT, says_two_dates),
    row("sends less than was asked for each time", RIGHT, lambda to: (
        to.cut(20_000) if to.start is None else to.part(to.start, min(to.start + 20_000, len(BODY))))),
    row("breaks off every 20 kB", RIGHT, sends_at_most(20_000)),
    row("breaks off after each byte", f"{GAVE_UP} 50 tries", sends_at_most(1)),
    row("knows no versions and breaks off a little later each time", RIGHT,
        lambda to: to.answer(OK, BODY[: (to.number + 1) * 25_000], length=len(BODY))),
    row("knows no versions and breaks off at the same place", f"{GAVE_UP} 6 tries",
        lambda to: to.answer(OK, BODY[:HALF], length=len(BODY))),
    row("breaks off and sends nothing more", f"{GAVE_UP} 6 tries", lambda to: (
        to.cut() if to.start is None else to.answer(PART, b"", ETAG, RANGE, length=HALF))),
    row("says that there is no more of the file", RIGHT, after_a_cut(lambda to: to.answer("416 No"))),
    row("says that what came is all", RIGHT,
        after_a_cut(lambda to: to.answer("416 No", b"", f"Content-Range: bytes */{HALF}"))),
    row("says that the file is shorter than what came", RIGHT,
        after_a_cut(lambda to: to.answer("416 No", b"", "Content-Range: bytes */1000"))),
    row("has no part of the file", "the server refuses (HTTP 416)",
        lambda to: to.answer("416 No", b"", "Content-Range: bytes */0")),
    row("changes the file after a break", NEW, checked=WRONG_SUM, hub_checked=WRONG_SUM,
        does=lambda to: to.honest(CHANGED, '"new"') if to.number else to.cut()),
    row("changes the file at every try", f"{GAVE_UP} 6 tries",
        lambda to: to.cut(body=random.Random(to.number).randbytes(len(BODY)), tag=f'"{to.number}"')),
    row("gives only a date that may hide a change", RIGHT, says_that_it_changed_now),
]

LENGTHS = [
    row("says a length that never comes", f"{GAVE_UP} 6 tries", hub=HUB_SIZE,
        does=lambda to: to.answer(OK, BODY, length=len(BODY) + 1000)),
    row("sends more than it says", "sends more than the 1000 bytes", checked=WRONG_SUM, hub=HUB_SIZE,
        does=lambda to: to.answer(OK, BODY, length=1000)),
    row("says a length below zero", "is no length",
        lambda to: to.answer(OK, BODY, "Content-Length: -5", length=-1)),
    row("says a length that is no number", "is no length",
        lambda to: to.answer(OK, BODY, "Content-Length: many", length=-1)),
    row("says a length of 5000 digits", "is no length",
        lambda to: to.answer(OK, BODY, "Content-Length: " + "9" * 5000, length=-1)),
    row("says a length that no disk holds", "raise `disk_gb`", hub=HUB_SIZE,
        does=lambda to: to.answer(OK, BODY, length=10**17)),
    row("says two lengths", "is no length", lambda to: to.answer(OK, BODY, "Content-Length: 1000")),
    row("says its length twice", RIGHT, lambda to: to.answer(OK, BODY, f"Content-Length: {len(BODY)}")),
    row("says no length", "does not say how long the file is", checked=RIGHT, hub=RIGHT,
        does=lambda to: to.answer(OK, BODY, length=-1)),
    row("says no length and breaks off", "does not say how long the file is", checked=WRONG_SUM, hub=GAVE_UP,
        does=lambda to: to.answer(OK, BODY[:HALF], length=-1)),
    row("says a length and sends chunks", RIGHT,
        lambda to: to.answer(OK, b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), CHUNKED, length=17)),
    row("sends nothing", "sends an empty file", checked=WRONG_SUM, hub=HUB_SIZE,
        does=lambda to: to.answer(OK)),
    row("sends nothing in chunks", "sends an empty file", checked=WRONG_SUM, hub=GAVE_UP, hub_checked=GAVE_UP,
        does=lambda to: to.chunks()),
]

CHUNKS = [
    row("breaks off between chunks once", RIGHT, once(lambda to: to.chunks(BODY[:HALF], end=b""))),
    row("breaks off within a chunk each time", f"{GAVE_UP} 6 tries",
        lambda to: to.chunks(BODY[:HALF], end=b"ffff\r\n")),
    row("never sends the last chunk", f"{GAVE_UP} 6 tries", hub=RIGHT,
        does=lambda to: to.chunks(BODY, end=b"")),
    row("sends chunks of no size", "whose sizes are no numbers",
        lambda to: to.chunks(end=b"large\r\n" + BODY)),
    row("sends a chunk of less than nothing", "whose sizes are no numbers",
        lambda to: to.chunks(end=b"-5\r\n" + BODY)),
    row("sends chunks that are longer than they say", "that are longer than they say",
        lambda to: to.chunks(end=b"5\r\n" + BODY)),
    row("sends a chunk of a million GB", GAVE_UP, hub="sends more than the 200000 bytes",
        does=lambda to: to.chunks(end=b"3fffffffffffff\r\n" + BODY + b"x")),
    row("sends a chunk size that does not end", "whose sizes are no numbers",
        lambda to: to.chunks(end=b"5;" + b"x" * 100_000)),
    row("sends headers without end after the last chunk", "what follows its last chunk does not end", hub=RIGHT,
        does=lambda to: to.chunks(BODY, end=b"0\r\n" + b"x: y\r\n" * 50_000)),
    row("ends its chunks half way", NOBODY_KNOWS, checked=WRONG_SUM, hub=GAVE_UP,
        does=lambda to: to.chunks(BODY[:HALF])),
]

ENCODINGS = [
    row("packs the file although asked not to", "sends the file packed (gzip)",
        lambda to: to.answer(OK, gzip.compress(BODY), "Content-Encoding: gzip")),
    row("sends a file that unpacks to a gigabyte", "sends the file packed (gzip)",
        lambda to: to.answer(OK, b"\x1f\x8b\x08" + bytes(1_000_000), "Content-Encoding: gzip")),
    row("packs the file with deflate", "sends the file packed (deflate)",
        lambda to: to.answer(OK, BODY, "Content-Encoding: deflate")),
    row("says that the file is packed and that it is not", "sends the file packed (gzip, identity)",
        lambda to: to.answer(OK, BODY, "Content-Encoding: identity", "Content-Encoding: gzip")),
    row("packs the chunks with brotli", "sends the file packed (br)",
        lambda to: to.answer(OK, b"5\r\nabcde\r\n0\r\n\r\n", CHUNKED, "Content-Encoding: br", length=-1)),
    row("packs the connection", "in an encoding that nobody asked for",
        lambda to: to.answer(OK, gzip.compress(BODY), "Transfer-Encoding: gzip, chunked", length=-1)),
]

HARDLY_HTTP = [
    row("is another kind of server", "what answers is no web server",
        lambda to: to.send(b"SSH-2.0-OpenSSH_9.6\r\n")),
    row("closes without an answer", "closed without an answer", lambda to: None),
    row("tears the connection down", GAVE_UP, lambda to: to.reset()),
    row("speaks another version", "a version of HTTP that was not asked for",
        lambda to: to.send(b"HTTP/2.0 200 OK\r\n\r\n" + BODY)),
    row("answers with a status that is no number", "what answers is no web server",
        lambda to: to.send(b"HTTP/1.1 fine OK\r\n\r\n" + BODY)),
    row("answers with status 7", "what answers is no web server", lambda to: to.answer("7 OK", BODY)),
    row("answers with status 999", "the server answers HTTP 999, and no file",
        lambda to: to.answer("999 OK", BODY)),
    row("sends a status that does not end", "a line of the answer's header is too long",
        lambda to: to.send(b"HTTP/1.1 200 " + b"O" * 1_000_000)),
    row("asks to go on without end", "its header is longer than",
        lambda to: to.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000)),
    row("gives hints and no answer", "the server answers HTTP 103, and no file",
        lambda to: to.answer("103 Early Hints", b"", "Link: </x>", length=-1)),
    row("sends 10 000 headers", "the answer cannot be read",
        lambda to: to.answer(OK, BODY, *(f"X-{number}: y" for number in range(10_000)))),
    row("sends a header that does not end", "a line of the answer's header is too long",
        lambda to: to.send(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000)),
    row("sends headers of a megabyte", "its header is longer than",
        lambda to: to.answer(OK, BODY, *("X: " + "y" * 60_000 for _ in range(20)))),
    row("sends a header that is none", "does not say how long the file is", checked=RIGHT, hub=RIGHT,
        does=lambda to: to.send(
            b"HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY))),
    row("breaks off in its header", GAVE_UP,
        in_turn(lambda to: to.send(b"HTTP/1.1 200 OK\r\nContent-Le"), Exchange.reset)),
]

STATUSES = [
    row("has no content", "the server answers HTTP 204, and no file", lambda to: to.answer("204 No Content")),
    row("is still making the file", "the server answers HTTP 202, and no file",
        lambda to: to.answer("202 Accepted", b"later")),
    row("says that the file is as it was", "the server answers HTTP 304, and no file",
        lambda to: to.answer("304 Not Modified", b"", ETAG)),
    row("is a teapot", "the server refuses (HTTP 418)", lambda to: to.answer("418 I'm a teapot")),
    row("does not let us in", "access refused (HTTP 403)", lambda to: to.answer("403 Forbidden", b"<html>")),
    row("always fails", f"{GAVE_UP} 5 tries: HTTP 500", lambda to: to.answer("500 Oh", b"x" * 100_000)),
    row("breaks off and then always fails", f"{GAVE_UP} 6 tries: HTTP 503",
        lambda to: to.answer("503 Oh") if to.number else to.cut()),
    row("asks to wait for a day", "the server asks to wait for 86400 s", timeout=30,
        does=lambda to: to.answer("503 Oh", b"", "Retry-After: 86400")),
    row("asks to wait until a time that is past or none", RIGHT, asks_to_wait_oddly),
    row("asks for two waits", RIGHT,
        once(lambda to: to.answer("503 Oh", b"", "Retry-After: 86400", "Retry-After: 0"))),
]

NO_ADDRESS = "redirects to what cannot be an address"
REDIRECTS = [
    row("redirects to itself", "its server redirects in a circle", lambda to: leads(to.path)(to)),
    row("redirects back and forth", "its server redirects in a circle",
        lambda to: leads(to.path.removesuffix("/x") if to.path.endswith("/x") else to.path + "/x")(to)),
    row("redirects on and on", "redirects on and on, more than 10 times",
        lambda to: leads(f"{to.path}/{to.number}")(to)),
    row("redirects to two places", "redirects to two places at once", leads("/a", "/b")),
    row("redirects to nowhere", "redirects without saying where to", leads()),
    row("redirects to ftp", "an address of the kind ftp:", leads("ftp://127.0.0.1/model.bin")),
    row("redirects to a file of the machine", "an address of the kind file:", leads("file:///etc/passwd")),
    row("redirects to data", "an address of the kind data:", leads("data:,weights")),
    row("redirects to an address that is none", NO_ADDRESS, leads("http://[::1/model.bin")),
    row("redirects to no host", NO_ADDRESS, leads("http:///model.bin")),
    row("redirects to a port that is none", NO_ADDRESS, leads("http://127.0.0.1:http/model.bin")),
    row("redirects to port 99999", NO_ADDRESS, leads("http://127.0.0.1:99999/model.bin")),
    row("redirects to a name that no host can have", "that cannot be an address",
        leads(f"http://{'x' * 70}.invalid/model.bin")),
    row("redirects to an address of 20 kB", NO_ADDRESS, leads("/" + "x" * 20_000)),
    row("redirects to an address with spaces and umlauts", RIGHT, once(leads("/a b/ü\x7f\x01"))),
    row("breaks off after each redirect", RIGHT, redirects_to_what_breaks_off),
]

SLOWNESS = [
    row("says nothing", TIMEOUT, waits, timeout=SHORT),
    row("falls silent half way", TIMEOUT, in_turn(Exchange.cut, waits), timeout=SHORT),
    row("lets its header drip", TIMEOUT, drips(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2000), timeout=SHORT),
    row("lets the file drip", TIMEOUT, in_turn(lambda to: to.cut(0), drips(BODY[:2000])), timeout=SHORT),
    row("lets a chunk size drip", TIMEOUT, timeout=SHORT,
        does=in_turn(lambda to: to.chunks(end=b""), drips(b"5;" + b"x" * 2000))),
]

NOT_THE_FILE = [
    row("sends another file of the same length", NOBODY_KNOWS, checked=WRONG_SUM, hub_checked=WRONG_SUM,
        does=lambda to: to.honest(CHANGED)),
    row("sends a login page", "sends a web page in place of the file", hub=HUB_SIZE,
        does=lambda to: to.answer(
            OK, b"\n<!DOCTYPE html><title>Log in</title>", "Content-Type: text/html; charset=utf-8")),
    row("keeps the connection open", RIGHT, in_turn(Exchange.honest, waits)),
]
# fmt: on

TABLE: list[Misbehaviour] = [
    *PARTS,
    *LENGTHS,
    *CHUNKS,
    *ENCODINGS,
    *HARDLY_HTTP,
    *STATUSES,
    *REDIRECTS,
    *SLOWNESS,
    *NOT_THE_FILE,
]
