"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 180.0
"""Seconds to wait for what comes at once on an idle machine: on a busy one, too, only what hangs takes longer."""


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)
    return found
