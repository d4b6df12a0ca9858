"""What a hub says that it holds, read as what anyone may have written: bounded, and held to its shape."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, Any, NoReturn

from .file import Failure
from .tries import Tries
from .web import ask, redacted

if TYPE_CHECKING:
    from .transfer import Fetcher

LISTING_BYTES = 64 * 1024 * 1024
"""About 200,000 files of a Hugging Face repository."""
FILES = 100_000
"""The most that one download may fetch: what its hub recommends as the most in a repository."""


def token_of(*names: str) -> str:
    """The first of these variables that is set, without the white space around it, as huggingface_hub reads it; ""
    where none is. Failure, which does not show it, where it cannot be sent."""
    for name in names:
        token = os.environ.get(name, "").strip()
        if token and not re.fullmatch(r"[!-~]+", token):
            raise Failure(
                f"the token in {name} cannot be sent: a blank, a line break or another character is in it that no "
                "token has; set it anew"
            )
        if token:
            return token
    return ""


def listing(fetcher: Fetcher, item: dict[str, Any], url: str, token: str | None) -> dict[str, Any]:
    """The JSON object at `url`. Failure where it is none, or one that no machine should read."""
    deadline = time.monotonic() + fetcher.timeout(item)
    text = Tries(item["source"], deadline, fetcher.progress).until_done(lambda: _text(url, token, deadline))
    try:
        found = json.loads(text, parse_int=_number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Failure(f"{redacted(url)}: the server's answer is not JSON that can be read") from error
    if not isinstance(found, dict):
        wrong(url, "it is no object")
    return found


def _text(url: str, token: str | None, deadline: float) -> bytes:
    kept = bytearray()
    with ask(url, token, deadline) as answer:
        for block in answer.body():
            kept += block
            if len(kept) > LISTING_BYTES:
                raise Failure(
                    f"{redacted(url)}: the list of its files is longer than {LISTING_BYTES >> 20} MiB; fetch a "
                    "smaller repository, or its files one by one"
                )
    return bytes(kept)


def _number(digits: str) -> int:
    """A count of bytes at most: `int` takes minutes over millions of digits."""
    if len(digits) > 19:
        raise ValueError("a number of more than 19 digits")
    return int(digits)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def wrong(url: str, what: str) -> NoReturn:
    """Failure: the listing at `url` is not as its hub's should be."""
    raise Failure(f"{redacted(url)}: the server's list of files is wrong: {what}")


def listed_files(url: str, found: Any) -> list[dict[str, Any]]:
    """The files of a listing, whatever it says of each."""
    if not isinstance(found, list) or not all(isinstance(file, dict) for file in found):
        wrong(url, "it lists no files")
    return found


def file_name(url: str, name: Any) -> str:
    """The name of a listed file: a path of ordinary parts."""
    if not isinstance(name, str) or not name or len(name) > 1024:
        wrong(url, f"a file's name is {str(name)[:40]!r}")
    try:
        parts = name.encode().split(b"/")
    except UnicodeEncodeError:
        parts = [b""]
    if any(part in (b"", b".", b"..") or len(part) > 250 or b"\0" in part for part in parts):
        wrong(url, f"{name[:80]!r}, the name of a file, would lead outside the workspace or is no name")
    return name


def size(url: str, found: Any) -> int | None:
    """A file's size in bytes; None where the hub does not say."""
    if found is None or (isinstance(found, int) and not isinstance(found, bool) and found >= 0):
        return found
    wrong(url, f"a file's size is {str(found)[:40]!r}")


def checksum(url: str, found: Any, digits: int) -> str | None:
    """A checksum of `digits` hexadecimal digits; None where there is none."""
    if not found:
        return None
    if not isinstance(found, str) or not re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", found):
        wrong(url, f"a file's checksum is {str(found)[:40]!r}")
    return found.lower()
