"""The shell text that SkyPilot runs on the machine. The author's own commands stand in it verbatim.

A time limit is kept by the machine itself, with `timeout`, so that it holds when the client is gone. It covers setup
and run together and is counted on the machine's uptime, since clocks jump. A managed job, whose machine may be
replaced, has on each of them what is left until a date, and no more than the whole limit.

Variables of gpuspec's own begin with gs_, so that they hide none of the author's.
"""

from __future__ import annotations

import base64

from gpuspec.job import Job
from gpuspec.job.job import MinUtilization
from gpuspec.launch.downloads import download_script, program_zip
from gpuspec.launch.on_machine.utilization.sampler import NOTED
from gpuspec.launch.setup_steps import (
    end_mark,
    has_timeouts,
    in_own_group,
    setup_commands,
    step_text,
    watch_text,
)

GRACE_SECONDS = 30
"""Between TERM and KILL at the time limit: time to write a checkpoint, short beside any limit."""

# What the machine prints to the job's log for the client, which looks for it (`job_log.py`), beside what the program
# prints that looks how much of the machine is used (`on_machine/utilization/sampler.py`):

LIMIT_REACHED = "gpuspec: time limit reached"
COMMAND_BEGINS = "gpuspec: the command begins"
"""After setup, for a job with `readiness`."""
ENDED = "gpuspec: exit status"
"""Then that of a command that failed. SkyPilot prints it too, but half a second after the job is over, when its log
may have been left."""
WAITS_FOR_FETCH = "gpuspec: the machine waits for its outputs to be fetched, minutes at most:"
"""By a machine that goes as soon as its job is over. The client fetches, then writes the file `FETCHED`."""

FETCHED = ".gpuspec/fetched"

UTILIZATION = ".gpuspec/utilization"
"""The file on a machine that has how much of it the run has used so far; behind its name comes that of the machine
among those of the run. Nodes of a Slurm share one folder."""

SETUP_DONE = ".gpuspec/set-up"
"""A file on a machine whose setup has succeeded. The command writes it: it begins only then."""

NOTE_SETUP_DONE = f"{{ mkdir -p .gpuspec && : >{SETUP_DONE}; }} 2>/dev/null\n"

BEGUN = ".gpuspec/begun"
"""A file on a machine used again: the command itself begins, after what is done for every run."""

_COMMAND_BEGINS = f"{{ : >{BEGUN}; }} 2>/dev/null\n"

INLINE_BYTES = 100 * 1024
"""Up to here SkyPilot takes a job's text for an argument (`sky.utils.command_runner.MAX_INLINE_COMMAND_LENGTH`)."""


def setup_text(job: Job, max_hours: float | None, *, deadline: float | None = None) -> str:
    """Downloads, then the author's setup commands; the first that fails ends it. "" if there is nothing to do.
    `deadline` is the Unix time at which the limit ends, on whichever machine."""
    parts = [download_script(job.downloads), *setup_commands(job)]
    body = "\n".join(part.rstrip("\n") for part in parts if part.strip())
    if max_hours is None:
        text = f"set -e\n{body}\n" if body else ""
        return in_own_group(text, "GPUSPEC_SETUP") if has_timeouts(job) else text
    seconds = _seconds(max_hours)
    start = ""
    if deadline is not None:
        start = (
            f"gs_left=$(( {int(deadline)} - $(date +%s) ))\n"
            f'[ "$gs_left" -lt {seconds} ] || gs_left={seconds}\n[ "$gs_left" -gt 0 ] || gs_left=1\n'
        )
        seconds = "$gs_left"
    start += "mkdir -p .gpuspec\nread -r gs_up _ </proc/uptime; "
    start += f"echo $(( ${{gs_up%.*}} + {seconds} )) >.gpuspec/ends\n"
    return start + (_limited(f"set -e\n{body}", seconds, max_hours, "GPUSPEC_SETUP") if body else "")


def reuse_text(job: Job) -> str:
    """What a machine of an earlier run still needs before a job's command: downloads, which are skipped where they
    are there, and setup steps said to be for every run (`once: false`); all of setup where no command has begun."""
    text = download_script(job.downloads)
    if not job.setup:
        return text + _COMMAND_BEGINS
    repeated = [index for index, step in enumerate(job.steps) if step.once is False]
    each = "".join(f"({step_text(job, index)}\n) || exit\n" for index in repeated)
    commands = "\n".join(step_text(job, index).rstrip("\n") for index in range(len(job.setup)))
    return f"""\
{text}
{watch_text(job)}if [ -e {SETUP_DONE} ]; then :
{each}else
echo "gpuspec: the setup of an earlier run did not end well; it is done anew" >&2
(set -e
{commands}
)
gs_status=$?
[ $gs_status -eq 0 ] || exit $gs_status
{NOTE_SETUP_DONE}fi
{_COMMAND_BEGINS}"""


def run_text(
    command: str,
    max_hours: float | None,
    *,
    counted: bool = True,
    sampled: bool = True,
    least: MinUtilization | None = None,
) -> str:
    """The job's command, for what setup has left of the time limit; all of it where setup has not `counted`. Where it
    is `sampled`, a program beside it looks how much of the machine it uses, and keeps it to the `least`."""
    command = command.rstrip("\n")
    before = sample_text(least, BEGUN if not counted else "") if sampled or least else _SAY_STATUS
    ended = _NOT_SUCCEEDED if least and least.then == "end" else ""
    if max_hours is None:
        own = in_own_group(command, "GPUSPEC_RUN", grace=GRACE_SECONDS if ended else 0)
        return before + own + (f"gs_status=$?\n{ended}{_EXIT}" if ended else "")
    left, seconds = "", _seconds(max_hours)
    if counted:  # A disk that was full during setup leaves the file empty: then the limit begins here.
        left = f"""\
read -r gs_up _ </proc/uptime
gs_ends=$(cat .gpuspec/ends 2>/dev/null)
gs_left=$(( ${{gs_ends:-$(( ${{gs_up%.*}} + {seconds} ))}} - ${{gs_up%.*}} ))
[ "$gs_left" -gt 0 ] || gs_left=1
"""
        seconds = '"$gs_left"'
    return left + before + _limited(command, seconds, max_hours, "GPUSPEC_RUN", ended)


def wait_for_fetch_text(text: str, minutes: int) -> str:
    """`text` for a machine that goes as soon as its job is over: it waits for its outputs to be fetched."""
    return f"""\
mkdir -p .gpuspec; rm -f {FETCHED}
(
{text})
gs_status=$?
echo "{WAITS_FOR_FETCH} {minutes}" >&2
gs_waited=0
until [ -e {FETCHED} ] || [ $gs_waited -ge {minutes * 60} ]; do sleep 1; gs_waited=$(( gs_waited + 1 )); done
exit $gs_status
"""


_SAY_STATUS = f"""\
trap 'gs_status=$?; [ $gs_status -eq 0 ] || echo "{ENDED} $gs_status" >&2' EXIT
"""

_NOT_SUCCEEDED = f"""\
# ended because it used its GPUs too little: whatever its command made of TERM, it has not succeeded
[ $gs_status -ne 0 ] || ! grep -q '"ended"' {UTILIZATION}$gs_node 2>/dev/null || gs_status=1
"""

_EXIT = "[ $gs_status -eq 0 ] || exit $gs_status\n"


def sample_text(least: MinUtilization | None, begun: str) -> str:
    """Starts the program that looks how much of the machine is used; when the shell ends, what is known is said."""
    program = base64.encodebytes(program_zip("utilization", "sampler")).decode()
    wanted = f" {least.gpu:g} {least.minutes:g} {least.then} {begun}" if least else ""
    return f"""\
gs_sampler=; gs_node=${{SKYPILOT_NODE_RANK:-0}}
if command -v python3 >/dev/null; then
  # looks how much of the machine is used, for `gpuspec ps` and `gpuspec cost`
  mkdir -p .gpuspec; rm -f {UTILIZATION}$gs_node {begun}
  base64 -d >{UTILIZATION}$gs_node.pyz <<'GPUSPEC_END'
{program}GPUSPEC_END
  python3 -I {UTILIZATION}$gs_node.pyz {UTILIZATION}$gs_node{wanted} </dev/null >/dev/null &
  gs_sampler=$!
fi
trap 'gs_status=$?
if [ -n "$gs_sampler" ]; then
  kill $gs_sampler 2>/dev/null
  [ ! -s {UTILIZATION}$gs_node ] || echo "{NOTED} $(cat {UTILIZATION}$gs_node)" >&2
fi
[ $gs_status -eq 0 ] || echo "{ENDED} $gs_status" >&2' EXIT
"""


def sent_as_file(text: str) -> str:
    """`text`, made so long that SkyPilot sends it to the machine in a file that only its owner can read. A shorter
    one, with the values of secrets in it, becomes an argument of ssh, which all users of this machine can see
    (SkyPilot 0.14.1, `CloudVmRayBackend._exec_code_on_head`)."""
    return text + ("#" * 99 + "\n") * (INLINE_BYTES // 100 + 1)


def _limited(text: str, seconds: str, max_hours: float, word: str, ended: str = "") -> str:
    mark = end_mark(text, word)
    return f"""\
read -r gs_began _ </proc/uptime
# bash reads the lines below from descriptor 3: standard input stays the job's own
timeout --kill-after={GRACE_SECONDS} {seconds} bash /dev/fd/3 3<<'{mark}'
{text}
{mark}
gs_status=$?
read -r gs_now _ </proc/uptime
if [ $gs_status -ne 0 ] && [ $(( ${{gs_now%.*}} - ${{gs_began%.*}} )) -ge {seconds} ]; then
  echo "{LIMIT_REACHED}: {max_hours:g} h" >&2
fi
{ended}{_EXIT}"""


def _seconds(max_hours: float) -> str:
    return str(max(1, round(max_hours * 3600)))
