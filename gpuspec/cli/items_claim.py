"""A job's items are done by one run at a time, wherever it runs: two clients would pay twice for each."""

from __future__ import annotations

import os

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.launcher import FINAL, Run, RunSettings
from gpuspec.launch.records import Records


def claim_items(job: Job, settings: RunSettings, run: Run) -> None:
    """Note in the record of `run`, which is about to be launched, which items it does. UserError where another run
    does some of them. One that is over, or that nobody looks after any more, stands in nobody's way."""
    if job.items is None:
        return
    mine, folder = items.status_path(job, settings.shard), os.path.realpath(settings.workdir)
    over: set[str] = set()

    def in_the_way(other: Run) -> bool:
        same = other.id not in over and os.path.realpath(other.workdir) == folder
        return same and other.items is not None and items.share_items(mine, other.items)

    records = Records()
    while other := records.claim_items(run.id, mine, in_the_way):
        if _goes_on(other, settings):
            raise UserError(
                "items-busy",
                f"run {other.id} is doing these items",
                f"`gpuspec logs -f {other.id}` follows it, `gpuspec down {other.id}` ends it; "
                "`--resume` then does what it left",
            )
        over.add(other.id)


def _goes_on(run: Run, settings: RunSettings) -> bool:
    try:
        return find_launcher(run.launcher).state(run).state not in (*FINAL, "lost")
    except UserError as error:
        settings.say(f"it is not known whether run {run.id} still does some of these items: {error.message}")
        return False
