"""The setup commands of a job as one text for bash. One shell runs them all, so that a `cd` or an activated
environment holds for the next; a step with a `timeout` is watched from beside that shell."""

from __future__ import annotations

import math
import shlex

from gpuspec.job import Job
from gpuspec.printable import one_line

STEP_OVERRAN = "gpuspec: setup step"
"""Begins the line that tells which step took longer than its timeout."""

LONGEST_NAME = 60

# Started in a command substitution: it is no job of the author's shell, whose `wait` and `$!` are its own. It leaves
# within a second of that shell. TERM and then KILL go to the whole process group: a shell that waits for its command
# could end neither that command nor itself.
_WATCH = """\
gs_watch() {
  gs_second=0
  while [ $gs_second -lt $1 ]; do
    sleep 1 </dev/null >/dev/null 2>&1
    kill -0 $$ 2>/dev/null || exit 0
    gs_second=$(( gs_second + 1 ))
  done
  trap '' TERM
  echo "$2" >&2
  exec 2>/dev/null
  kill -TERM 0
  gs_second=0
  while sleep 1 </dev/null >/dev/null; kill -0 $$ && [ $gs_second -lt 10 ]; do gs_second=$(( gs_second + 1 )); done
  kill -KILL 0
}
"""


def setup_script(job: Job) -> str:
    """The setup commands as one script, each verbatim, ending at the first that fails. "" where there is none. Where
    a step has a timeout, the shell has to have a process group of its own: `in_own_group`."""
    commands = setup_commands(job)
    return "\n".join(("set -e", *commands)) if commands else ""


def setup_commands(job: Job) -> tuple[str, ...]:
    """Each setup command as text for the shell that runs them all, ended at its timeout where it has one."""
    if not has_timeouts(job):
        return job.setup
    first, *others = (step_text(job, index) for index in range(len(job.setup)))
    return (watch_text(job) + first, *others)


def has_timeouts(job: Job) -> bool:
    """Whether a setup step may take only so long."""
    return any(step.timeout for step in job.steps)


def watch_text(job: Job) -> str:
    """What has to stand before the first `step_text`."""
    return _WATCH if has_timeouts(job) else ""


def step_text(job: Job, index: int) -> str:
    """One step, verbatim, between the start and the end of what watches its time."""
    command = job.setup[index]
    limit = job.steps[index].timeout if index < len(job.steps) else None
    if not limit:
        return command
    name = one_line(command.strip().split("\n")[0])
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 2] + " …"
    told = shlex.quote(f"{STEP_OVERRAN} {index + 1} ({name}) took longer than its timeout of {limit:g} s")
    watch = f"gs_watched=$(gs_watch {math.ceil(limit)} {told} >/dev/null & echo $!)"
    return f"{watch}\n{command.rstrip(chr(10))}\nkill $gs_watched 2>/dev/null || :"


def in_own_group(text: str, word: str = "GPUSPEC_GROUP", *, grace: int = 0) -> str:
    """`text` for a shell with a process group of its own, which `timeout` makes; 0 seconds are no limit. Who
    ends that `timeout` by TERM has it send KILL after `grace` seconds, where there are any."""
    mark = end_mark(text, word)
    kill = f"--kill-after={grace} " if grace else ""
    return f"timeout {kill}0 bash /dev/fd/3 3<<'{mark}'\n{text}\n{mark}\n"


def end_mark(text: str, word: str) -> str:
    """A word that ends a here-document holding `text`: one that is no line of it."""
    lines = set(text.split("\n"))
    mark, number = word, 1
    while mark in lines:
        number += 1
        mark = f"{word}_{number}"
    return mark
