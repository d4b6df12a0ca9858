"""A job as the texts that bash runs on its machine."""

from __future__ import annotations

from typing import Any

from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.downloads import download_script
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.setup_steps import has_timeouts, in_own_group, setup_script
from gpuspec.named_tuple import NamedTuple


class Steps(NamedTuple):
    """One text for each step, run in this order in the job's workdir on a machine that has bash and python3; "" where
    there is nothing to do. The author's commands stand in them verbatim, and secrets are expected in the
    environment: no text holds the value of one. A step has failed when its exit status is not 0."""

    downloads: str
    setup: str
    run: str


def steps_of(job: Job, settings: RunSettings, price: float | None = None) -> Steps:
    """The steps of a job, or of the part of its items that the settings name. `price` is $/h of the machine, for the
    cost of an item. Without `resume`, what is known of the items is put aside: ask for them when the job is about to
    begin. UserError as `check_job`."""
    each = items_wanted(job, settings, price)
    run = items.script(each) if each else job.run or ""
    setup = setup_script(job)
    return Steps(download_script(job.downloads), in_own_group(setup) if has_timeouts(job) else setup, run)


def items_wanted(job: Job, settings: RunSettings, price: float | None = None) -> dict[str, Any] | None:
    """What the item runner reads, for a job that is about to begin in its workdir; None for one without items.
    Without `resume`, what earlier runs have done is put aside."""
    found = items.part(items.resolve(job, settings.workdir), settings.shard)
    if not found:
        return None
    if not settings.resume:
        items.set_aside(job, settings.workdir, settings.shard, settings.shards_began)
    status = items.status_path(job, settings.shard)
    known = items.earlier_results(job, settings.workdir) if settings.resume else None
    return items.manifest(job, found, status, fresh=not settings.resume, known=known, price=price)
