"""A run's hours, counted on this machine's uptime (sleep included), which nobody can set as they can a clock.

Elsewhere than on Linux, and after a reboot, the wall clock must do.
"""

from __future__ import annotations

import time

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


def boot() -> str | None:
    """What tells this boot of this machine from every other; None where the system does not say."""
    try:
        with open(_BOOT_ID, encoding="ascii") as text:
            return text.read().strip() or None
    except OSError:
        return None


def uptime() -> float:
    """Seconds since boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def since(then: float, then_up: float | None, then_boot: str | None, now: float | None = None) -> float:
    """Seconds from a moment that was `then` in Unix seconds and `then_up` in uptime of `then_boot`, to `now` (Unix
    seconds; None is this moment). Never negative, whatever the wall clock did."""
    if now is None and then_up is not None and then_boot is not None and then_boot == boot():
        return max(uptime() - then_up, 0.0)
    return max((time.time() if now is None else now) - then, 0.0)
