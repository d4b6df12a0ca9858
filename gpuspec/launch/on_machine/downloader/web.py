"""Opening an address: where redirects may lead, to whom a token goes, and which answers another try may change."""

from __future__ import annotations

import base64
import http.client
import re
import string
import time
import urllib.parse
import urllib.request

from .faults import in_words, reason
from .file import Failure
from .wire import Answer, opener, patience, said_once, unix_time

REDIRECTS = 10
LONGEST_ADDRESS = 8192
_NO_ADDRESS = "that cannot be an address: its host or port is none"  # errors would quote keys that it holds
_MOVED = (301, 302, 303, 307, 308)
_PACKED = {"gzip": (".gz", ".tgz"), "x-gzip": (".gz", ".tgz")}
"""Servers that call a file that is packed, as its name says, an encoded one: its bytes are the file all the same."""


class Trouble(OSError):
    """What another try may mend, in words; `wait` is what the server asks for first, in seconds."""

    def __init__(self, words: str, wait: float = 0.0) -> None:
        super().__init__(words)
        self.wait = wait


def redacted(url: str) -> str:
    """The address without user, password and query: those may hold a key."""
    try:
        split = urllib.parse.urlsplit(url)
    except ValueError:  # "http://[": no part of it is known to be free of keys
        return "an address that is none"
    return urllib.parse.urlunsplit((split.scheme, split.netloc.rpartition("@")[2], split.path, "", ""))


def ask(url: str, token: str | None, deadline: float, headers: dict[str, str] | None = None) -> Answer:
    """Open `url`: an answer of status 200, or where `headers` ask for a range also 206 or 416. Failure for answers
    that a second try will not change; Trouble and other OSErrors for the rest.

    Redirects are followed. `token`, or the user and password of the address, stay with its own server: storage to
    which a hub redirects must never see them."""
    address, authorization = _apart(url)
    if token:
        authorization = f"Bearer {token}"
    seen: set[str] = set()
    while address not in seen and len(seen) <= REDIRECTS:
        seen.add(address)
        try:
            answer = _open(address, authorization, deadline, headers or {})
        except OSError as error:
            if len(seen) == 1:
                raise
            host = urllib.parse.urlsplit(address).netloc
            raise Trouble(f"its server redirects to {host}: {reason(error)}") from error
        if answer.status not in _MOVED:
            held = _what_was_sent(authorization, token)
            return _judged(answer, url, held, ranged="Range" in (headers or {}))
        with answer:
            location = said_once(answer.headers, "Location") or ""
            if answer.headers.get("Location") and not location:
                raise Failure(f"{redacted(address)}: its server redirects to two places at once")
            following = redirected(address, location)
        if not same_server(address, following):
            authorization = None
        address = following
    circle = "in a circle" if address in seen else f"on and on, more than {REDIRECTS} times"
    raise Failure(f"{redacted(url)}: its server redirects {circle}")


def _apart(url: str) -> tuple[str, str | None]:
    """An address as it can be sent, and what its user and password say."""
    try:
        split = urllib.parse.urlsplit(url)
        if split.scheme not in ("http", "https"):
            raise Failure(f"{redacted(url)}: only http and https addresses can be fetched")
        login, _, host = split.netloc.rpartition("@")
        if split.port == 0 or not split.hostname:  # asking for the port finds one that is none
            raise ValueError
        quoted = urllib.parse.quote(url.partition("#")[0], safe=string.punctuation)
        address = urllib.parse.urlunsplit(urllib.parse.urlsplit(quoted)._replace(netloc=host))
    except ValueError as error:
        raise Failure(f"{redacted(url)}: {_NO_ADDRESS}") from error
    if not login:
        return address, None
    return address, "Basic " + base64.b64encode(urllib.parse.unquote(login).encode()).decode()


def redirected(address: str, location: str) -> str:
    """Where an answer of `address` leads. Failure where nothing may be fetched from there."""
    if not location:
        raise Failure(f"{redacted(address)}: its server redirects without saying where to")
    try:
        if len(location) > LONGEST_ADDRESS:
            raise ValueError("too long")
        quoted = urllib.parse.quote(location, safe=string.punctuation, encoding="iso-8859-1")
        if re.match(r"https?:(?!//[^/])", quoted, re.IGNORECASE):
            raise ValueError("no host")  # which Python would take for the host of `address`
        split = urllib.parse.urlsplit(urllib.parse.urljoin(address, quoted))
        host = split.netloc.rpartition("@")[2]
        if split.port == 0 or not (split.hostname or split.scheme not in ("http", "https")):
            raise ValueError("no host, or a port that is none")
    except ValueError as error:
        raise Failure(f"{redacted(address)}: its server redirects to what cannot be an address") from error
    if split.scheme not in ("http", "https"):
        raise Failure(
            f"{redacted(address)}: its server redirects to an address of the kind {split.scheme[:20]}:, and only "
            "http and https can be fetched"
        )
    if split.scheme == "http" and address.startswith("https:"):
        raise Failure(
            f"{redacted(address)}: its server redirects to an address without encryption ({host}), where anyone on "
            "the way could change the file; if you trust it, give that address"
        )
    return urllib.parse.urlunsplit((split.scheme, host, split.path or "/", split.query, ""))


def same_server(address: str, following: str) -> bool:
    """Whether what `address` may know, `following` may: the same scheme, host and port, or the same host's https on
    its usual port after http on that."""
    ports = {"http": 80, "https": 443}
    before, after = urllib.parse.urlsplit(address), urllib.parse.urlsplit(following)
    try:
        left = (before.scheme, before.hostname, before.port or ports[before.scheme])
        right = (after.scheme, after.hostname, after.port or ports[after.scheme])
    except ValueError:  # a port that is no number
        return False
    return left == right or (left[::2] == ("http", 80) and right == ("https", left[1], 443))


def _open(address: str, authorization: str | None, deadline: float, headers: dict[str, str]) -> Answer:
    try:
        request = urllib.request.Request(address)
        for name, value in {"User-Agent": "gpuspec", "Accept-Encoding": "identity", **headers}.items():
            request.add_header(name, value)
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        request.deadline = deadline  # type: ignore[attr-defined]
        answer: Answer = opener().open(request, timeout=patience(deadline))
    # IDNA's UnicodeError is a ValueError.
    except (http.client.InvalidURL, ValueError, OverflowError) as error:
        raise Failure(f"{redacted(address)}: {_NO_ADDRESS}") from error
    except http.client.RemoteDisconnected:  # an OSError as well
        raise Trouble("the connection closed without an answer") from None
    except http.client.HTTPException as error:
        raise Trouble(in_words(error)) from error
    return answer


def _what_was_sent(authorization: str | None, token: str | None) -> str:
    """For who is not let in: why, as far as we know, and what to do."""
    if token is not None:
        what = "the token it was given is not enough" if token else "no token was given"
        return (
            f"{what}; accept the licence there if it asks for one, and put the token (HF_TOKEN, CIVITAI_TOKEN) into "
            "`secrets`"
        )
    if authorization:
        return "the user and password of its address are not enough"
    return (
        "its strategy sends no token, whatever is in `secrets`; use that of its hub (`hf`, `civitai`), or a `script` "
        "that sends what the server wants"
    )


def _judged(answer: Answer, url: str, held: str, *, ranged: bool) -> Answer:
    """The answer itself if it is one to go on with. `held`: what to say where the server lets nobody in."""
    status = answer.status
    if status == 200 or (ranged and status in (206, 416)):
        packed = {
            value.strip().lower() for value in answer.headers.get_all("Content-Encoding") or ("identity",)
        }
        encoding = ", ".join(sorted(packed))
        name = urllib.parse.urlsplit(url).path.lower()
        if encoding == "identity" or status == 416 or name.endswith(_PACKED.get(encoding, ("\0",))):
            return answer
    answer.close()
    where = redacted(url)
    if status == 200 or (ranged and status == 206):
        raise Failure(
            f"{where}: its server sends the file packed ({encoding[:20]}), although it was asked not to; another "
            "address may have it as it is"
        )
    if status == 206:
        raise Failure(
            f"{where}: its server sends a part of the file, although all of it was asked for (HTTP 206)"
        )
    if status in (401, 403):
        raise Failure(f"{where}: access refused (HTTP {status}) and {held}")
    if status in (404, 410):
        raise Failure(f"{where}: not there (HTTP {status}); check the name and revision")
    if status in (408, 425, 429) or 500 <= status < 600:
        raise Trouble(
            f"HTTP {status}", asked_wait(said_once(answer.headers, "Retry-After") or "", time.time())
        )
    if 400 <= status < 500:
        raise Failure(f"{where}: the server refuses (HTTP {status})")
    raise Failure(f"{where}: the server answers HTTP {status}, and no file")


def asked_wait(retry_after: str, now: float) -> float:
    """Seconds from `now` (Unix time) that a `Retry-After` asks for, by number or date; 0 where it is neither."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        return float(retry_after)
    until = unix_time(retry_after)
    return 0.0 if until is None else max(0.0, until - now)
