"""What is asked of the Hugging Face hub or a mirror: within bounds of time and size, whatever it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from gpuspec.catalog.hub_settings import hub_settings, is_web_address
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits
from gpuspec.version import __version__

PATIENCE = 60.0
"""Seconds for all that is asked about one repository, waits included."""
SILENCE = 10.0
"""Seconds without a byte."""
LONGEST_WAIT = 20.0
"""Seconds that a hub may ask us to wait (Retry-After) and is waited for."""
TRIES = 3
MOST_REDIRECTS = 5
BLOCK = 64 * 1024
_T = TypeVar("_T")


class Missing(Exception):
    """There is no such repository, revision or file, or it is not shown to us."""


class TooLarge(ValueError):
    """A file has more bytes than are read of it."""


class HubAnswer(NamedTuple):
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


class HubRequests:
    """Requests about one repository: they share its time. Raises UserError as `hub_settings` does.

    The token goes to the hub alone, never to where it redirects, and stands in no error."""

    def __init__(self, name: str) -> None:
        settings = hub_settings()
        from huggingface_hub.utils import get_session

        self.name = name
        self.endpoint = settings.endpoint
        self.offline = settings.offline
        self.token = settings.token
        # Not huggingface_hub's own headers: to make them it asks the hub a question of its own.
        self._headers = {"User-Agent": f"gpuspec/{__version__}"}
        if self.token:
            self._headers["Authorization"] = f"Bearer {self.token}"
        self._session: Any = get_session()
        self._until = monotonic() + PATIENCE

    @property
    def host(self) -> str:
        """The hub's name for people, without a password that its address may hold."""
        parts = urlsplit(self.endpoint)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.hostname}{port}"

    def get(self, path: str, most: int) -> bytes:
        """The body of an answer. Raises Missing, TooLarge for one of more than `most` bytes, and UserError
        `hub-gated`, `hub-busy` or `hub-unreachable`."""
        return self._get(path, most, {}, cut=False).body

    def part(self, path: str, start: int, end: int) -> bytes:
        """The bytes of a file from one to another, also of a server that knows no ranges. Raises as `get` does."""
        answer = self._get(path, end, {"Range": f"bytes={start}-{end - 1}"}, cut=True)
        return answer.body[start:end] if answer.status == 200 else answer.body[: end - start]

    def _get(self, path: str, most: int, wanted: dict[str, str], *, cut: bool) -> HubAnswer:
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                answer = self._followed(self.endpoint + path, most, wanted, cut=cut)
            except (UserError, TooLarge):
                raise
            except Exception as error:  # of whichever HTTP library huggingface_hub uses
                if last or monotonic() > self._until:
                    raise self._unreachable(_kind(error)) from None
                sleep(0.2 * attempt)
                continue
            if answer.status in (200, 206):
                return answer
            self._wait_or_raise(answer, last=last)
        raise self._unreachable("it went on failing")

    def _followed(self, url: str, most: int, wanted: dict[str, str], *, cut: bool) -> HubAnswer:
        """The answer at the end of the redirects."""
        for _ in range(MOST_REDIRECTS + 1):
            own = _origin(url) == _origin(self.endpoint)
            headers = {**(self._headers if own else _without_token(self._headers)), **wanted}
            headers["Accept-Encoding"] = "identity"
            answer = self._in_time(partial(self._one, url, most, headers, cut=cut))
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            target = _target(url, answer.headers.get("location"))
            if target is None:
                raise self._unreachable("it redirects to what is no web address")
            if url.startswith("https:") and target.startswith("http:"):
                raise self._unreachable("it redirects from https to http")
            url = target
        raise self._unreachable(f"it redirects more than {MOST_REDIRECTS} times")

    def _in_time(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, or raises, within the time that is left: a server that sends its headers a byte at a
        time is silent for no HTTP library."""
        done: list[_T] = []
        failed: list[Exception] = []

        def run() -> None:
            try:
                done.append(work())
            except Exception as error:
                failed.append(error)

        thread = Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(0.0, self._until - monotonic()))
        if failed:
            raise failed[0]
        if not done:
            raise self._unreachable(f"it took more than {PATIENCE:g} seconds")
        return done[0]

    def _one(self, url: str, most: int, headers: dict[str, str], *, cut: bool) -> HubAnswer:
        """One request. Of a part of a file nothing is read beyond `most`, were it the whole that is sent."""
        with self._opened(url, headers) as (status, answered, pieces):
            body = bytearray()
            if status not in (200, 206):
                return HubAnswer(status, answered, b"")
            for piece in pieces:
                body += piece
                if len(body) > most:
                    if cut:
                        return HubAnswer(status, answered, bytes(body[:most]))
                    raise TooLarge(f"is larger than {most >> 20} MiB")
                if monotonic() > self._until:
                    raise self._unreachable(f"it took more than {PATIENCE:g} seconds")
            said = answered.get("content-length", "")
            if is_digits(said) and len(body) < int(said[:18]):
                raise OSError("the answer was cut")
            return HubAnswer(status, answered, bytes(body))

    @contextmanager
    def _opened(
        self, url: str, headers: dict[str, str]
    ) -> Iterator[tuple[int, dict[str, str], Iterator[bytes]]]:
        """(status, headers, pieces of the body) by the HTTP library that huggingface_hub has: httpx since 1.0, before
        that requests."""
        session = self._session
        if callable(getattr(session, "stream", None)):
            with session.stream(
                "GET", url, headers=headers, follow_redirects=False, timeout=SILENCE
            ) as answer:
                yield answer.status_code, _lower(answer.headers), answer.iter_raw(BLOCK)
            return
        with session.get(url, headers=headers, allow_redirects=False, timeout=SILENCE, stream=True) as answer:
            yield (
                answer.status_code,
                _lower(answer.headers),
                answer.raw.stream(BLOCK, decode_content=False),
            )

    def _wait_or_raise(self, answer: HubAnswer, *, last: bool) -> None:
        """Wait where that may help; else raise what the status means."""
        status, code = answer.status, answer.headers.get("x-error-code", "")
        if code == "GatedRepo" or (status == 403 and code != "RepoNotFound"):
            raise self.gated()
        if status in (401, 404) or code in ("RepoNotFound", "RevisionNotFound", "EntryNotFound"):
            raise Missing(code)
        said = answer.headers.get("retry-after", "")
        known = is_digits(said) and len(said) < 10
        wait = float(said) if known else LONGEST_WAIT + 1 if is_digits(said) else 0.5
        if status in (429, 503) and (last or wait > min(LONGEST_WAIT, self._until - monotonic())):
            asks = f" and asks to wait {wait:,.0f} seconds" if known and wait else ""
            raise UserError(
                "hub-busy",
                f"{self.host} takes no more questions for now{asks} (it answered {status} for {self.name})",
                "Try again later; with a token (`hf auth login`) it answers more often.",
            )
        if last or status < 429:
            raise self._unreachable(f"it answered {status}")
        sleep(max(0.0, min(wait, self._until - monotonic())))

    def gated(self) -> UserError:
        """What to raise where the hub wants consent or a token."""
        said = "did not accept your token" if self.token else "wants a token, and you have none"
        return UserError(
            "hub-gated",
            f"{self.name} is gated, and {self.host} {said}",
            f"Accept its terms at {self.address}, and log in with `hf auth login` or set HF_TOKEN.",
        )

    @property
    def address(self) -> str:
        """The page of the repository, without a password that the hub's address may hold."""
        return f"{urlsplit(self.endpoint).scheme}://{self.host}/{self.name}"

    def _unreachable(self, why: str) -> UserError:
        return UserError(
            "hub-unreachable",
            f"{self.host} could not be asked about {self.name}: {why}",
            "Check the network and HF_ENDPOINT, or say `params_b` in the spec's `model`.",
        )


def _target(url: str, location: str | None) -> str | None:
    """Where a redirect leads; None where that is no web address."""
    try:
        target = urljoin(url, location) if location else ""
    except ValueError:  # half of an IPv6 address
        return None
    return target if is_web_address(target) else None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _without_token(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in ("authorization", "cookie")}


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _kind(error: Exception) -> str:
    """What went wrong, in words of ours: those of a library may quote what was sent."""
    kinds = (
        ("Timeout", f"it was silent for {SILENCE:g} seconds"),
        ("ConnectError", "no connection"),
        ("ConnectionError", "no connection"),
        ("SSL", "its certificate is not trusted"),
    )
    name = type(error).__name__
    return next((words for part, words in kinds if part in name), "its answer was cut, or is no HTTP")
