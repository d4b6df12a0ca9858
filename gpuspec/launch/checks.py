"""What is wrong with a job wherever it runs, known before anything is started."""

from __future__ import annotations

import os
import shlex

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items, outputs
from gpuspec.launch.downloads import download_manifest
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.program_room import (
    RENTED,
    require_room,
    require_short_patterns,
    require_startable,
)


def check_job(job: Job, settings: RunSettings) -> None:
    """UserError as `check_folder`, and for a secret that is not set."""
    check_folder(job, settings)
    missing = [name for name in job.secrets if not os.environ.get(name)]
    if missing:
        raise UserError(
            "missing-secret",
            f"not set in the environment: {', '.join(missing)}",
            f"export {missing[0]}=… before `gpuspec run`; values never go into the spec",
        )


def check_folder(job: Job, settings: RunSettings) -> None:
    """UserError for a job without a command, a workdir that is no folder, a download or an output that leads outside,
    items that are not there, and more variables and commands than a program is given."""
    if not job.run:
        raise UserError("nothing-to-run", "the job has no `run` command", 'add "run": "…" to the spec')
    if not os.path.isdir(settings.workdir):
        raise UserError(
            "no-workdir",
            f"the workdir {settings.workdir} is not a folder",
            "`workdir` is relative to the spec",
        )
    download_manifest(job.downloads)
    require_startable(**_handed_on(job))
    outputs.check(job.outputs)
    require_short_patterns(job)
    found = items.resolve(job, settings.workdir)
    items.manifest(job, found, "", fresh=True)
    require_room(job, found, RENTED)
    if found:
        require_startable(run=job.run)
        with items.alone_with_items(job, settings.workdir, settings.shard):
            pass


def _handed_on(job: Job) -> dict[str, str]:
    """What programs get in one argument or variable each, by its place in the spec."""
    found = {}
    for number, download in enumerate(job.downloads):
        for name in ("source", "target", "revision", "allow", "ignore"):
            value = getattr(download, name) or ""
            text = value if isinstance(value, str) else "\n".join(value)
            found[f"downloads[{number}].{name}"] = f"GPUSPEC_{name.upper()}={text}"
    if job.readiness and job.readiness.command:
        found["readiness.command"] = shlex.join(job.readiness.command)
    return found
