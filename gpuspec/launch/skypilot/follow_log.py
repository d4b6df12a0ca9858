"""A job's log to its very end: the job goes on when a server or a connection breaks, so following it is tried
again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TextIO, TypeVar

from gpuspec.errors import UserError
from gpuspec.launch.skypilot.job_log import JobLog

Answer = TypeVar("Answer")

PAUSE_SECONDS = 5.0
"""Between two tries to reach a machine again."""

LOST_MINUTES = 10
"""How long that is tried. Then the run is left to its own limit and timer, and the user is told so."""

_OVER = (0, 100, 103)
"""What SkyPilot's log ends with once the job is over: succeeded, failed, cancelled (`sky.exceptions.JobExitCode`)."""

_ENDED = ("SUCCEEDED", "FAILED", "FAILED_SETUP", "FAILED_DRIVER", "CANCELLED")

_PASSING = ("api-server-down", "machine-not-up", "skypilot-failed")
"""Errors after which the job may still be running."""


_JOB_GOES_ON = (
    "the job goes on under its own limit and timer: `gpuspec ps` asks again, `gpuspec logs -f` shows it, "
    "`gpuspec down` ends it"
)


class _Outage:
    """For how long `who` has not answered. `hint` says what goes on without us."""

    def __init__(self, who: str, hint: str, say: Callable[[str], None]) -> None:
        self._who = who
        self._hint = hint
        self._say = say
        self._began: float | None = None

    def over(self) -> None:
        """It has answered."""
        self._began = None

    def wait(self, trouble: str, told: str) -> None:
        """Wait before the next try; `told` is said before the first one. UserError `connection-lost` after
        `LOST_MINUTES`."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
            self._say(f"{told}, trying again for {LOST_MINUTES} minutes …")
        elif now - self._began > 60 * LOST_MINUTES:
            lost = f"{self._who} was not reached for {LOST_MINUTES} minutes: {trouble}"
            raise UserError("connection-lost", lost, self._hint, status=1)
        time.sleep(PAUSE_SECONDS)


class LogSource(Protocol):
    """Where a job's log and state come from: `Client`, or the controller of managed jobs."""

    def logs(self, name: str, job: int | None, out: TextIO | JobLog, /, *, follow: bool) -> int: ...

    def job_state(self, name: str, job: int, /) -> str | None: ...


def follow_to_end(
    source: LogSource, name: str, number: int | None, *, log: JobLog, say: Callable[[str], None]
) -> int:
    """Show the log until the job is over; SkyPilot's own code for how it ended, 0 for success.

    UserError `machine-gone` where its machine went first, `connection-lost` where it was not reached again."""
    outage, lines_shown = _Outage(name, _JOB_GOES_ON, say), -1
    while True:
        trouble = _follow(source, name, number, log)
        if isinstance(trouble, int):
            return trouble
        if log.lines_shown > lines_shown:  # it was there again in between
            outage.over()
            lines_shown = log.lines_shown
        outage.wait(trouble, f"the log broke off ({trouble}); the job goes on")
        log.restart()


def asked_until_answered(ask: Callable[[], Answer], name: str, say: Callable[[str], None]) -> Answer:
    """What `ask` tells of the service `name`, asked again while SkyPilot's server does not answer. UserError
    `connection-lost` where it does not for too long."""
    outage = _Outage(
        "SkyPilot's server", f"{name} goes on: `gpuspec ps` asks again, `gpuspec down` ends it", say
    )
    while True:
        try:
            return ask()
        except UserError as error:
            if error.code not in _PASSING:
                raise
            outage.wait(error.message, f"{error.message}; {name} goes on")


def _follow(source: LogSource, name: str, number: int | None, log: JobLog) -> int | str:
    """How the job ended, or why that is not known yet."""
    try:
        status = source.logs(name, number, log, follow=True)
        if status in _OVER or number is None:
            return status
        state = source.job_state(name, number)
    except UserError as error:
        if error.code == "machine-gone":
            raise UserError(
                "machine-gone",
                f"{name} went in the middle of its job: {error.message}",
                "what was fetched so far is here; of a job with `items`, `--resume` does what is left",
                status=1,
            ) from error
        if error.code not in _PASSING:
            raise
        return error.message
    if state is None or state in _ENDED:
        return status
    return f"the job is {state.lower()}"
