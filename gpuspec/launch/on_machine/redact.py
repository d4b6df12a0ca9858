"""Secrets never reach the log: their values are replaced on the way, also where a write cuts one in two, where one of
several lines comes line by line, and where it comes quoted or encoded."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any

MASK = b"***"
SHORTEST = 4
"""Shorter values stand in ordinary words; masking them would spoil the log and hide nothing."""

SHORTEST_LINE = 16
"""Of a value of several lines, or of an encoded one: shorter parts may be anybody's words."""

LONGEST = 4096
"""Longer values are masked in parts of this length: only so much ever has to be held back."""

_RANDOM = re.compile(r"[A-Za-z0-9+/_.~-]{16,}={0,2}")
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
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._by_start: dict[bytes, list[bytes]] = {}  # longest first
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            self._by_start.setdefault(form[:SHORTEST], []).append(form)
        self._short = {start[:size] for start in self._by_start for size in range(1, SHORTEST)}
        # Where a value may begin: each of the first bytes is one that some value has there. An alternation of all
        # values would try them one by one at each byte.
        columns = ({start[at : at + 1] for start in self._by_start} for at in range(SHORTEST))
        classes = (b"[" + b"".join(map(re.escape, sorted(column))) + b"]" for column in columns)
        self._may_begin = re.compile(b"(?=" + b"".join(classes) + b")" if forms else b"(?!)")
        self._held = b""

    def feed(self, block: bytes) -> bytes:
        """What may be written now; the beginning of a possible secret is held back."""
        masked, self._held = self._masked(self._held + block, more=True)
        return masked

    def rest(self) -> bytes:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, b""
        return self._masked(held, more=False)[0]

    def masked(self, text: str) -> str:
        """A text that is no part of the stream."""
        return self._masked(_bytes(text), more=False)[0].decode(errors="surrogateescape")

    def _masked(self, text: bytes, *, more: bool) -> tuple[bytes, bytes]:
        """(what is sure, what may become a secret if `more` comes)."""
        parts: list[bytes] = []
        done = 0
        for found in self._may_begin.finditer(text):
            at = found.start()
            for form in self._by_start.get(text[at : at + SHORTEST], ()) if at >= done else ():
                if text.startswith(form, at):
                    parts += [text[done:at], MASK]
                    done = at + len(form)
                    break
                if more and at + len(form) > len(text) and form.startswith(text[at:]):
                    return b"".join([*parts, text[done:at]]), text[at:]
        for at in range(max(done, len(text) - SHORTEST + 1), len(text)) if more else ():
            if text[at:] in self._short:
                return b"".join([*parts, text[done:at]]), text[at:]
        return b"".join([*parts, text[done:]]), b""


def _forms(secret: str) -> Iterator[bytes]:
    """All that is masked of a secret, in parts of at most `LONGEST` bytes and about the same length."""
    for text in _texts(secret):
        for part in _parts(text):
            for written in (part, *_quoted(part), *_encoded(_bytes(part))):
                data = _bytes(written)
                size = max(-(-len(data) // -(-len(data) // LONGEST)), 1)
                yield from (data[at : at + size] for at in range(0, len(data), size))


def _bytes(text: str) -> bytes:
    """As the environment had it: Python reads there what is no UTF-8 as lone surrogates."""
    return text.encode(errors="surrogateescape")


def _texts(secret: str) -> Iterator[str]:
    """A secret; what it is where its line breaks are written as \\n; the strings in it where it is JSON."""
    yield secret
    if "\\n" in secret:
        yield secret.replace("\\n", "\n")
    if secret.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):  # then it is text like any other
            yield from _strings(json.loads(secret))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str) and ("\n" in value or _random(value)):
        yield value


def _parts(text: str) -> Iterator[str]:
    """A text, its lines, and where it has several or is JSON, the keys in them."""
    whole = text.strip("\r\n")
    if len(whole) >= SHORTEST:
        yield whole
    lines = [line.strip() for line in whole.splitlines()]
    if len(lines) > 1:
        yield from filter(_tells, lines)
    if len(lines) > 1 or whole[:1] in ("{", "["):
        yield from filter(_random, _RANDOM.findall(whole))


def _tells(line: str) -> bool:
    """Whether a line is more than a word or two."""
    digits = any(char.isdecimal() for char in line)
    return len(line) >= SHORTEST_LINE or (
        len(line) >= 8 and digits and not line.isdecimal() and " " not in line
    )


def _random(text: str) -> bool:
    """Whether a text looks like a key: long, with letters and digits mixed."""
    digits = sum(char.isdecimal() for char in text)
    return len(text) >= SHORTEST_LINE and digits >= 3 and any(char.isalpha() for char in text)


def _quoted(text: str) -> Iterator[str]:
    """How others write a text between quotes, or without: JSON, Python, bash (`set -x`, `printf %q`, `declare -p`)
    and addresses. Letters and digits stand for themselves in each, so most keys have but one form."""
    if text.isalnum() and text.isascii():
        return
    for ascii_only in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield from (quoted, json.dumps(quoted, ensure_ascii=ascii_only)[1:-1])
    yield repr(text)[1:-1]
    yield repr(_bytes(text))[2:-1]
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")
    yield re.sub(r"([\"\\$`])", r"\\\1", text)
    yield _BASH_QUOTED.sub(r"\\\1", text)
    ansi = text.replace("\\", "\\\\").replace("'", "\\'")
    yield "".join(_ANSI.get(char, char if char >= " " else f"\\{ord(char):03o}") for char in ansi)
    for safe in ("", "/", "!'()*", "/!'()*,;:@&=+$#?"):
        address = urllib.parse.quote(text, safe=safe, errors="surrogateescape")
        yield from (
            address,
            address.replace("%20", "+"),
            re.sub("%..", lambda code: code[0].lower(), address),
        )


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
                        line for line in re.findall(f".{{1,{width}}}", alphabet) if len(line) >= SHORTEST_LINE
                    )
