"""SkyPilot's API server on this machine, when it is in trouble."""

from __future__ import annotations

import os
import re
import subprocess

from gpuspec.launch.programs import program
from gpuspec.launch.skypilot.job_log import COLOUR


def words_of(error: BaseException) -> str:
    """What an error says, on one line and without colours; its kind where it says nothing."""
    return " ".join(COLOUR.sub("", str(error)).split()) or type(error).__name__


def root_cause(error: BaseException) -> str:
    """The innermost cause of a failed request, without the address and the layers around it: "Connection refused"."""
    while inner := error.__cause__ or error.__context__ or _argument(error):
        error = inner
    return re.sub(r"^\[Errno \d+\] ", "", words_of(error))[:100]


def _argument(error: BaseException) -> BaseException | None:
    """urllib3 and requests put the error they stumbled over into their own, as its argument or `reason`."""
    inner = getattr(error, "reason", None) or (error.args[-1] if error.args else None)
    return inner if isinstance(inner, BaseException) else None


def leftover_processes() -> str:
    """What to do about processes of a killed server that keep the next from starting; "" where there are none. When
    memory is short the kernel kills the server alone: its queue still holds a port, and its workers, which ignore
    TERM, go on with what they were asked for."""
    ours = [program("ps") or "/bin/ps", "-U", str(os.getuid()), "-ww", "-o", "pid=,pgid=,args="]
    shown = subprocess.run(ours, capture_output=True, text=True, check=False).stdout
    rows = [line.split(maxsplit=2) for line in shown.splitlines()]
    alive = {int(row[0]) for row in rows}
    groups = {int(row[1]) for row in rows if len(row) == 3 and row[2].startswith("SkyPilot:executor:")}
    if not groups - alive:  # each server begins a group, and its workers are called after SkyPilot
        return ""
    kill = " ".join(f"-{group}" for group in sorted(groups - alive))
    return (
        f"the server was killed, but not what it had started: `kill -9 -- {kill}` ends that, then try again"
    )
