"""Finding and ending everything a run started, even what left its process group or lost its parent.

Two things tell what belongs to a run (on Linux; elsewhere its process group must do). Every process of it inherits a
variable, `MARK`: this holds for any client, also when the supervisor was killed. A process may lose the mark, by
`env -i` or because it writes its title over its environment, as vLLM's and Ray's do (setproctitle). But as long as
the supervisor lives it stays below it, for whoever loses its parent there becomes a child of the supervisor.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable

from gpuspec.launch.on_machine.item_runner import runner
from gpuspec.numerals import is_digits

MARK = "GPUSPEC_RUN_ID"
"""Every process of a run inherits this variable: so those that it left are found again."""

_PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h; man 2 PR_SET_CHILD_SUBREAPER."""


def adopt_orphans() -> None:
    """From now on, whoever loses its parent below this process becomes its child (Linux; nothing elsewhere)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_adopted(own: int) -> None:
    """Take note of adopted processes that have ended, which would else stay in the system's table (Linux; nothing
    elsewhere). `own` is the one child that the main thread has started itself."""
    # A process is the child of a thread: an adopted one of the main thread, and what another thread starts and waits
    # for, as a readiness command, of that thread (find_new_reaper in Linux's kernel/exit.c).
    main = os.getpid()
    with contextlib.suppress(OSError), open(f"/proc/self/task/{main}/children", encoding="ascii") as children:
        for pid in map(int, children.read().split()):
            if pid != own:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)


def below(pid: int) -> list[int]:
    """Processes that descend from `pid` and have not ended (Linux; elsewhere empty)."""
    children: dict[int, list[int]] = {}
    if not os.path.isdir("/proc/self"):
        return []
    for name in os.listdir("/proc"):
        if is_digits(name):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                state, parent = stat.read().rpartition(b")")[2].split()[:2]  # man 5 proc: fields 3 and 4
                if state not in b"ZX":
                    children.setdefault(int(parent), []).append(int(name))
    found: list[int] = []
    ask = [pid]
    while ask:
        new = children.pop(ask.pop(), [])
        found += new
        ask += new
    return found


def marked(run_id: str) -> list[int]:
    """Processes that carry the run's mark (Linux; elsewhere the process group must do, and this is empty)."""
    return sorted(runner.marked(f"{MARK}={run_id}"))


def _of_run(run_id: str, supervisor: int | None) -> set[int]:
    return {*marked(run_id), *(below(supervisor) if supervisor else ())}


def _send(processes: set[int], group: int | None, number: int) -> None:
    if group is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    for pid in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(pid) != group:  # a second TERM means "at once" to many programs
                os.kill(pid, number)


def _left(processes: set[int], group: int | None) -> bool:
    """Whether anything of the run is alive. Not by its group, where there is a choice: that also holds the dead that
    nobody waits for, and in a container that may be for ever."""
    if os.path.isdir("/proc/self"):
        return bool(processes)
    try:
        os.killpg(group or 0, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return group is not None


def end(
    run_id: str,
    *,
    grace: float,
    group: int | None = None,
    supervisor: int | None = None,
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """TERM, then KILL what is left after `grace` seconds, or as soon as `hurry` says so. `group` is the process
    group of the run's current step; `supervisor` the process below which all of the run is, where it is alive."""
    deadline = time.monotonic() + grace
    _send(_of_run(run_id, supervisor), group, signal.SIGTERM)
    while _left(_of_run(run_id, supervisor), group) and time.monotonic() < deadline and not hurry():
        time.sleep(0.02)
    _send(_of_run(run_id, supervisor), group, signal.SIGKILL)
    deadline = time.monotonic() + 5.0
    while (left := _of_run(run_id, supervisor)) and time.monotonic() < deadline:
        _send(left, group, signal.SIGKILL)
        time.sleep(0.01)
