"""Opening an address: tokens go to the host they are for, and refusals are explained."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from .file import Failure


def redacted(url: str) -> str:
    """The address without user, password and query: those may hold a key."""
    split = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((split.scheme, split.netloc.rpartition("@")[2], split.path, "", ""))


class _SameHostToken(urllib.request.HTTPRedirectHandler):
    """Hubs redirect to storage on another host, which must never see the token."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if (
            request is not None
            and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc
        ):
            request.remove_header("Authorization")
        return request


_opener = urllib.request.build_opener(_SameHostToken)


def ask(url: str, token: str | None, timeout: float, headers: dict[str, str] | None = None) -> Any:
    """Open `url`. Failure for answers that a second try will not change; other errors pass through."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise Failure(f"{redacted(url)}: only http and https addresses can be fetched")
    request = urllib.request.Request(url, headers={"User-Agent": "gpuspec", "Accept-Encoding": "identity"})
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        return _opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            held = "the token it was given is not enough" if token else "no token was given"
            raise Failure(
                f"{redacted(url)}: access refused (HTTP {error.code}) and {held}; accept the licence there "
                "if it asks for one, and put the token (HF_TOKEN, CIVITAI_TOKEN) into `secrets`"
            ) from error
        if error.code in (404, 410):
            raise Failure(
                f"{redacted(url)}: not there (HTTP {error.code}); check the name and revision"
            ) from error
        if error.code in (408, 416, 425, 429) or error.code >= 500:
            raise
        raise Failure(f"{redacted(url)}: the server refuses (HTTP {error.code})") from error
