"""Where the user's own data lies."""

from __future__ import annotations

import os
import sys


def data_folder() -> str:
    """Where the user's own data lives: $GPUSPEC_DATA_DIR, else the platform's place for it."""
    chosen = os.environ.get("GPUSPEC_DATA_DIR")
    if chosen:
        return os.path.expanduser(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "gpuspec")


def user_snapshot() -> str:
    """Path of the user's own snapshot, whether or not it exists."""
    return os.path.join(data_folder(), "prices.tsv")
