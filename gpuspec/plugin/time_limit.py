"""A limit on how long a plugin may take, for its import, a hook, or a rule and a file: an endless loop is named.

Built-in rules run without it. Where there is no SIGALRM (Windows, a thread of an editor) there is no limit.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

from gpuspec.numerals import number_of

SECONDS = 10.0
VARIABLE = "GPUSPEC_RULE_SECONDS"


class RuleTimeout(BaseException):
    """Raised inside a rule whose time is up. No Exception: `except Exception` in a rule must not keep it."""


def seconds() -> float:
    """Seconds a plugin may take: $GPUSPEC_RULE_SECONDS, else 10."""
    said = number_of(os.environ.get(VARIABLE, ""))
    return said if said is not None and 0 < said < 1e6 else SECONDS


@contextmanager
def time_limit(limit: float | None = None) -> Iterator[None]:
    """Raise RuleTimeout in the block when its time is up: `limit` seconds, or those of a plugin."""
    if not hasattr(signal, "setitimer") or current_thread() is not main_thread():
        yield
        return
    limit = seconds() if limit is None else limit
    inside = True

    def ring(*_: Any) -> None:
        if inside:
            raise RuleTimeout(f"stopped after {limit:g} s; it is not asked again in this run")

    before = signal.signal(signal.SIGALRM, ring)
    # Rings again and again: a rule may catch the first in a bare `except`.
    timer = signal.setitimer(signal.ITIMER_REAL, limit, 0.1)
    try:
        yield
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)
