"""A job's items are done by one run at a time, wherever it runs: two clients would pay twice for each."""

from __future__ import annotations

import os

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.launcher import Run, RunSettings
from gpuspec.launch.records import Records


def claim_items(job: Job, settings: RunSettings, run: Run) -> None:
    """Note in the record of `run`, which is about to be launched, which items it does. UserError where another run
    does some of them, or may: nothing is in the way that is over, or that nobody looks after on this machine."""
    if job.items is None:
        return
    mine, folder = items.status_path(job, settings.shard), os.path.realpath(settings.workdir)
    over: set[str] = set()
    places: dict[str, str] = {"": ""}  # an odd record has lost its workdir

    def in_the_way(other: Run) -> bool:
        """Or not known: nothing slow is done here, all other runs wait."""
        same = other.id not in over and places.get(other.workdir, folder) == folder
        return same and other.items is not None and items.share_items(mine, other.items)

    records = Records()
    while other := records.claim_items(run.id, mine, in_the_way):
        if other.workdir not in places:
            places[other.workdir] = os.path.realpath(other.workdir)
            continue
        _require_over(other)
        over.add(other.id)


def _require_over(run: Run) -> None:
    """UserError where a run may still be at its items. One that is `lost` may be, too, where its machine is not here:
    that machine is up with its job, or nobody knows."""
    end = f"`gpuspec down {run.id}` first, or give the job another `name`"
    try:
        now = find_launcher(run.launcher).state(run)
    except UserError as error:
        doubt = f"it is not known whether run {run.id} still does these items: {error.message}"
        raise UserError("items-busy", doubt, end) from error
    if now.is_over or (now.state == "lost" and run.launcher == "local"):
        return
    if now.state == "lost":
        why = f" ({now.message})" if now.message else ""
        raise UserError("items-busy", f"run {run.id} may still be doing these items{why}", end)
    raise UserError(
        "items-busy",
        f"run {run.id} is doing these items",
        f"`gpuspec logs -f {run.id}` follows it, `gpuspec down {run.id}` ends it; `--resume` then does what it left",
    )
