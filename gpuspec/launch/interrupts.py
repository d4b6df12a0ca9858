"""Ctrl-C and the other signals that ask a launch to end, and work with a time limit."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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
def handled(handler: Callable[[int, FrameType | None], object], *numbers: signal.Signals) -> Iterator[None]:
    """While open, `handler` answers these signals; only in the main thread, which is the one that gets them. A
    terminal's end that is ignored stays so: who says `nohup` wants the run to go on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set[int]()
    before = {number: signal.signal(number, handler) for number in numbers if number not in ignored}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


ASKED_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a polite kill, and the terminal's end."""


@contextmanager
def interrupt_event() -> Iterator[threading.Event]:
    """While open, what asks this process to end breaks nothing off: it sets the event."""
    event = threading.Event()
    with handled(lambda *_: event.set(), *ASKED_TO_END):
        yield event


@contextmanager
def interruptible() -> Iterator[None]:
    """A polite kill (TERM, HUP) ends a launch the way Ctrl-C does."""
    with handled(signal.default_int_handler, signal.SIGTERM, signal.SIGHUP):
        yield
