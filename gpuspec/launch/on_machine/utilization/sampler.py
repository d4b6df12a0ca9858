"""The program: `python3 utilization.pyz FILE [GPU MINUTES warn|end [BEGUN]]`, beside the command of a job whose shell
is the parent of both. Looks every few seconds until it is ended; FILE always has what is known, as one line of JSON.
Now and then that line also goes to the job's log, for whoever follows it (`skypilot/job_log.py`).

The file BEGUN is there once setup and downloads are done, where those run in the same shell. With `end` a job whose
GPUs are used less than it asks for is ended as at its time limit: TERM for the `timeout` it runs under, which sends
KILL after its grace.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import time
from typing import Any

from ....printable import one_line
from .readings import read_gpus, read_machine
from .usage import LeastUse, MachineUsage, bottleneck

SAMPLE_SECONDS = 5.0
FIRST_SECONDS = 1.0
"""Between the first readings: a job may be over soon."""
FIRST = 5

NOTED = "gpuspec: utilization:"
"""Begins the line in the log; then the JSON."""
TOO_LOW = "gpuspec: ended for low utilization:"
"""Begins the line that tells why a job was ended."""

NOTE_SECONDS = 60.0
LATER_SECONDS = 300.0
LATER_AFTER = 600.0
"""A line a minute for ten minutes, then one in five: a job may last for weeks."""


def run() -> None:
    """The program: the rest of its command line is as above."""
    path, *rest = sys.argv[1:]
    wanted = LeastUse(float(rest[0]), float(rest[1]), end=rest[2] == "end") if rest else None
    begun = os.path.abspath(rest[3]) if len(rest) > 3 else ""
    watch(os.path.abspath(path), wanted, begun)


def watch(path: str, wanted: LeastUse | None, begun: str = "") -> None:
    """Look until the job is ended for what is seen, or its shell is gone."""
    usage, shell, looked, noted = MachineUsage(wanted), os.getppid(), 0, time.monotonic()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    ended = ""
    while os.getppid() == shell and not ended:
        reading = read_machine()
        reading.gpus = read_gpus(visible=visible)
        now = time.monotonic()
        usage.begun = not begun or os.path.exists(begun)
        usage.add(reading, now)
        if wanted and not looked and not any(gpu.used is not None for gpu in reading.gpus):
            say("gpuspec: min_utilization: how much the GPU is used cannot be read here; it is not watched")
        ended = judged(usage, wanted)
        line = json.dumps({**usage.summary(), **({"ended": ended} if ended else {})})
        write(path, line)
        if ended or now - noted >= (NOTE_SECONDS if usage.seconds < LATER_AFTER else LATER_SECONDS):
            noted = now
            say(f"{NOTED} {line}")
        if not ended:
            time.sleep(FIRST_SECONDS if looked < FIRST else SAMPLE_SECONDS)
        looked += 1
    if ended:
        say(f"{TOO_LOW} {ended}")
        end_command(shell)


def judged(usage: MachineUsage, wanted: LeastUse | None) -> str:
    """Why the job is ended now, in words; "" where it goes on. Where it only is to be warned of, that is said."""
    found = usage.too_low()
    if found is None or wanted is None:
        return ""
    words = too_low_words(found, wanted, usage.summary())
    if wanted.end:
        return words
    say(f"gpuspec: warning: {words}")
    usage.begin_anew()
    return ""


def too_low_words(found: float, wanted: LeastUse, known: dict[str, Any]) -> str:
    """What was seen, what was asked for, and what holds the GPUs up."""
    why = bottleneck(known)
    return (
        f"its GPUs were used {found:.0f} % in the last {wanted.minutes:g} minutes, and min_utilization asks for "
        f"{wanted.gpu:g} %" + (f"; {why}" if why else "")
    )


def end_command(shell: int) -> None:
    """TERM for each `timeout` that the shell waits for."""
    for name in os.listdir("/proc"):
        if re.fullmatch("[0-9]+", name) and child_named(name, shell, "timeout"):
            with contextlib.suppress(OSError):
                os.kill(int(name), signal.SIGTERM)


def child_named(pid: str, parent: int, word: str) -> bool:
    """Whether a process has this parent and this name (man 5 proc: the second and fourth field of stat)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            head, _, rest = stat.read().rpartition(")")
        return head.partition("(")[2] == word and int(rest.split()[1]) == parent
    except (OSError, ValueError, IndexError):
        return False


def say(line: str) -> None:
    """A line in the job's log. Nobody may be there to read it."""
    with contextlib.suppress(OSError, ValueError):
        print(one_line(line), file=sys.stderr, flush=True)


def write(path: str, line: str) -> None:
    """The file, whole at any moment; where there is no room, as it was."""
    with contextlib.suppress(OSError):
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write(line + "\n")
        os.replace(path + ".new", path)
