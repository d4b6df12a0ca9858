"""Secrets never reach the log: their values are replaced on the way, also where a write cuts one in two, where one of
several lines comes line by line, and where it comes quoted or encoded."""

from __future__ import annotations

import base64
import bisect
import contextlib
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any

MASK = b"***"
SHORTEST = 4
"""Shorter values stand in ordinary words; masking them would spoil the log and hide nothing."""

SHORTEST_LINE = 6
"""Of a value of several lines. Shorter lines, and plain words (`default`, `True`), may be anybody's."""

LONG_LINE = 16
"""Such a line is masked whatever it looks like."""

LONGEST = 4096
"""Longer values are masked in parts of this length: only so much ever has to be held back."""

_RANDOM = re.compile(r"[A-Za-z0-9+/_.~-]{16,}={0,2}")
_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]+(?:[-_.:/][a-z]+)*[:,;.]?|[A-Z]+(?:[-_][A-Z]+)*[:,;.]?")
_NAMES = "(?:passw|pwd|passphrase|secret|token|key|credential)"
_SECRET_NAME = re.compile(f"(?i){_NAMES}(?!.*(?:ur[il]|type|name|file|path|_id)$)")
_ASSIGNED = re.compile(f"(?i)(?:{_NAMES}\\w*[\"']?\\s*[=:]|\\bpassword\\s)\\s*[\"']?([^\\s\"',;]+)")
_NO_SECRET = frozenset({"true", "false", "none", "null"})
_ESCAPED_SIGNS = ("", "<>&", "<>&'", "<>&'=")
"""What is written by number in JSON: nothing more, Go, Flask and Django, Gson."""

_BASH_QUOTED = re.compile(r"([\s'\"\\|&;()<>!{}*\[\]?^$`,])")
_ANSI = {
    "\a": r"\a",
    "\b": r"\b",
    "\x1b": r"\E",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
}


class Redactor:
    """Replaces secret values, and their lines, in a stream of blocks: as they are, and as JSON, Python, the shell,
    addresses and base64 write them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._sorted = sorted(self._forms)
        self._longest = max(map(len, self._forms), default=0)
        sizes: dict[bytes, set[int]] = {}
        for form in self._forms:
            sizes.setdefault(form[:SHORTEST], set()).add(len(form))
        self._sizes = {start: sorted(each, reverse=True) for start, each in sizes.items()}
        # Where a value may begin: each of the first bytes is one that some value has there. An alternation of all
        # values would try them one by one at each byte.
        columns = ({start[at : at + 1] for start in self._sizes} for at in range(SHORTEST))
        classes = (b"[" + b"".join(map(re.escape, sorted(column))) + b"]" for column in columns)
        self._may_begin = re.compile(b"(?=" + b"".join(classes) + b")" if self._forms else b"(?!)")
        self._held = b""
        self._covered = 0

    def feed(self, block: bytes) -> bytes:
        """What may be written now; the beginning of a possible secret is held back."""
        return self._next(block, more=True)

    def rest(self) -> bytes:
        """What was held back, when nothing more comes."""
        return self._next(b"", more=False)

    def masked(self, text: str) -> str:
        """A text that is no part of the stream."""
        shown, _, _ = self._masked(_bytes(text), 0, more=False)
        return shown.decode(errors="surrogateescape")

    def _next(self, block: bytes, *, more: bool) -> bytes:
        shown, self._held, self._covered = self._masked(self._held + block, self._covered, more=more)
        return shown

    def _masked(self, text: bytes, covered: int, *, more: bool) -> tuple[bytes, bytes, int]:
        """(what is sure, what may become a secret if `more` comes, how much of that is part of one already). The
        first `covered` bytes are part of one whose mask is written: where values overlap all of them is masked."""
        parts: list[bytes] = []
        done = covered
        held = None
        for found in self._may_begin.finditer(text):
            at = found.start()
            start = text[at : at + SHORTEST]
            if start not in self._sizes:
                continue
            if more and self._begins_one(text, at):
                held = at
                break
            values = (text[at : at + size] for size in self._sizes[start])
            value = next((value for value in values if value in self._forms), b"")
            if value and at >= done:
                parts += [text[done:at], MASK]
            done = max(done, at + len(value))
        if held is None and more:
            ends = range(max(0, len(text) - SHORTEST + 1), len(text))
            held = next((at for at in ends if self._begins_one(text, at)), None)
        if held is None:
            return b"".join([*parts, text[done:]]), b"", 0
        return b"".join([*parts, text[done:held]]), text[held:], max(done - held, 0)

    def _begins_one(self, text: bytes, at: int) -> bool:
        """Whether what stands from `at` to the end is the beginning of a value that is longer."""
        if len(text) - at >= self._longest:
            return False
        tail = text[at:]
        after = bisect.bisect_right(self._sorted, tail)
        return after < len(self._sorted) and self._sorted[after].startswith(tail)


def _forms(secret: str) -> Iterator[bytes]:
    """All that is masked of a secret, in parts of at most `LONGEST` bytes and about the same length."""
    for text in _texts(secret):
        for part in _parts(text):
            for written in (part, *_quoted(part), *_encoded(_bytes(part))):
                data = _bytes(written)
                size = max(-(-len(data) // -(-len(data) // LONGEST)), 1)
                yield from (data[at : at + size] for at in range(0, len(data), size))


def _bytes(text: str) -> bytes:
    """As the environment had it: Python reads there what is no UTF-8 as lone surrogates. JSON may hold others."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


def _texts(secret: str) -> Iterator[str]:
    """A secret; what it is where its line breaks are written as \\n; the strings in it where it is JSON."""
    yield secret
    if "\\n" in secret:
        yield secret.replace("\\n", "\n")
    if secret.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):  # then it is text like any other
            yield from _strings(json.loads(secret), named=False)


def _strings(value: Any, *, named: bool) -> Iterator[str]:
    """The keys in a JSON value: what is `named` like one, by itself or by what is around it, or looks like one."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _strings(each, named=named or _SECRET_NAME.search(name) is not None)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, named=named)
    elif isinstance(value, str) and ((named and _may_be_one(value)) or "\n" in value or _random(value)):
        yield value
    elif named and isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)


def _may_be_one(value: str) -> bool:
    """Whether a value that is named like a secret is masked for that."""
    return len(value) >= SHORTEST and value.lower() not in _NO_SECRET


def _parts(text: str) -> Iterator[str]:
    """A text, without blanks around it, its lines, and where it has several or is JSON, the keys in them."""
    whole = text.strip("\r\n")
    for each in dict.fromkeys((whole, whole.strip())):
        if len(each) >= SHORTEST:
            yield each
    lines = [line.strip() for line in whole.splitlines()]
    if len(lines) > 1:
        yield from filter(_tells, lines)
        yield from (value for line in lines for value in _ASSIGNED.findall(line) if _may_be_one(value))
    if len(lines) > 1 or whole[:1] in ("{", "["):
        yield from filter(_random, _RANDOM.findall(whole))


def _tells(line: str) -> bool:
    """Whether a line is more than anybody's word: long, or of one piece and no plain word."""
    return len(line) >= LONG_LINE or (
        len(line) >= SHORTEST_LINE and not re.search(r"\s", line) and not _PLAIN_WORD.fullmatch(line)
    )


def _random(text: str) -> bool:
    """Whether a text looks like a key: long, with letters and digits mixed."""
    digits = sum(char.isdecimal() for char in text)
    return len(text) >= LONG_LINE and digits >= 3 and any(char.isalpha() for char in text)


def _quoted(text: str) -> Iterator[str]:
    """How others write a text between quotes, or without: JSON, Python, bash (`set -x`, `printf %q`, `declare -p`)
    and addresses. Letters and digits stand for themselves in each, so most keys have but one form."""
    if text.isalnum() and text.isascii():
        return
    yield from _in_json(text)
    yield from _in_python(text)
    yield from _in_bash(text)
    for safe in ("", "/", "!'()*", "/!'()*,;:@&=+$#?"):
        address = urllib.parse.quote(_bytes(text), safe=safe)
        yield from (
            address,
            address.replace("%20", "+"),
            re.sub("%..", lambda code: code[0].lower(), address),
        )


def _in_json(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield json.dumps(quoted, ensure_ascii=ascii_only)[1:-1]
        for signs in _ESCAPED_SIGNS:
            written = _by_number(quoted, signs)
            for each in (written, written.replace("/", "\\/")):  # PHP
                yield each
                yield _in_capitals(each)
    # .NET writes these by number, and a quotation mark too
    quoted = json.dumps(text.replace('"', "\0"))[1:-1].replace("\\u0000", "\\u0022")
    yield _in_capitals(_by_number(quoted, "&'<>+`"))


def _by_number(quoted: str, signs: str) -> str:
    return re.sub(f"[{signs}]", lambda sign: f"\\u{ord(sign[0]):04x}", quoted) if signs else quoted


def _in_capitals(quoted: str) -> str:
    return re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda code: code[0].upper(), quoted)


def _in_python(text: str) -> Iterator[str]:
    yield repr(text)[1:-1]
    yield ascii(text)[1:-1]
    yield text.encode("ascii", "backslashreplace").decode()
    yield repr(_bytes(text))[2:-1]


def _in_bash(text: str) -> Iterator[str]:
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")
    yield re.sub(r"([\"\\$`])", r"\\\1", text)
    backslashed = _BASH_QUOTED.sub(r"\\\1", text)
    yield backslashed
    yield re.sub("(?<=[:=])~", r"\\~", backslashed)
    ansi = text.replace("\\", "\\\\").replace("'", "\\'")
    ansi = re.sub("[\0-\x1f\x7f]", lambda char: _ANSI.get(char[0], f"\\{ord(char[0]):03o}"), ansi)
    yield ansi
    # The C locale knows no characters beyond ASCII, and writes their bytes.
    yield "".join(chr(byte) if byte < 0x80 else f"\\{byte:03o}" for byte in _bytes(ansi))


def _encoded(data: bytes) -> Iterator[str]:
    """Base64 of data that begins at a group of three bytes or one or two bytes later, without the characters that
    depend on what stands around it; its lines, where it begins the text."""
    for before in range(3) if len(data) >= 8 else ():
        text = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        first = (0, 2, 3)[before]  # so many characters hold bits of what stands before
        if (before + len(data)) % 3:
            text = text[:-1]
        for alphabet in (text, text.replace("+", "-").replace("/", "_")):
            yield alphabet[first:]
            for width in (76, 64):  # base64, openssl
                if not before and len(alphabet) > width:
                    yield from (
                        line for line in re.findall(f".{{1,{width}}}", alphabet) if len(line) >= LONG_LINE
                    )
