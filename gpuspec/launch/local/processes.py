"""Finding and ending everything a run started, even what left its process group or lost its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

MARK = "GPUSPEC_RUN_ID"
"""Every process of a run inherits this variable: so those that it left are found again."""


def marked(run_id: str) -> list[int]:
    """Processes that carry the run's mark (Linux; elsewhere the process group must do, and this is empty)."""
    wanted = f"{MARK}={run_id}".encode()
    found: list[int] = []
    if not os.path.isdir("/proc/self"):
        return found
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/environ", "rb") as environment:
                    if wanted in environment.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue  # gone meanwhile, or another user's
    return found


def _send(run_id: str, group: int | None, number: int) -> None:
    if group is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    for pid in marked(run_id):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(pid) != group:  # a second TERM means "at once" to many programs
                os.kill(pid, number)


def _left(run_id: str, group: int | None) -> bool:
    """Whether anything of the run is alive. Marks, where there are any: a group also holds the dead that
    nobody waits for, and in a container that may be for ever."""
    if os.path.isdir("/proc/self"):
        return bool(marked(run_id))
    try:
        os.killpg(group or 0, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return group is not None


def end(run_id: str, group: int | None, grace: float, hurry: Callable[[], bool] = lambda: False) -> None:
    """TERM, then KILL what is left after `grace` seconds, or as soon as `hurry` says so. `group` is the process
    group of the run's current step."""
    deadline = time.monotonic() + grace
    _send(run_id, group, signal.SIGTERM)
    while _left(run_id, group) and time.monotonic() < deadline and not hurry():
        time.sleep(0.02)
    _send(run_id, group, signal.SIGKILL)
    deadline = time.monotonic() + 5.0
    while marked(run_id) and time.monotonic() < deadline:
        _send(run_id, group, signal.SIGKILL)
        time.sleep(0.01)
