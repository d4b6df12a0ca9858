"""How long a job's server takes from the start of its command until it answers."""

from __future__ import annotations

from gpuspec.lint import Facts
from gpuspec.named_tuple import NamedTuple
from gpuspec.rules.deployment.fetching import of_machine
from gpuspec.rules.hub_repositories import CACHE_VARIABLES, declared, loaded
from gpuspec.sizing.files import bytes_on_disk

_FOLDERS = ("--download-dir", "--download_dir", "--model-loader-extra-config", "--load-format")
"""Flags by which weights may come from elsewhere than the hub's cache."""
DEFAULT_TIMEOUT = 900.0
"""Seconds that gpuspec's launchers wait for readiness that says no `timeout`."""


class Start(NamedTuple):
    """Seconds, at the best, as a rule and at the worst; of what, in words, for the first two; the arithmetic."""

    least: float
    usual: float
    most: float
    fastest: str
    usually: str
    numbers: tuple[tuple[str, str], ...]


def start_of(facts: Facts) -> Start | None:
    """Until the server of a job answers; None where its model's size is not known."""
    name = facts.workload.model_name
    size = bytes_on_disk(name, facts.catalog) if name else None
    if not size:
        return None
    from gpuspec.sizing.speed.starting import DOWNLOAD_GBIT, LOAD_GBS, download_seconds, load_seconds

    weight = f"{size / 1e9:.0f} GB"
    load = load_seconds(size / 1e9)
    fetch = download_seconds(size / 1e9)
    fetched = fetched_at_start(facts)

    def words(fetching: float, loading: float, at: int) -> str:
        first = f"{fetching:.0f} s to fetch {weight} over {DOWNLOAD_GBIT[at]:g} Gbit/s, " if fetched else ""
        return f"{first}{loading:.0f} s to load {weight} at {LOAD_GBS[at]:g} GB/s"

    numbers = [("load", f"{weight} ÷ {LOAD_GBS[-1]:g} GB/s + 5 s = {load.low:.0f} s")]
    if fetched:
        numbers.insert(0, ("fetch", f"{weight} × 8 ÷ {DOWNLOAD_GBIT[-1]:g} Gbit/s = {fetch.low:.0f} s"))
    return Start(
        load.low + fetch.low * fetched,
        load.expected + fetch.expected * fetched,
        load.high + fetch.high * fetched,
        words(fetch.low, load.low, 2),
        words(fetch.expected, load.expected, 1),
        tuple(numbers),
    )


def fetched_at_start(facts: Facts) -> bool:
    """Whether the command itself fetches the weights, and nothing before it or beside it may have them."""
    job = facts.job
    found = loaded(facts)
    if found is None or job.cache or job.volume_mode or declared(facts, found.name):
        return False
    if any(name in job.env or name in job.secrets for name in CACHE_VARIABLES):
        return False
    short = found.name.rpartition("/")[2]
    for step in facts.commands:
        texts = [word.text for word in step.command.words]
        before = step.setup or "download" in texts[:3] or "snapshot_download" in step.text
        if before and (short in step.text or ".py" in step.text or "download" in step.text):
            return False
        if any(text.partition("=")[0] in _FOLDERS for text in texts):
            return False
        if any(name in step.command.environment for name in CACHE_VARIABLES):
            return False
    if job.deployment is None:
        return True
    # A volume that has a name alone is empty when the file is brought up for the first time.
    return not any(
        mount.lasts is not False and not of_machine(mount.path) and not _named(mount.source)
        for mount in job.deployment.mounts
    )


def _named(source: str | None) -> bool:
    """Whether a mount is of a volume that compose makes, and of no folder of the machine."""
    return bool(source) and (source or "/")[0] not in "./~$" and "\\" not in (source or "")
