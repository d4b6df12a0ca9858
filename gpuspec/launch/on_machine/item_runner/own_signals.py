"""A command that signals its own process group, as `trap "kill 0" EXIT` does, ends itself and not the runner. The
runner stays in that group all the same: whoever ends a run reaches both by it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
HELD = ENDING | {signal.SIGCHLD}  # that one wakes who waits


@contextlib.contextmanager
def command_started(**how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A command, as for Popen. While open, signals wait for `wait_for`, or for the end, to be looked at."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield subprocess.Popen(**how, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before))
    finally:
        while heed(0):
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait_for(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit status of the command, None where it goes on after that time."""
    until = time.monotonic() + seconds
    while process.poll() is None and (left := until - time.monotonic()) > 0:
        if hasattr(signal, "sigtimedwait"):
            heed(left)
        else:  # macOS
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(left)
    return process.returncode


def heed(seconds: float) -> bool:
    """Wait for a signal, and end as it asks unless the command sent it; False where none came."""
    if not hasattr(signal, "sigtimedwait"):
        return False
    came = signal.sigtimedwait(HELD, seconds)
    if came and came.si_signo in ENDING and not is_below(came.si_pid):
        signal.signal(came.si_signo, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        os.kill(os.getpid(), came.si_signo)
    return came is not None


def is_below(pid: int) -> bool:
    """Whether a process descends from this one. One that is gone does: whoever ends a run outlives the sending. 0 is
    the system, or somebody outside of this container."""
    while pid != os.getpid():
        if pid < 2:
            return False
        try:
            with open(f"/proc/{pid}/stat", "rb") as stat:
                pid = int(stat.read().rpartition(b")")[2].split()[1])  # man 5 proc: field 4
        except OSError:
            return True
    return True
