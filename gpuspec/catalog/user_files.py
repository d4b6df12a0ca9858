"""The user's own prices: where they lie, and whether a file of them has changed."""

from __future__ import annotations

import os

from gpuspec.user_folder import user_folder


def user_snapshot() -> str:
    """Where `gpuspec prices update` writes, whether or not the file exists."""
    return os.path.join(user_folder("data"), "prices.tsv")


def state_of(path: str) -> tuple[str, int, int] | None:
    """What differs once a file has changed; None where it cannot be read."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return os.path.abspath(path), found.st_mtime_ns, found.st_size
