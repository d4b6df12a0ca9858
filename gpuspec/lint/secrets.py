"""Keys and tokens in texts: found by their form, or by the name they stand under; and never shown."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from io import StringIO
from itertools import islice

from gpuspec.text import token

FORMATS = (
    ("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("an Anthropic key", "sk-ant-", r"\bsk-ant-[A-Za-z0-9_-]{30,}"),
    ("an OpenAI key", "sk-", r"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{32,}"),
    ("an AWS access key", "AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
    ("an AWS access key", "ASIA", r"\bASIA[0-9A-Z]{16}\b"),
    ("a GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{50,}\b"),
    ("a GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    (
        "a Slack webhook",
        "hooks.slack",
        r"\bhooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}",
    ),
    ("a Google API key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("a Replicate token", "r8_", r"\br8_[A-Za-z0-9]{37}\b"),
    ("an NVIDIA key", "nvapi-", r"\bnvapi-[A-Za-z0-9_-]{40,}"),
    ("a RunPod key", "rpa_", r"\brpa_[A-Za-z0-9]{30,}\b"),
    ("a Groq key", "gsk_", r"\bgsk_[A-Za-z0-9]{40,}\b"),
    ("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", "pypi-", r"\bpypi-[A-Za-z0-9_-]{50,}"),
    ("a signed token", "eyJ", r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}"),
    (
        "a private key",
        "PRIVATE KEY",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^\"'-]*(?:-(?!----END)[^\"'-]*){0,1000}(?:-----END[A-Z ]*-----)?",
    ),
)
"""Tokens known by their form, as their issuers document them: (what it is, text it contains, regular expression)."""

NAMES = ("KEY", "TOKEN", "SECRET", "PASSW", "key", "token", "secret", "passw")

SECRET_NAME = (
    r"(?:[A-Z0-9]+_)*(?:API_?KEY|ACCESS_?KEY|SECRET(?:_ACCESS)?(?:_KEY)?|TOKEN|PASSWORD|PASSWD|PRIVATE_?KEY)"
)
"""Names of variables that hold one. Then any value that looks random is a secret."""

_VALUE = r"[\"']?(?:\$\{\w{1,64}:?-)?([A-Za-z0-9+/_.=-]{20,})"
"""What may be one, in quotes or not, or the default of a variable (`${NAME:-value}`)."""
ASSIGNED = rf"\b({SECRET_NAME})={_VALUE}"
LOGIN = "wandb login"
"""A command whose argument is a key."""
_FOLLOWS = r"(?:[ =]|[\"']?\s{0,200}[,\n]\s{0,200}(?:- +)?)"
"""Between an argument and its value: in a command, and in a list of arguments as JSON and YAML write it."""
GIVEN = (
    rf"(?:--(?:api-key|token|password|secret|auth-token|hf-token){_FOLLOWS}"
    rf"|{LOGIN}(?: --?[a-z-]{{1,20}}){{0,3}} ){_VALUE}"
)
_PLACEHOLDER = (
    "xxx", "your", "token", "secret", "example", "replace", "change", "insert", "dummy", "placeholder", "redacted",
    "here",
)  # fmt: skip

MEMBER = rf"\b((?i:{SECRET_NAME}))[\"']?\s*:(?!-)\s*{_VALUE}"
ENTRY = (
    rf"\bname[\"']?\s{{0,200}}:\s{{0,200}}[\"']?((?i:{SECRET_NAME}))[\"']?[\s,]{{1,200}}[\"']?value[\"']?"
    rf"\s{{0,200}}:\s{{0,200}}{_VALUE}"
)
"""A variable as Kubernetes lists it."""

_ENDS = ("KEY", "TOKEN", "SECRET", "ACCESS", "PASSWORD", "PASSWD")
_BEFORE_EQUALS = tuple(f"{end}=" for end in _ENDS)
_BEFORE_MEMBER = tuple(end.lower() + sign for end in _ENDS for sign in ('"', "'", ":", " :"))
"""One of them is in every text that one of the two is in: looking for it takes a fiftieth of the time."""


ADDRESS = r"://([^\s/\"'<>?#`\\]*)@([^\s/\"'<>?#`\\:]*)"
"""(user and password, host) of an address."""

QUERY = r"[?&;#]([\w.-]{1,64})=([^\s&;#\"'<>`$\\{}]{4,})"
"""(name, value) behind an address, or behind a path that a variable makes an address of (`$BUCKET/model?sig=…`)."""
_QUERY_INSIDE = (
    r"%(?:3[fF]|26)([\w.-]{1,64})%3[dD]([^\s&;#\"'<>`$\\{}%]{4,}(?:%25[0-9A-F]{2}[^\s&;#\"'<>`$\\{}%]*)*)"
)
"""The same of an address that is a value in another."""

PASSWORD = "a password in an address"
_QUERY_KEY = (
    r"(?i)token|secret|passw|pwd|credential|signature|api_?key|access_?key|hmac|jwt|bearer"
    r"|(?:^|[_.-])(?:key|auth|sig|sas|hdnea|hdnts)$"
)
_SIGNED = "(?i)sig|hmac"
"""Names of a signature: it is no key, and opens one file for some hours."""
_OURS = ("localhost", "127.0.0.1", "0.0.0.0", "")


_MOST_MASKED = 10_000
"""Secrets of one text."""
_LITERALS = tuple(dict.fromkeys(literal for _, literal, _ in FORMATS))
_WORDS = (*NAMES, LOGIN, *_LITERALS, "%3")
"""One of them is in every text with a secret that is known by its form or by its name."""
_LONG = 10_000
"""Characters of a text in which to look for a word is work."""
_HIDING = r"\\[^\"\\bfnrt\r\n]"
"""An escape that may stand for a character of a key. Without any, a key is written as it is meant."""

_Reading = tuple[str, Callable[[int], int]]


def _readings(text: str) -> Sequence[_Reading]:
    """A text as it stands, and as it is meant where escapes are in it: those of JSON, and those of a quoted text in a
    JSON string. With each, where a place of it is in the text."""
    return _with_escapes(text) if "\\" in text else [(text, lambda at: at)]


@lru_cache(
    maxsize=2
)  # a file, and one text in it; more would keep large ones for as long as the process lives
def _with_escapes(text: str) -> Sequence[_Reading]:
    found: list[_Reading] = [(text, lambda at: at)]
    while "\\" in found[-1][0] and len(found) < 3:
        found.append(_unescaped(*found[-1]))
    return found


def _unescaped(text: str, place: Callable[[int], int]) -> _Reading:
    from array import array  # a text may hold millions of escapes; their places as objects are hundreds of MB

    plain, size, done = StringIO(), 0, 0
    starts, places = array("l", [0]), array("l", [0])
    for match in re.finditer(token.ESCAPE, text):
        begin, end = match.span()
        read = "\n" if match["line"] else token.read_escape(match)  # lines stay apart: keys end with theirs
        plain.write(text[done:begin])
        plain.write(read)
        size += begin - done
        starts.extend((size, size + len(read)))
        places.extend((begin, end))
        size, done = size + len(read), end
    plain.write(text[done:])

    @lru_cache(maxsize=1)  # secrets are looked up one behind the other
    def inside(piece: int) -> Sequence[int]:
        """Where each character of some escapes stands in them."""
        written = text[places[piece] : places[piece + 1]]
        return [match.start() for match in re.finditer(token.READ_AS_ONE, written)]

    def where(at: int) -> int:
        piece = bisect_right(starts, at) - 1
        further = at - starts[piece]
        if piece % 2 and further:
            further = inside(piece)[further]
        return place(places[piece] + further)

    return plain.getvalue(), where


def known_form(text: str) -> str | None:
    """What a secret in the text is ("a GitHub token"), where its form says so."""
    if "\\" not in text and "://" not in text and not _has_literal(text):
        return None
    return next((kind for reading, _ in _readings(text) for kind, _ in _known(reading)), None)


def _of_form(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """(what, where) of each token that its form gives away."""
    if not _has_literal(text):
        return
    for kind, literal, form in FORMATS:
        if _holds(text, literal):  # a form is compiled when it may be met: compiling costs more than looking
            for match in re.finditer(form, text):
                if not _placeholder(match[0]):
                    yield kind, match.span()


def _has_literal(text: str) -> bool:
    """Whether it is worth looking for each form. Most texts are short, and have none."""
    return len(text) >= _LONG or any(map(text.__contains__, _LITERALS))


def _known(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """(what, where) of each secret that is surely one: those, and some in addresses."""
    yield from _of_form(text)
    if "://" in text:
        for match in re.finditer(ADDRESS, text):
            user, _, password = match[1].partition(":")
            if match[2] not in _OURS and (_random(user) or (password and not _no_password(user, password))):
                yield PASSWORD, match.span(1)
        for match in re.finditer(QUERY, text):
            if re.search(_QUERY_KEY, match[1]) and not re.search(_SIGNED, match[1]) and _random(match[2]):
                yield "a key in an address", match.span(2)


def _no_password(user: str, password: str) -> bool:
    """Whether it only stands for one, or is what everybody's first database has."""
    low = password.lower()
    return (
        any(sign in password for sign in "${}")
        or len(set(low)) < 3
        or low == user.lower()
        or low in ("pass", "password", "passwd", "pw", "secret", "token")
        or any(word in low for word in _PLACEHOLDER if word not in ("here", "secret", "token"))
    )


def _in_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where users with their passwords stand in addresses: all that `_known` finds there, and what may be one."""
    for match in re.finditer(ADDRESS, text):
        user, _, password = match[1].partition(":")
        if _random(user) or (password and not any(sign in password for sign in "${}")):
            yield match.span(1)


def _in_queries(text: str) -> Iterator[tuple[int, int]]:
    """Where values stand that are named like keys in an address: also the signature of one that is signed."""
    for form in (QUERY, _QUERY_INSIDE) if "%3" in text else (QUERY,):
        for match in re.finditer(form, text):
            if re.search(_QUERY_KEY, match[1]):
                yield match.span(2)


def named(name: str, value: str) -> bool:
    """Whether a variable of this name holds a secret: what it is called, and a value that looks random."""
    return re.fullmatch(SECRET_NAME, name.upper()) is not None and _random(value)


def given(text: str) -> str | None:
    """The name of the variable or "" for a flag, where a command gives a secret by value; None where none does."""
    readings = [reading for reading, _ in _readings(text)]
    for match in (match for reading in readings for match in re.finditer(ASSIGNED, reading)):
        if _random(match[2]):
            return match[1]
    return "" if any(_random(m[1]) for reading in readings for m in re.finditer(GIVEN, reading)) else None


def may_hold(text: str) -> bool:
    """Whether it is worth looking closer."""
    return _escaped_may_hold(text) if "\\" in text else _worth(text)


@lru_cache(maxsize=2)  # the same ones as of `_with_escapes`
def _escaped_may_hold(text: str) -> bool:
    if not re.search(_HIDING, text):
        return _worth(text)
    return any(_worth(reading) for reading, _ in _readings(text))


def _worth(text: str) -> bool:
    """Whether it is worth looking closer at one reading of a text."""
    return (
        (any(map(text.__contains__, _WORDS)) if len(text) < _LONG else any(_holds(text, w) for w in _WORDS))
        or ("@" in text and "://" in text)
        or ("=" in text and ("?" in text or "&" in text))
    )


def _holds(text: str, word: str) -> bool:
    """Whether a word is in a text. In a long one its letters are looked for first, which takes a hundredth of the
    time, and few texts have them all."""
    return (len(text) < _LONG or all(sign in text for sign in word)) and word in text


def masked(text: str) -> str:
    """The text with each secret's characters as asterisks, but for line breaks: what is shown of a file is shown
    through this. A text of very many secrets is masked whole."""
    if not may_hold(text):
        return text
    places = (
        (place(start), place(end)) for reading, place in _readings(text) for start, end in _spans(reading)
    )
    first = list(islice(places, _MOST_MASKED + 1))
    if len(first) > _MOST_MASKED:
        first = [(0, len(text))]
    parts, done = [], 0
    for start, end in sorted(first):
        if end > done:
            start = max(start, done)
            parts += [text[done:start], re.sub(r"[^\r\n]+", _asterisks, text[start:end])]
            done = end
    return "".join([*parts, text[done:]])


def _asterisks(line: re.Match[str]) -> str:
    return "*" * len(line[0])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where secrets stand."""
    yield from (span for _, span in _of_form(text))
    if any(map(text.__contains__, _BEFORE_EQUALS)):
        yield from (m.span(2) for m in re.finditer(ASSIGNED, text) if _random(m[2]))
    if any(map(text.casefold().__contains__, _BEFORE_MEMBER)):
        yield from (m.span(2) for m in re.finditer(MEMBER, text) if _random(m[2]))
    if "value" in text and any(map(text.__contains__, NAMES)):
        yield from (m.span(2) for m in re.finditer(ENTRY, text) if _random(m[2]))
    if "--" in text or LOGIN in text:
        yield from (m.span(1) for m in re.finditer(GIVEN, text) if _random(m[1]))
    if "://" in text:
        yield from _in_addresses(text)
    if "=" in text or "%3" in text:
        yield from _in_queries(text)


def _placeholder(text: str) -> bool:
    """Whether it only stands for a secret: your-token-here, hf_xxxx."""
    low = text.lower()
    if low.startswith("sk-") and not any(char.isdecimal() for char in low):
        return True  # words with hyphens between them
    return any(word in low for word in _PLACEHOLDER if word not in ("token", "secret")) or len(set(low)) < 8


def _random(text: str) -> bool:
    """Whether a value looks random: long, letters and digits mixed, and no word of a placeholder."""
    if not re.fullmatch(r"[A-Za-z0-9+/_.=-]{20,}", text) or any(
        word in text.lower() for word in _PLACEHOLDER
    ):
        return False
    if "/" in text and (text.startswith(("/", "./")) or "." in text):
        return False  # a path
    digits = sum(char.isdecimal() for char in text)
    return digits >= 3 and any(char.isalpha() for char in text) and len(set(text)) >= 10
