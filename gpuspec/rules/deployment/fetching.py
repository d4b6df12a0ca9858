"""Whether a container fetches its model at each start, or finds it where an earlier one left it."""

from __future__ import annotations

from gpuspec.catalog.hub_id import is_hub_id
from gpuspec.lint import Facts
from gpuspec.rules.hub_repositories import LoadedRepository, declared, loaded

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def fetched(facts: Facts) -> LoadedRepository | None:
    """The hub repository that each start of the job fetches anew; None where there is none, where it may be kept
    on something that outlives the container, or where that is not known."""
    job = facts.job
    found = loaded(facts)
    told = facts.commands_only.model_name
    if found is None and told is None and job.model and job.model.id and is_hub_id(job.model.id):
        found = LoadedRepository(
            job.model.id, job.pointer("model.id")
        )  # an operator writes the command itself
    if found is None or may_be_kept(facts) or declared(facts, found.name):
        return None
    if any(job.env.get(name) for name in OFFLINE):
        return None
    return found


def may_be_kept(facts: Facts) -> bool:
    """Whether what a container fetches may lie on something that outlives it, or that is not known."""
    job = facts.job
    if job.deployment is None or job.cache or job.volume_mode:
        return True
    # Which folder of which engine is the cache, and what a command links where, is a long story: any will do.
    return any(mount.lasts is not False and not of_machine(mount.path) for mount in job.deployment.mounts)


def of_machine(path: str) -> bool:
    """Whether a mount hands in something of the machine that holds no models."""
    return path.startswith(("/dev", "/etc", "/sys", "/proc", "/run", "/var/run", "/usr/local/nvidia", "/lib"))
