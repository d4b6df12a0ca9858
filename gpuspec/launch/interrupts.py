"""Ctrl-C, and what else asks a launch to end; and work that is waited for only so long."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def run_bounded(work: Callable[[], None], seconds: float, leave: threading.Event | None = None) -> str:
    """Do `work`, waiting no longer than `seconds` for it, or until `leave`; "" or why it did not end well."""
    trouble: list[str] = []

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            trouble.append(str(error) or type(error).__name__)

    # A daemon: a server that hangs must not keep this process from ending.
    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    until = time.monotonic() + seconds
    while thread.is_alive() and not (leave and leave.is_set()) and time.monotonic() < until:
        thread.join(0.05)
    if thread.is_alive():
        return "it was not waited for" if leave and leave.is_set() else f"no answer in {seconds:.0f} s"
    return trouble[0] if trouble else ""


@contextmanager
def interrupt_event() -> Iterator[threading.Event]:
    """While open, Ctrl-C (or TERM, or HUP) breaks nothing off: it sets the event."""
    heard = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: heard.set()) for number in numbers}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """A polite kill (TERM, HUP) ends a launch the way Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
