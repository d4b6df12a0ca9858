"""After a run of a job with items that did not do all of them: how many are done, and what does the others."""

from __future__ import annotations

import shlex
from typing import Any

from gpuspec.cli.open_case import CaseOptions
from gpuspec.cli.output import say
from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.launcher import RunSettings

_FLAGS = ("plain", "allow_no_gpu", "no_outputs")


def resume_command(
    spec: str, launcher: str, given: CaseOptions, options: dict[str, Any], *, shards: int | None
) -> str:
    """The command that does what a run of these options leaves, where that run was."""
    words = ["gpuspec", "run", spec, "--resume"]
    if options["on"] is not None or launcher == "local":
        words += ["--on", launcher]
    words += given.words()
    words += [f"--{name.replace('_', '-')}" for name in _FLAGS if options[name]]
    if shards is not None:
        words += ["--shards", str(shards)]
    return shlex.join(words)


def tell_items_left(job: Job, settings: RunSettings, again: str, state: str) -> None:
    """Say on standard error which items are left of a run that is in this state, where it has any."""
    from gpuspec.launch import items

    if job.items is None or state in ("starting", "running", "succeeded"):
        return
    try:
        wanted = items.part(items.resolve(job, settings.workdir), settings.shard)
    except UserError:
        return  # the run has said what is wrong with them
    done = len(items.succeeded(job, settings.workdir).intersection(wanted))
    if done < len(wanted):
        say(f"gpuspec: {done} of {len(wanted)} items are done; the others: {again}", err=True)
