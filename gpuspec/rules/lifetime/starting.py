"""How long a job's server takes from the start of its command until it answers."""

from __future__ import annotations

from gpuspec.lint import Facts
from gpuspec.named_tuple import NamedTuple
from gpuspec.rules.hub_repositories import declared, loaded
from gpuspec.sizing.files import bytes_on_disk

_CACHES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_HUB_OFFLINE")
_FOLDERS = ("--download-dir", "--download_dir", "--model-loader-extra-config", "--load-format")


DEFAULT_TIMEOUT = 900.0
"""Seconds that gpuspec's launchers wait for readiness that says no `timeout`."""


class Start(NamedTuple):
    """Seconds, at the best and at the worst; of what, in words, and the arithmetic."""

    least: float
    most: float
    how: str
    numbers: tuple[tuple[str, str], ...]


def start_of(facts: Facts) -> Start | None:
    """Until the server of a job answers; None where its model's size is not known."""
    name = facts.workload.model_name
    size = bytes_on_disk(name, facts.catalog) if name else None
    if not size:
        return None
    from gpuspec.sizing.speed.starting import DOWNLOAD_GBIT, LOAD_GBS, download_seconds, load_seconds

    gigabytes = size / 1e9
    load = load_seconds(gigabytes)
    fast = LOAD_GBS[-1]
    numbers = [("load", f"{gigabytes:.0f} GB ÷ {fast:g} GB/s + 5 s = {load.low:.0f} s")]
    parts = [f"{load.low:.0f} s to load {gigabytes:.0f} GB at {fast:g} GB/s"]
    least, most = load.low, load.high
    if fetched_at_start(facts):
        fetch = download_seconds(gigabytes)
        least, most = least + fetch.low, most + fetch.high
        gbit = DOWNLOAD_GBIT[-1]
        numbers.insert(0, ("fetch", f"{gigabytes:.0f} GB × 8 ÷ {gbit:g} Gbit/s = {fetch.low:.0f} s"))
        parts.insert(0, f"{fetch.low:.0f} s to fetch {gigabytes:.0f} GB over {gbit:g} Gbit/s")
    return Start(least, most, ", ".join(parts), tuple(numbers))


def fetched_at_start(facts: Facts) -> bool:
    """Whether the command itself fetches the weights, and nothing before it or beside it may have them."""
    job = facts.job
    found = loaded(facts)
    if found is None or job.cache or job.volume_mode or declared(facts, found.name):
        return False
    if any(name in job.env or name in job.secrets for name in _CACHES):
        return False
    short = found.name.rpartition("/")[2]
    for step in facts.commands:
        texts = [word.text for word in step.command.words]
        before = step.setup or "download" in texts[:3] or "snapshot_download" in step.text
        if before and (short in step.text or ".py" in step.text or "download" in step.text):
            return False
        if any(text.partition("=")[0] in _FOLDERS for text in texts):
            return False
        if any(name in step.command.environment for name in _CACHES):
            return False
    if job.deployment is None:
        return True
    from gpuspec.rules.deployment.fetching import fetched

    return fetched(facts) is not None
