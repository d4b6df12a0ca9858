"""A command that signals its own process group, as `trap "kill 0" EXIT` does, ends itself and not the runner. The
runner stays in that group all the same: whoever ends a run reaches both by it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import Any

ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
HELD = ENDING | {signal.SIGCHLD}  # that one wakes who waits


def started(**how: Any) -> subprocess.Popen[bytes]:
    """A command, as by Popen. From now on signals wait for `wait_for` to look at them: what the command has left may
    send one after its end, too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    return subprocess.Popen(**how, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD))


def wait_for(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit status of the command, None where it goes on after that time."""
    until = time.monotonic() + seconds
    while process.poll() is None and (left := until - time.monotonic()) > 0:
        if hasattr(signal, "sigtimedwait"):
            heed(left)
        else:  # macOS
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(left)
    while heed(0):  # also those that came with its end
        pass
    return process.returncode


def heed(seconds: float) -> bool:
    """Wait for a signal, and end as it asks unless the command sent it; False where none came."""
    if not hasattr(signal, "sigtimedwait"):
        return False
    came = signal.sigtimedwait(HELD, seconds)
    if came and came.si_signo in ENDING and not is_own(came.si_pid):
        signal.signal(came.si_signo, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        os.kill(os.getpid(), came.si_signo)
    return came is not None


def is_own(pid: int) -> bool:
    """Whether a process is one of the command's: below this one, or of its group and not above it (its parent may be
    gone already). So is one that is gone: whoever ends a run outlives the sending. 0 is the system, or somebody
    outside of this container."""
    try:
        same_group = pid > 0 and os.getpgid(pid) == os.getpgrp()
    except ProcessLookupError:
        return True
    return os.getpid() in line_of(pid) or (same_group and pid not in line_of(os.getpid()))


def line_of(pid: int) -> list[int]:
    """A process, its parent, and so on, as far as they are known."""
    found = []
    with contextlib.suppress(OSError):
        while pid > 0:
            found.append(pid)
            with open(f"/proc/{pid}/stat", "rb") as stat:
                pid = int(stat.read().rpartition(b")")[2].split()[1])  # man 5 proc: field 4
    return found
