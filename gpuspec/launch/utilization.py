"""How much of its machine a run used, as its record has it: the line of JSON that the machine wrote
(`on_machine/utilization/`), read with care, since a job can write such a line itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.job import Job
from gpuspec.job.job import MinUtilization
from gpuspec.launch.launcher import Run
from gpuspec.launch.on_machine.utilization.usage import bottleneck
from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line

LONGEST = 8000
"""Characters of a line; 64 GPUs take 1,000."""

MOST_GPUS = 64

_HIGHEST = 253_402_300_799.0
"""The last second of the year 9999, as `record_row.py` has it."""


class Utilization(NamedTuple):
    """What is known of a run. Shares are %, of all GPUs and of all cores that the job may use; None is unknown."""

    minutes: float | None = None
    """For how long was looked, from the beginning of its command."""
    gpu: float | None = None
    """Mean since then; what ends with `_lately` is that of the last five minutes."""
    gpu_lately: float | None = None
    gpus: tuple[float, ...] = ()
    """Of each GPU lately."""
    memory: float | None = None
    """GiB at most on one GPU."""
    memory_total: float | None = None
    """GiB that one GPU has."""
    cpu: float | None = None
    cpu_lately: float | None = None
    cores: float | None = None
    ram: float | None = None
    """GiB of main memory at most, of `ram_total` that the job may use."""
    ram_lately: float | None = None
    ram_total: float | None = None
    received: float | None = None
    """MB/s lately, as the next three."""
    sent: float | None = None
    disk_read: float | None = None
    disk_written: float | None = None
    disk_busy: float | None = None
    """% of the time in which the busiest disk worked, lately."""
    at: float | None = None
    """Unix time at which it was heard."""
    ended: str = ""
    """Why the run was ended for it, in words; "" where it was not."""

    @property
    def bottleneck(self) -> str:
        """What holds the GPUs up, in words; "" where they are used, or nothing can be told."""
        return bottleneck(self._asdict())


def utilization_of(run: Run) -> Utilization | None:
    """That of a run; None where nothing is known of it."""
    return utilization_in(run.utilization)


def utilization_in(text: str | None) -> Utilization | None:
    """That in a line of JSON; None where it tells nothing."""
    if not text or len(text) > LONGEST:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return utilization_of_summary(told) if isinstance(told, dict) else None


def utilization_of_summary(told: Mapping[str, Any]) -> Utilization | None:
    """That of a `MachineUsage.summary`, or what looks like one; None where it tells nothing."""
    known: dict[str, Any] = {name: _number(told.get(name)) for name in Utilization._fields}
    gpus = told.get("gpus")
    each = [_number(used) for used in gpus[:MOST_GPUS]] if isinstance(gpus, list) else []
    known["gpus"] = () if None in each else tuple(each)
    known["ended"] = one_line(told["ended"])[:500] if isinstance(told.get("ended"), str) else ""
    found = Utilization(**known)
    return None if found == Utilization() else found


def least_use(job: Job) -> MinUtilization | None:
    """A job's `min_utilization`. SkyServe would start a replica anew that ends itself, again and again: there is only
    a warning."""
    wanted = job.min_utilization
    return wanted._replace(then="warn") if wanted and job.scaling else wanted


def ended_for_it(why: str) -> str:
    """The message of a run that used its GPUs too little."""
    return f"ended for low utilization: {why}"


def as_text(found: Utilization) -> str:
    """The line that a record keeps; without what is not known."""
    return json.dumps({name: value for name, value in found._asdict().items() if value not in (None, (), "")})


def as_values(found: Utilization | None) -> dict[str, Any] | None:
    """As plain values, with what holds the GPUs up in words; None where nothing is known."""
    return None if found is None else {**found._asdict(), "bottleneck": found.bottleneck}


def record_fields(found: Utilization) -> dict[str, Any]:
    """The fields of a Run that say it."""
    fields: dict[str, Any] = {"utilization": as_text(found)}
    more = {"peak_memory": found.memory, "gpu_utilization": found.gpu, "cpu_utilization": found.cpu}
    return {**fields, **{name: value for name, value in more.items() if value is not None}}


def together(machines: Iterable[Utilization]) -> Utilization | None:
    """That of a run with several machines, one of each: means of shares, sums of what flows, the most that one held.
    None of none."""
    every = list(machines)
    if len(every) < 2:
        return every[0] if every else None
    found: dict[str, Any] = {}
    for name in Utilization._fields:
        known = [value for each in every if (value := getattr(each, name)) not in (None, (), "")]
        if not known:
            continue
        if name == "gpus":
            found[name] = tuple(used for gpus in known for used in gpus)[:MOST_GPUS]
        elif name == "ended":
            found[name] = known[0]
        elif name in ("received", "sent", "disk_read", "disk_written"):
            found[name] = sum(known)
        elif name in ("gpu", "gpu_lately", "cpu", "cpu_lately"):
            found[name] = sum(known) / len(known)
        else:
            found[name] = max(known)
    return Utilization(**found)


def summary(found: Utilization) -> str:
    """In one line: GPUs, CPU, memory, network, as far as they are known."""
    parts = []
    if found.gpu is not None:
        lately = f" ({found.gpu_lately:.0f} % lately)" if found.gpu_lately is not None else ""
        parts.append(f"GPU {found.gpu:.0f} %{lately}")
    if found.cpu is not None and found.cores is not None:
        cores = "1 core" if found.cores == 1 else f"{found.cores:g} cores"
        parts.append(f"CPU {found.cpu:.0f} % of {cores}")
    if found.ram is not None and found.ram_total is not None:
        parts.append(f"memory {found.ram:.1f} of {found.ram_total:.1f} GiB")
    if found.received is not None and found.received >= 1:
        parts.append(f"network {found.received:.0f} MB/s in")
    return "; ".join(parts)


def _number(found: Any) -> float | None:
    sound = isinstance(found, (int, float)) and not isinstance(found, bool)
    # NaN is not in it; a whole number of 400 digits, which is no float, is not either.
    return float(found) if sound and 0 <= found <= _HIGHEST else None
