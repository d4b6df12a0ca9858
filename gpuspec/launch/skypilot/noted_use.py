"""How much of its machine a job uses, on its way from the machine to the run's record."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Record
from gpuspec.launch.skypilot.client import Client, ssh_settings
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.job_script import UTILIZATION
from gpuspec.launch.skypilot.ports_and_readiness import ssh
from gpuspec.launch.utilization import ended_for_it, record_fields, together, utilization_in

NOTE_SECONDS = 20.0
"""Between two updates of a record, at least: a log that is read from its beginning tells of hours at once."""

PATIENCE_SECONDS = 20.0
"""How long a machine is waited for that is asked."""


def note_use(log: JobLog, record: Record) -> None:
    """From now on, what the machine tells in the log is kept in the record."""
    noted = -NOTE_SECONDS

    def heard() -> None:
        nonlocal noted
        if time.monotonic() - noted >= NOTE_SECONDS:
            noted = time.monotonic()
            with suppress(UserError):  # a full disk: the job matters more
                record.update(**heard_of(log))

    log.heard = heard


def heard_of(log: JobLog) -> dict[str, Any]:
    """Fields of a Run that a log tells."""
    return record_fields(log.utilization) if log.utilization else {}


def asked_of_machine(client: Client, machine: str) -> dict[str, Any]:
    """The same, asked of a machine that is up; and why the run was ended for it, as its message. Empty where it
    cannot be asked, or does not know."""
    if not os.path.exists(ssh_settings(machine)):
        return {}
    try:
        read = f"{client.home(machine)}; cd sky_workdir && head -qc 9000 {UTILIZATION}[0-9]"
        asked = subprocess.run(
            [*ssh(machine), read],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UserError):
        return {}
    lines = asked.stdout.decode("utf-8", "replace").splitlines()
    found = together(each for each in map(utilization_in, lines[:100]) if each)
    if found is None:
        return {}
    told = record_fields(found._replace(at=time.time()))
    if found.ended:
        told["message"] = ended_for_it(found.ended)
    return told
