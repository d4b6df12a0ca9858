"""Whether a file is still what it was when it was read."""

from __future__ import annotations

import os


def state_of(path: str) -> tuple[str, int, int] | None:
    """What differs once a file has changed; None where it cannot be read."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return os.path.abspath(path), found.st_mtime_ns, found.st_size
