"""What is wrong with a job wherever it runs, known before anything is started."""

from __future__ import annotations

import os

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.job.unwritable import LONGEST_ARGUMENT
from gpuspec.launch import items, outputs
from gpuspec.launch.downloads import download_manifest
from gpuspec.launch.launcher import RunSettings


def check_job(job: Job, settings: RunSettings) -> None:
    """UserError for a job without a command, a workdir that is no folder, a secret that is not set, a download or an
    output that leads outside, and items that are not there."""
    if not job.run:
        raise UserError("nothing-to-run", "the job has no `run` command", 'add "run": "…" to the spec')
    if not os.path.isdir(settings.workdir):
        raise UserError(
            "no-workdir",
            f"the workdir {settings.workdir} is not a folder",
            "`workdir` is relative to the spec",
        )
    missing = [name for name in job.secrets if not os.environ.get(name)]
    if missing:
        raise UserError(
            "missing-secret",
            f"not set in the environment: {', '.join(missing)}",
            f"export {missing[0]}=… before `gpuspec run`; values never go into the spec",
        )
    download_manifest(job.downloads)
    outputs.check(job.outputs)
    found = items.resolve(job, settings.workdir)
    items.manifest(job, found, "", fresh=True)
    if found:
        require_startable(run=job.run)
        with items.alone_with_items(job, settings.workdir, settings.shard):
            pass


def require_startable(**commands: str) -> None:
    """UserError for a command that is too long to be given to a bash of its own."""
    for name, text in commands.items():
        size = len(text.encode())
        if size > LONGEST_ARGUMENT:
            raise UserError(
                "command-too-long",
                f"`{name}` is {size:,} bytes long, and Linux starts bash with {LONGEST_ARGUMENT:,} at most",
                "put it into a script in the workdir, and call that",
            )
