"""Where a user's own files lie: the platform's place for them.

Not asked of platformdirs, which takes 6 ms to import: lint looks there for prices.
"""

from __future__ import annotations

import os
import sys
from typing import Literal


def user_folder(kind: Literal["data", "state"]) -> str:
    """$GPUSPEC_DATA_DIR or $GPUSPEC_STATE_DIR, else `gpuspec` in XDG_DATA_HOME or XDG_STATE_HOME on Linux, in
    Application Support on macOS, in LOCALAPPDATA on Windows."""
    chosen = os.environ.get(f"GPUSPEC_{kind.upper()}_DIR")
    if chosen:
        return os.path.expanduser(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get(f"XDG_{kind.upper()}_HOME") or os.path.expanduser(
            "~/.local/share" if kind == "data" else "~/.local/state"
        )
    return os.path.join(base, "gpuspec")
