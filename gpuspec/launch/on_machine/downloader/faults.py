"""What goes wrong on the way, in words for the person who pays for the machine."""

from __future__ import annotations

import errno
import http.client
import os
import urllib.error

FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_HINTS = {
    errno.ENAMETOOLONG: "; choose a shorter `target`",
    errno.EACCES: "; choose a `target` that can be written to",
    errno.EPERM: "; choose a `target` that can be written to",
    errno.EROFS: "; choose a `target` that can be written to",
}


def is_local(error: BaseException) -> bool:
    """Whether it is this machine's own files that are in the way, which no other try at a server mends: their errors,
    and no others, name a file."""
    return isinstance(error, OSError) and (error.errno in FULL or error.filename is not None)


def reason(error: BaseException) -> str:
    """What went wrong."""
    if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        return in_words(error)
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, OSError) and error.errno in FULL:
        return "the disk is full; raise `disk_gb`, or fetch less with `allow`"
    if isinstance(error, OSError) and error.errno and error.filename is not None:
        named = error.filename2 if error.filename2 is not None else error.filename
        return f"{named}: {os.strerror(error.errno)}{_HINTS.get(error.errno, '')}"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    return str(error) or type(error).__name__


def in_words(error: http.client.HTTPException) -> str:
    """What is wrong with an answer, without the bytes that it sent: they may be anything."""
    if isinstance(error, http.client.BadStatusLine):
        return "what answers is no web server"
    if isinstance(error, http.client.LineTooLong):
        return "a line of the answer's header is too long"
    if isinstance(error, http.client.UnknownProtocol):
        return "the answer is in a version of HTTP that was not asked for"
    return f"the answer cannot be read: {error}"
