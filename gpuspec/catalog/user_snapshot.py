"""Where `gpuspec prices update` keeps the user's own prices."""

from __future__ import annotations

import os

from gpuspec.user_folder import user_folder


def user_snapshot() -> str:
    """Path of the user's own snapshot, whether or not it exists."""
    return os.path.join(user_folder("data"), "prices.tsv")
