"""What servers do wrong: a function for each, named as in docs/errors.md. Its decorator says what comes of it."""

from __future__ import annotations

import gzip
import random
import threading
import time

from .misbehaving import BODY, CHANGED, HALF, NEW, NOBODY_KNOWS, RIGHT, SHORT, TAG, Exchange, comes_to

GAVE_UP = "gave up after"
WRONG_SUM = "checksum is"
HUB_SIZE = "its hub says 200000"
TIMEOUT = "not finished within its timeout"

# Parts


@comes_to("although all of it was asked for (HTTP 206)")
def sends_a_part_although_all_was_asked_for(to: Exchange) -> None:
    to.part(0, len(BODY))


def after_a_cut(to: Exchange, *, status: str, body: bytes, headers: tuple[str, ...]) -> None:
    """Breaks off half-way, answers the request for the rest with this, and one for all honestly."""
    if to.number == 0:
        to.cut()
    elif to.start is None:
        to.honest()
    else:
        to.answer(status, body, *headers)


REST = BODY[HALF:]
PART = "206 Partial Content"
RANGE = f"Content-Range: bytes {HALF}-{len(BODY) - 1}/{len(BODY)}"


@comes_to(RIGHT)
def breaks_off_and_then_knows_no_parts(to: Exchange) -> None:
    after_a_cut(to, status="200 OK", body=BODY, headers=(f"ETag: {TAG}",))


@comes_to(RIGHT)
def sends_the_part_from_another_place(to: Exchange) -> None:
    span = f"Content-Range: bytes 0-{len(BODY) - 1}/{len(BODY)}"
    after_a_cut(to, status=PART, body=BODY, headers=(f"ETag: {TAG}", span))


@comes_to(NOBODY_KNOWS, checked=RIGHT, hub_checked=RIGHT)
def sends_the_wrong_part_under_the_right_name(to: Exchange) -> None:
    after_a_cut(to, status=PART, body=BODY[:HALF], headers=(f"ETag: {TAG}", RANGE))


@comes_to(RIGHT)
def sends_a_part_without_content_range(to: Exchange) -> None:
    after_a_cut(to, status=PART, body=REST, headers=(f"ETag: {TAG}",))


@comes_to(RIGHT)
def counts_the_part_in_another_unit(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", RANGE.replace("bytes", "items"))
    after_a_cut(to, status=PART, body=REST, headers=headers)


@comes_to(RIGHT)
def sends_a_content_range_that_is_none(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", "Content-Range: bytes all-of/it")
    after_a_cut(to, status=PART, body=REST, headers=headers)


@comes_to(RIGHT)
def sends_a_part_that_ends_after_the_file(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", f"Content-Range: bytes {HALF}-{len(BODY)}/{len(BODY)}")
    after_a_cut(to, status=PART, body=REST + b"x", headers=headers)


@comes_to(RIGHT)
def sends_a_part_that_ends_before_it_begins(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", f"Content-Range: bytes {HALF}-{HALF - 1}/{len(BODY)}")
    after_a_cut(to, status=PART, body=b"", headers=headers)


@comes_to(RIGHT)
def sends_a_part_of_a_longer_file(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", f"Content-Range: bytes {HALF}-{len(BODY) + 99}/{len(BODY) + 100}")
    after_a_cut(to, status=PART, body=REST + bytes(100), headers=headers)


@comes_to(RIGHT)
def does_not_say_of_how_long_a_file_the_part_is(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", f"Content-Range: bytes {HALF}-{len(BODY) - 1}/*")
    after_a_cut(to, status=PART, body=REST, headers=headers)


@comes_to(RIGHT)
def sends_several_parts_in_one(to: Exchange) -> None:
    headers = (f"ETag: {TAG}", "Content-Type: multipart/byteranges; boundary=b")
    after_a_cut(to, status=PART, body=b"--b\r\n" + RANGE.encode() + b"\r\n\r\n" + REST, headers=headers)


@comes_to(RIGHT)
def says_two_lengths_for_a_part(to: Exchange) -> None:
    after_a_cut(to, status=PART, body=REST + b"more", headers=(f"ETag: {TAG}", RANGE))


@comes_to(RIGHT)
def sends_more_than_the_part_in_chunks(to: Exchange) -> None:
    if to.number == 0:
        to.cut()
    elif to.start is None:
        to.honest()
    else:
        to.answer(PART, b"", f"ETag: {TAG}", RANGE, "Transfer-Encoding: chunked", length=-1)
        to.send(b"%x\r\n%s\r\n4\r\nmore\r\n0\r\n\r\n" % (len(REST), REST))


@comes_to(NEW, checked=WRONG_SUM, hub_checked=WRONG_SUM)
def sends_a_part_of_another_version(to: Exchange) -> None:
    if to.number == 0:
        to.cut()
    elif to.start is None:
        to.honest(CHANGED, '"new"')
    else:
        to.part(to.start, len(CHANGED), CHANGED, '"new"')


@comes_to(RIGHT)
def sends_a_part_without_its_version(to: Exchange) -> None:
    after_a_cut(to, status=PART, body=REST, headers=(RANGE,))


@comes_to(RIGHT)
def sends_a_part_of_a_version_that_is_weak(to: Exchange) -> None:
    after_a_cut(to, status=PART, body=REST, headers=(f"ETag: W/{TAG}", RANGE))


@comes_to(RIGHT)
def says_two_versions_for_a_part(to: Exchange) -> None:
    after_a_cut(to, status=PART, body=CHANGED[HALF:], headers=(f"ETag: {TAG}", 'ETag: "new"', RANGE))


@comes_to(RIGHT)
def says_two_places_for_a_part(to: Exchange) -> None:
    other = f"Content-Range: bytes 0-{HALF - 1}/{len(BODY)}"
    after_a_cut(to, status=PART, body=BODY[:HALF], headers=(f"ETag: {TAG}", RANGE, other))


@comes_to(RIGHT)
def says_two_ends_of_the_file_after_a_part(to: Exchange) -> None:
    ends = (f"Content-Range: bytes */{HALF}", f"Content-Range: bytes */{len(BODY)}")
    after_a_cut(to, status="416 No", body=b"", headers=ends)


@comes_to(RIGHT)
def says_two_dates_of_change(to: Exchange) -> None:
    dates = ("Date: Sat, 01 Jan 2000 00:00:00 GMT", "Last-Modified: Fri, 01 Jan 1999 00:00:00 GMT")
    both = (*dates, "Last-Modified: Thu, 01 Jan 1998 00:00:00 GMT")
    if to.start is None:
        to.answer("200 OK", BODY if to.number else BODY[:HALF], *both, length=len(BODY))
    else:
        to.answer(PART, CHANGED[HALF:], RANGE, *both)


@comes_to(RIGHT)
def sends_less_than_was_asked_for_each_time(to: Exchange) -> None:
    if to.start is None:
        to.cut(20_000)
    else:
        to.part(to.start, min(to.start + 20_000, len(BODY)))


@comes_to(RIGHT)
def breaks_off_every_20_kB(to: Exchange) -> None:
    start = to.start or 0
    span = f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    part = BODY[start : start + 20_000]
    to.answer(PART if start else "200 OK", part, f"ETag: {TAG}", span, length=len(BODY) - start)


@comes_to(f"{GAVE_UP} 50 tries")
def breaks_off_after_each_byte(to: Exchange) -> None:
    start = to.start or 0
    span = f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    part = BODY[start : start + 1]
    to.answer(PART if start else "200 OK", part, f"ETag: {TAG}", span, length=len(BODY) - start)


@comes_to(RIGHT)
def knows_no_versions_and_breaks_off_a_little_later_each_time(to: Exchange) -> None:
    to.answer("200 OK", BODY[: (to.number + 1) * 25_000], length=len(BODY))


@comes_to(f"{GAVE_UP} 6 tries")
def knows_no_versions_and_breaks_off_at_the_same_place(to: Exchange) -> None:
    to.answer("200 OK", BODY[:HALF], length=len(BODY))


@comes_to(f"{GAVE_UP} 6 tries")
def breaks_off_and_sends_nothing_more(to: Exchange) -> None:
    if to.start is None:
        to.cut()
    else:
        to.answer(PART, b"", f"ETag: {TAG}", RANGE, length=HALF)


@comes_to(RIGHT)
def says_that_there_is_no_more_of_the_file(to: Exchange) -> None:
    after_a_cut(to, status="416 No", body=b"", headers=())


@comes_to(RIGHT)
def says_that_what_came_is_all(to: Exchange) -> None:
    after_a_cut(to, status="416 No", body=b"", headers=(f"Content-Range: bytes */{HALF}",))


@comes_to(RIGHT)
def says_that_the_file_is_shorter_than_what_came(to: Exchange) -> None:
    after_a_cut(to, status="416 No", body=b"", headers=("Content-Range: bytes */1000",))


@comes_to("the server refuses (HTTP 416)")
def has_no_part_of_the_file(to: Exchange) -> None:
    to.answer("416 No", b"", "Content-Range: bytes */0")


@comes_to(NEW, checked=WRONG_SUM, hub_checked=WRONG_SUM)
def changes_the_file_after_a_break(to: Exchange) -> None:
    if to.number == 0:
        to.cut()
    else:
        to.honest(CHANGED, '"new"')


@comes_to(f"{GAVE_UP} 6 tries")
def changes_the_file_at_every_try(to: Exchange) -> None:
    to.cut(body=random.Random(to.number).randbytes(len(BODY)), tag=f'"{to.number}"')


@comes_to(RIGHT)
def gives_only_a_date_that_may_hide_a_change(to: Exchange) -> None:
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    dates = (f"Date: {now}", f"Last-Modified: {now}")
    if to.start is None:
        to.answer("200 OK", BODY if to.number else BODY[:HALF], *dates, length=len(BODY))
    else:  # another file of the same second
        to.answer(PART, CHANGED[HALF:], RANGE, *dates)


# Lengths


@comes_to(f"{GAVE_UP} 6 tries", hub=HUB_SIZE)
def says_a_length_that_never_comes(to: Exchange) -> None:
    to.answer("200 OK", BODY, length=len(BODY) + 1000)


@comes_to("sends more than the 1000 bytes", checked=WRONG_SUM, hub=HUB_SIZE)
def sends_more_than_it_says(to: Exchange) -> None:
    to.answer("200 OK", BODY, length=1000)


@comes_to("is no length")
def says_a_length_below_zero(to: Exchange) -> None:
    to.answer("200 OK", BODY, "Content-Length: -5", length=-1)


@comes_to("is no length")
def says_a_length_that_is_no_number(to: Exchange) -> None:
    to.answer("200 OK", BODY, "Content-Length: many", length=-1)


@comes_to("is no length")
def says_a_length_of_5000_digits(to: Exchange) -> None:
    to.answer("200 OK", BODY, "Content-Length: " + "9" * 5000, length=-1)


@comes_to("raise `disk_gb`", hub=HUB_SIZE)
def says_a_length_that_no_disk_holds(to: Exchange) -> None:
    to.answer("200 OK", BODY, length=10**17)


@comes_to("is no length")
def says_two_lengths(to: Exchange) -> None:
    to.answer("200 OK", BODY, "Content-Length: 1000")


@comes_to(RIGHT)
def says_its_length_twice(to: Exchange) -> None:
    to.answer("200 OK", BODY, f"Content-Length: {len(BODY)}")


@comes_to("does not say how long the file is", checked=RIGHT, hub=RIGHT)
def says_no_length(to: Exchange) -> None:
    to.answer("200 OK", BODY, length=-1)


@comes_to("does not say how long the file is", checked=WRONG_SUM, hub=GAVE_UP)
def says_no_length_and_breaks_off(to: Exchange) -> None:
    to.answer("200 OK", BODY[:HALF], length=-1)


@comes_to(RIGHT)
def says_a_length_and_sends_chunks(to: Exchange) -> None:
    to.answer("200 OK", b"", "Transfer-Encoding: chunked", length=17)
    to.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))


@comes_to("sends an empty file", checked=WRONG_SUM, hub=HUB_SIZE)
def sends_nothing(to: Exchange) -> None:
    to.answer("200 OK")


@comes_to("sends an empty file", checked=WRONG_SUM, hub=GAVE_UP, hub_checked=GAVE_UP)
def sends_nothing_in_chunks(to: Exchange) -> None:
    to.chunks()


# Chunks


@comes_to(RIGHT)
def breaks_off_between_chunks_once(to: Exchange) -> None:
    if to.number:
        to.honest()
    else:
        to.chunks(BODY[:HALF], end=b"")


@comes_to(f"{GAVE_UP} 6 tries")
def breaks_off_within_a_chunk_each_time(to: Exchange) -> None:
    to.chunks(BODY[:HALF], end=b"ffff\r\n")


@comes_to(f"{GAVE_UP} 6 tries", hub=RIGHT)
def never_sends_the_last_chunk(to: Exchange) -> None:
    to.chunks(BODY, end=b"")


@comes_to("whose sizes are no numbers")
def sends_chunks_of_no_size(to: Exchange) -> None:
    to.chunks(end=b"large\r\n" + BODY)


@comes_to("whose sizes are no numbers")
def sends_a_chunk_of_less_than_nothing(to: Exchange) -> None:
    to.chunks(end=b"-5\r\n" + BODY)


@comes_to("that are longer than they say")
def sends_chunks_that_are_longer_than_they_say(to: Exchange) -> None:
    to.chunks(end=b"5\r\n" + BODY)


@comes_to(GAVE_UP, hub="sends more than the 200000 bytes")
def sends_a_chunk_of_a_million_GB(to: Exchange) -> None:
    to.chunks(end=b"3fffffffffffff\r\n" + BODY + b"x")


@comes_to("whose sizes are no numbers")
def sends_a_chunk_size_that_does_not_end(to: Exchange) -> None:
    to.chunks(end=b"5;" + b"x" * 100_000)


@comes_to("what follows its last chunk does not end", hub=RIGHT)
def sends_headers_without_end_after_the_last_chunk(to: Exchange) -> None:
    to.chunks(BODY, end=b"0\r\n" + b"x: y\r\n" * 50_000)


@comes_to(NOBODY_KNOWS, checked=WRONG_SUM, hub=GAVE_UP)
def ends_its_chunks_half_way(to: Exchange) -> None:
    to.chunks(BODY[:HALF])


# Encodings


@comes_to("sends the file packed (gzip)")
def packs_the_file_although_asked_not_to(to: Exchange) -> None:
    to.answer("200 OK", gzip.compress(BODY), "Content-Encoding: gzip")


@comes_to("sends the file packed (gzip)")
def sends_a_file_that_unpacks_to_a_gigabyte(to: Exchange) -> None:
    to.answer("200 OK", b"\x1f\x8b\x08" + bytes(1_000_000), "Content-Encoding: gzip")


@comes_to("sends the file packed (deflate)")
def packs_the_file_with_deflate(to: Exchange) -> None:
    to.answer("200 OK", BODY, "Content-Encoding: deflate")


@comes_to("sends the file packed (gzip, identity)")
def says_that_the_file_is_packed_and_that_it_is_not(to: Exchange) -> None:
    to.answer("200 OK", BODY, "Content-Encoding: identity", "Content-Encoding: gzip")


@comes_to("sends the file packed (br)")
def packs_the_chunks_with_brotli(to: Exchange) -> None:
    to.answer("200 OK", b"", "Transfer-Encoding: chunked", "Content-Encoding: br", length=-1)
    to.send(b"5\r\nabcde\r\n0\r\n\r\n")


@comes_to("in an encoding that nobody asked for")
def packs_the_connection(to: Exchange) -> None:
    to.answer("200 OK", gzip.compress(BODY), "Transfer-Encoding: gzip, chunked", length=-1)


# What is hardly HTTP


@comes_to("what answers is no web server")
def is_another_kind_of_server(to: Exchange) -> None:
    to.send(b"SSH-2.0-OpenSSH_9.6\r\n")


@comes_to("closed without an answer")
def closes_without_an_answer(to: Exchange) -> None:
    pass


@comes_to(GAVE_UP)
def tears_the_connection_down(to: Exchange) -> None:
    to.reset()


@comes_to("a version of HTTP that was not asked for")
def speaks_another_version(to: Exchange) -> None:
    to.send(b"HTTP/2.0 200 OK\r\n\r\n" + BODY)


@comes_to("what answers is no web server")
def answers_with_a_status_that_is_no_number(to: Exchange) -> None:
    to.send(b"HTTP/1.1 fine OK\r\n\r\n" + BODY)


@comes_to("what answers is no web server")
def answers_with_status_7(to: Exchange) -> None:
    to.answer("7 OK", BODY)


@comes_to("the server answers HTTP 999, and no file")
def answers_with_status_999(to: Exchange) -> None:
    to.answer("999 OK", BODY)


@comes_to("a line of the answer's header is too long")
def sends_a_status_that_does_not_end(to: Exchange) -> None:
    to.send(b"HTTP/1.1 200 " + b"O" * 1_000_000)


@comes_to("its header is longer than")
def asks_to_go_on_without_end(to: Exchange) -> None:
    to.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000)


@comes_to("the server answers HTTP 103, and no file")
def gives_hints_and_no_answer(to: Exchange) -> None:
    to.answer("103 Early Hints", b"", "Link: </x>", length=-1)


@comes_to("the answer cannot be read")
def sends_10_000_headers(to: Exchange) -> None:
    to.answer("200 OK", BODY, *(f"X-{number}: y" for number in range(10_000)))


@comes_to("a line of the answer's header is too long")
def sends_a_header_that_does_not_end(to: Exchange) -> None:
    to.send(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000)


@comes_to("its header is longer than")
def sends_headers_of_a_megabyte(to: Exchange) -> None:
    to.answer("200 OK", BODY, *("X: " + "y" * 60_000 for _ in range(20)))


@comes_to("does not say how long the file is", checked=RIGHT, hub=RIGHT)
def sends_a_header_that_is_none(to: Exchange) -> None:
    to.send(b"HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY))


@comes_to(GAVE_UP)
def breaks_off_in_its_header(to: Exchange) -> None:
    to.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    to.reset()


# Statuses


@comes_to("the server answers HTTP 204, and no file")
def has_no_content(to: Exchange) -> None:
    to.answer("204 No Content")


@comes_to("the server answers HTTP 202, and no file")
def is_still_making_the_file(to: Exchange) -> None:
    to.answer("202 Accepted", b"later")


@comes_to("the server answers HTTP 304, and no file")
def says_that_the_file_is_as_it_was(to: Exchange) -> None:
    to.answer("304 Not Modified", b"", f"ETag: {TAG}")


@comes_to("the server refuses (HTTP 418)")
def is_a_teapot(to: Exchange) -> None:
    to.answer("418 I'm a teapot")


@comes_to("access refused (HTTP 403)")
def does_not_let_us_in(to: Exchange) -> None:
    to.answer("403 Forbidden", b"<html>")


@comes_to(f"{GAVE_UP} 5 tries: HTTP 500")
def always_fails(to: Exchange) -> None:
    to.answer("500 Oh", b"x" * 100_000)


@comes_to(f"{GAVE_UP} 6 tries: HTTP 503")
def breaks_off_and_then_always_fails(to: Exchange) -> None:
    if to.number:
        to.answer("503 Oh")
    else:
        to.cut()


@comes_to("the server asks to wait for 86400 s", timeout=30)
def asks_to_wait_for_a_day(to: Exchange) -> None:
    to.answer("503 Oh", b"", "Retry-After: 86400")


@comes_to(RIGHT)
def asks_to_wait_until_a_time_that_is_past_or_none(to: Exchange) -> None:
    waits = ["Fri, 31 Dec 1999 23:59:59 GMT", "soon", "-1", "Fri, 99 Foo 99999 99:99:99 GMT"]
    if to.number < len(waits):
        to.answer("429 Oh", b"", f"Retry-After: {waits[to.number]}")
    else:
        to.honest()


@comes_to(RIGHT)
def asks_for_two_waits(to: Exchange) -> None:
    if to.number:
        to.honest()
    else:
        to.answer("503 Oh", b"", "Retry-After: 86400", "Retry-After: 0")


# Redirects


def leads(to: Exchange, *locations: str) -> None:
    to.answer("302 Found", b"x" * 100, *(f"Location: {location}" for location in locations))


@comes_to("its server redirects in a circle")
def redirects_to_itself(to: Exchange) -> None:
    leads(to, to.path)


@comes_to("its server redirects in a circle")
def redirects_back_and_forth(to: Exchange) -> None:
    leads(to, to.path.removesuffix("/x") if to.path.endswith("/x") else to.path + "/x")


@comes_to("redirects on and on, more than 10 times")
def redirects_on_and_on(to: Exchange) -> None:
    leads(to, f"{to.path}/{to.number}")


@comes_to("redirects to two places at once")
def redirects_to_two_places(to: Exchange) -> None:
    leads(to, "/a", "/b")


@comes_to("redirects without saying where to")
def redirects_to_nowhere(to: Exchange) -> None:
    leads(to)


@comes_to("an address of the kind ftp:")
def redirects_to_ftp(to: Exchange) -> None:
    leads(to, "ftp://127.0.0.1/model.bin")


@comes_to("an address of the kind file:")
def redirects_to_a_file_of_the_machine(to: Exchange) -> None:
    leads(to, "file:///etc/passwd")


@comes_to("an address of the kind data:")
def redirects_to_data(to: Exchange) -> None:
    leads(to, "data:,weights")


@comes_to("redirects to what cannot be an address")
def redirects_to_an_address_that_is_none(to: Exchange) -> None:
    leads(to, "http://[::1/model.bin")


@comes_to("redirects to what cannot be an address")
def redirects_to_no_host(to: Exchange) -> None:
    leads(to, "http:///model.bin")


@comes_to("redirects to what cannot be an address")
def redirects_to_a_port_that_is_none(to: Exchange) -> None:
    leads(to, "http://127.0.0.1:http/model.bin")


@comes_to("redirects to what cannot be an address")
def redirects_to_port_99999(to: Exchange) -> None:
    leads(to, "http://127.0.0.1:99999/model.bin")


@comes_to("that cannot be an address")
def redirects_to_a_name_that_no_host_can_have(to: Exchange) -> None:
    leads(to, f"http://{'x' * 70}.invalid/model.bin")


@comes_to("redirects to what cannot be an address")
def redirects_to_an_address_of_20_kB(to: Exchange) -> None:
    leads(to, "/" + "x" * 20_000)


@comes_to(RIGHT)
def redirects_to_an_address_with_spaces_and_umlauts(to: Exchange) -> None:
    if to.number:
        to.honest()
    else:
        leads(to, "/a b/ü\x7f\x01")


@comes_to(RIGHT)
def breaks_off_after_each_redirect(to: Exchange) -> None:
    if "storage" not in to.path:
        leads(to, f"/storage/{to.number}")  # as signed addresses are, it is another one each time
    elif to.number < 2:
        to.cut()
    else:
        to.honest()


# Slowness


@comes_to(TIMEOUT, timeout=SHORT)
def says_nothing(to: Exchange) -> None:
    to.connection.recv(1)


@comes_to(TIMEOUT, timeout=SHORT)
def falls_silent_half_way(to: Exchange) -> None:
    to.cut()
    to.connection.recv(1)


def drip(to: Exchange, what: bytes) -> None:
    for byte in what:
        to.send(bytes([byte]))
        threading.Event().wait(0.02)


@comes_to(TIMEOUT, timeout=SHORT)
def lets_its_header_drip(to: Exchange) -> None:
    drip(to, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2000)


@comes_to(TIMEOUT, timeout=SHORT)
def lets_the_file_drip(to: Exchange) -> None:
    to.cut(0)
    drip(to, BODY[:2000])


@comes_to(TIMEOUT, timeout=SHORT)
def lets_a_chunk_size_drip(to: Exchange) -> None:
    to.chunks(end=b"")
    drip(to, b"5;" + b"x" * 2000)


# What is not the file


@comes_to(NOBODY_KNOWS, checked=WRONG_SUM, hub_checked=WRONG_SUM)
def sends_another_file_of_the_same_length(to: Exchange) -> None:
    to.honest(CHANGED)


@comes_to("sends a web page in place of the file", hub=HUB_SIZE)
def sends_a_login_page(to: Exchange) -> None:
    to.answer("200 OK", b"\n<!DOCTYPE html><title>Log in</title>", "Content-Type: text/html; charset=utf-8")


@comes_to(RIGHT)
def keeps_the_connection_open(to: Exchange) -> None:
    to.honest()
    to.connection.recv(1)
