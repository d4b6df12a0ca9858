"""The shell text that SkyPilot runs on the machine. The author's own commands stand in it verbatim.

A time limit is kept by the machine itself, with `timeout`, so that it holds when the client is gone. It covers setup
and run together and is counted on the machine's uptime, since clocks jump. A managed job, whose machine may be
replaced, has on each of them what is left until a date, and no more than the whole limit.

Variables of gpuspec's own begin with gs_, so that they hide none of the author's.
"""

from __future__ import annotations

from gpuspec.job import Job
from gpuspec.launch.downloads import download_script
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

# What the machine prints to the job's log for the client, which looks for it (`job_log.py`):

LIMIT_REACHED = "gpuspec: time limit reached"
COMMAND_BEGINS = "gpuspec: the command begins"
"""After setup, for a job with `readiness`."""
PEAK_MEMORY = "gpuspec: peak memory of a GPU:"
"""Then the MiB that one GPU held at most."""
ENDED = "gpuspec: exit status"
"""Then that of a command that failed. SkyPilot prints it too, but half a second after the job is over, when its log
may have been left."""
WAITS_FOR_FETCH = "gpuspec: the machine waits for its outputs to be fetched, minutes at most:"
"""By a machine that goes as soon as its job is over. The client fetches, then writes the file `FETCHED`."""

FETCHED = ".gpuspec/fetched"

SETUP_DONE = ".gpuspec/set-up"
"""A file on a machine whose setup has succeeded. The command writes it: it begins only then."""

NOTE_SETUP_DONE = f"{{ mkdir -p .gpuspec && : >{SETUP_DONE}; }} 2>/dev/null\n"

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
        return text
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
"""


def run_text(command: str, max_hours: float | None, *, counted: bool = True) -> str:
    """The job's command, for what setup has left of the time limit; all of it where setup has not `counted`."""
    command = command.rstrip("\n")
    if max_hours is None:
        return _SAMPLE_MEMORY + in_own_group(command, "GPUSPEC_RUN")
    left, seconds = "", _seconds(max_hours)
    if counted:  # A disk that was full during setup leaves the file empty: then the limit begins here.
        left = f"""\
read -r gs_up _ </proc/uptime
gs_ends=$(cat .gpuspec/ends 2>/dev/null)
gs_left=$(( ${{gs_ends:-$(( ${{gs_up%.*}} + {seconds} ))}} - ${{gs_up%.*}} ))
[ "$gs_left" -gt 0 ] || gs_left=1
"""
        seconds = '"$gs_left"'
    return left + _SAMPLE_MEMORY + _limited(command, seconds, max_hours, "GPUSPEC_RUN")


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


_SAMPLE_MEMORY = f"""\
gs_sampler=
if command -v nvidia-smi >/dev/null; then
  # the most that any one GPU held, for `gpuspec cost`: sizing is judged by it
  mkdir -p .gpuspec; : >.gpuspec/memory
  while nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits >>.gpuspec/memory; do
    sleep 5
  done </dev/null >/dev/null 2>&1 &
  gs_sampler=$!
fi
trap 'gs_status=$?
if [ -n "$gs_sampler" ]; then
  kill $gs_sampler 2>/dev/null; echo "{PEAK_MEMORY} $(sort -n .gpuspec/memory | tail -1) MiB" >&2
fi
[ $gs_status -eq 0 ] || echo "{ENDED} $gs_status" >&2' EXIT
"""


def sent_as_file(text: str) -> str:
    """`text`, made so long that SkyPilot sends it to the machine in a file that only its owner can read. A shorter
    one, with the values of secrets in it, becomes an argument of ssh, which all users of this machine can see
    (SkyPilot 0.14.1, `CloudVmRayBackend._exec_code_on_head`)."""
    return text + ("#" * 99 + "\n") * (INLINE_BYTES // 100 + 1)


def _limited(text: str, seconds: str, max_hours: float, word: str) -> str:
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
[ $gs_status -eq 0 ] || exit $gs_status
"""


def _seconds(max_hours: float) -> str:
    return str(max(1, round(max_hours * 3600)))
