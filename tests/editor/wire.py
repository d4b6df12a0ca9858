"""Messages between an editor and its server, as they go over the wire."""

from __future__ import annotations

import json
from typing import Any


def framed(body: bytes) -> bytes:
    """A message with its header."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def unframed(data: bytes) -> list[dict[str, Any]]:
    """The messages of a stream, which holds nothing between them."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        assert head.startswith(b"Content-Length: "), head
        length = int(head.split(b"\r\n")[0].split(b": ")[1])
        found.append(json.loads(rest[:length]))
        data = rest[length:]
    return found
