"""What Linux hands to a program at most: each argument and variable has a limit of its own, and so have all together.

https://man7.org/linux/man-pages/man2/execve.2.html: a program that is given more is not started (E2BIG).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.job.unwritable import LONGEST_ARGUMENT
from gpuspec.launch.setup_steps import setup_script
from gpuspec.named_tuple import NamedTuple

_POINTER = 8
"""Bytes that each argument and variable takes beside its text and the NUL at its end."""
_OF_OURS = 4096
"""For the name of the program and the variables of gpuspec's own."""
LONGEST_PATH = 4096
"""PATH_MAX of Linux."""


class Room(NamedTuple):
    """What a machine has for the arguments and variables of one program, and the variables that are there already."""

    most: int
    taken: Mapping[str, str]


RENTED = Room(2 * 1024 * 1024 - LONGEST_ARGUMENT, {})
"""A quarter of the usual 8 MiB of stack, without what the machine's own variables may take."""


def room_here() -> Room:
    """That of this machine. The kernel gives no more than 6 MiB, however large the stack may be."""
    most = os.sysconf("SC_ARG_MAX") if hasattr(os, "sysconf") else RENTED.most
    return Room(min(most, 6 * 1024 * 1024), os.environ)


def require_startable(**commands: str) -> None:
    """UserError for a command, or what else a program gets, that is too long for one argument."""
    for name, text in commands.items():
        size = _size(text)
        if size > LONGEST_ARGUMENT:
            raise _too_long(f"`{name}` is {size:,} bytes long", f"at most {LONGEST_ARGUMENT:,} at once")


def require_room(job: Job, found: Iterable[str], room: Room) -> None:
    """UserError where the variables of a job, with its longest command and item, are more than a program is given.
    `found` are its items."""
    secrets = {name: os.environ.get(name, "") for name in job.secrets}
    variables = {**room.taken, **job.env, **secrets, "GPUSPEC_ITEM": max(found, key=_size, default="")}
    commands = [job.run or "", setup_script(job)]
    if job.readiness and job.readiness.command:
        commands.append(shlex.join(job.readiness.command))
    longest = max(map(_size, commands))
    each = [_size(name) + _size(value) + 1 for name, value in variables.items()]
    size = sum(each) + longest + (len(each) + 1) * (_POINTER + 1) + _OF_OURS
    if size > room.most:
        own = f"{sum(each):,} bytes of variables, with `run`, `setup` or an item"
        raise _too_long(f"{own}, are {size:,} bytes in all", f"at most {room.most:,}")


def require_short_patterns(job: Job) -> None:
    """UserError for `outputs` and `exclude_outputs` that are more than rsync can be given."""
    patterns = (*job.outputs, *job.exclude_outputs)
    longest = max(map(_size, patterns), default=0)
    if longest > LONGEST_PATH:
        raise _too_long(f"a pattern of `outputs` is {longest:,} bytes long", f"paths of {LONGEST_PATH:,}")
    if (size := sum(map(_size, patterns))) > RENTED.most // 2:
        raise _too_long(f"`outputs` are {size:,} bytes in all", f"at most {RENTED.most // 2:,} of them")


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _too_long(what: str, most: str) -> UserError:
    return UserError(
        "command-too-long",
        f"{what}, and Linux hands a program {most}",
        "put it into a script or a file in the workdir, and use that",
    )
