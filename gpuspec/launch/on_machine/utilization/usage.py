"""Readings of a machine, one after the other, as how much of it a job uses: since its command began, and lately; what
holds its GPUs up; and whether they were used less than the job asks for.

While a job loads what it needs, its GPUs are not idle by its own fault. So until a GPU has worked for the first time,
time in which data comes (over the network, from a disk, or into a GPU) does not count as idle, for `LOADING_MINUTES`
at most: a job that never uses its GPU is found all the same.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from .readings import Reading

LATELY_SECONDS = 300.0
"""What "lately" means."""

LONGEST_STEP = 60.0
"""Seconds that one reading stands for at most: a machine that slept was not idle."""

LOADING_MINUTES = 120.0
"""How long loading is believed. 400 GB of weights at 60 MB/s take 111 minutes."""

WORKS = 5.0
"""% of a GPU from which on it has work. A desktop, or a library that only looks, stays below."""

LOADS_NETWORK, LOADS_DISK, LOADS_GPU = 2.0, 10.0, 0.05
"""MB/s, MB/s and GiB between two readings that tell that something is being loaded."""

IDLE_GPU, HALF_USED = 5.0, 50.0
FULL_CPU, FULL_RAM, FULL_DISK = 90.0, 92.0, 80.0
BUSY_NETWORK, BUSY_DISK = 20.0, 150.0
"""What is named as what holds a GPU up: %, %, %, and MB/s. 20 MB/s is what eight processes read that decode JPEGs of
100 kB each 25 times a second; a disk of a cloud gives 125 MB/s and more (AWS gp3, 2026-11)."""

_SUMMED = ("gpu", "cpu")
_LATELY = ("gpu", "cpu", "ram", "received", "sent", "disk_read", "disk_written", "disk_busy")


class LeastUse:
    """A job's `min_utilization`: the mean of its GPUs, %, over so many minutes; whether it is ended below that."""

    def __init__(self, gpu: float, minutes: float, *, end: bool) -> None:
        self.gpu = gpu
        self.minutes = minutes
        self.end = end


class MachineUsage:
    """What readings say together. `now` is any clock's seconds, which only goes forward."""

    def __init__(self, wanted: LeastUse | None = None) -> None:
        self.wanted = wanted
        self.most_held: float | None = None
        self.most_ram: float | None = None
        self.seconds = 0.0
        """For how long has been looked."""
        self.worked = False
        """Whether a GPU has had work."""
        self._sums = {name: [0.0, 0.0] for name in _SUMMED}
        self._lately: deque[dict[str, Any]] = deque()
        self._judged: deque[tuple[float, float]] = deque()
        self._judged_seconds = 0.0
        self._before: tuple[float, Reading] | None = None
        self._newest = Reading()
        self.begun = True
        """Whether the job's own command runs: what is before that is not judged."""

    def add(self, reading: Reading, now: float) -> None:
        """One more reading."""
        before, self._before, self._newest = self._before, (now, reading), reading
        held = [gpu.held for gpu in reading.gpus if gpu.held is not None]
        self.most_held = max([*held, *([] if self.most_held is None else [self.most_held])], default=None)
        rams = [ram for ram in (self.most_ram, reading.ram) if ram is not None]
        self.most_ram = max(rams, default=None)
        step = min(now - before[0], LONGEST_STEP) if before else 0.0
        rates = _rates(before[1], reading, now - before[0]) if before and step > 0 else {}
        rates["gpu"] = mean([gpu.used for gpu in reading.gpus if gpu.used is not None])
        rates["gpus"] = [gpu.used for gpu in reading.gpus]
        rates["ram"] = reading.ram
        self.worked = self.worked or any((gpu.used or 0.0) >= WORKS for gpu in reading.gpus)
        # The first has no time before it; it tells of the GPU all the same.
        rates["seconds"] = step or 1.0
        self.seconds += step
        for name in _SUMMED:
            if rates.get(name) is not None:
                self._sums[name][0] += rates[name] * rates["seconds"]
                self._sums[name][1] += rates["seconds"]
        self._lately.append(rates)
        while sum(each["seconds"] for each in self._lately) > LATELY_SECONDS + LONGEST_STEP:
            self._lately.popleft()
        self._judge(rates, before[1] if before else None, step)

    def _judge(self, rates: dict[str, Any], before: Reading | None, step: float) -> None:
        if self.wanted is None or rates["gpu"] is None or not step or not self.begun:
            return
        loading = not self.worked and self.seconds <= LOADING_MINUTES * 60
        if loading and before is not None and _loads(rates, before, self._newest):
            return
        self._judged.append((step, rates["gpu"]))
        self._judged_seconds += step
        # One always stays: of a fraction of a second nothing would be left.
        while len(self._judged) > 1 and self._judged_seconds - self._judged[0][0] >= self.wanted.minutes * 60:
            self._judged_seconds -= self._judged.popleft()[0]

    def too_low(self) -> float | None:
        """The mean of the GPUs over the minutes that the job names, %, where it is below what it asks for; None where
        it is not, or there were not as many minutes yet."""
        if self.wanted is None or self._judged_seconds < self.wanted.minutes * 60:
            return None
        found = sum(step * used for step, used in self._judged) / self._judged_seconds
        return found if found < self.wanted.gpu else None

    def begin_anew(self) -> None:
        """Judge from here on: what was is said."""
        self._judged.clear()
        self._judged_seconds = 0.0

    def summary(self) -> dict[str, Any]:
        """What is known, as plain values that JSON takes; what is not known is left out. %, GiB, MB/s, minutes."""
        newest, lately = self._newest, {name: self._recent(name) for name in _LATELY}
        memory = [gpu.memory for gpu in newest.gpus if gpu.memory]
        known: dict[str, Any] = {
            "minutes": self.seconds / 60,
            "gpu": _quotient(self._sums["gpu"]),
            "gpu_lately": lately["gpu"],
            "gpus": self._each_gpu(),
            "memory": self.most_held,
            "memory_total": max(memory, default=None),
            "cpu": _quotient(self._sums["cpu"]),
            "cpu_lately": lately["cpu"],
            "cores": newest.cores,
            "ram": self.most_ram,
            "ram_lately": lately["ram"],
            "ram_total": newest.ram_total,
            **{name: lately[name] for name in _LATELY[3:]},
        }
        return {name: _rounded(value) for name, value in known.items() if value not in (None, [])}

    def _recent(self, name: str) -> float | None:
        known = [(each[name], each["seconds"]) for each in self._lately if each.get(name) is not None]
        return _quotient([sum(value * part for value, part in known), sum(part for _, part in known)])

    def _each_gpu(self) -> list[float]:
        rows = [each for each in self._lately if None not in each["gpus"]]
        count = len(self._newest.gpus)
        rows = [each for each in rows if len(each["gpus"]) == count]
        weight = sum(each["seconds"] for each in rows)
        return [
            sum(each["gpus"][at] * each["seconds"] for each in rows) / weight for at in range(count) if weight
        ]


def _rates(before: Reading, now: Reading, seconds: float) -> dict[str, Any]:
    """Of what is counted: MB/s, and % of all cores and of the busiest disk."""
    found: dict[str, Any] = {}
    for name in ("received", "sent", "disk_read", "disk_written"):
        then, here = getattr(before, name), getattr(now, name)
        if then is not None and here is not None and here >= then:
            found[name] = (here - then) / seconds / 1e6
    if before.busy is not None and now.busy is not None and now.cores and before.cores == now.cores:
        found["cpu"] = min(max(now.busy - before.busy, 0.0) / seconds / now.cores * 100, 100.0)
    worked = [now.disk_busy[name] - then for name, then in before.disk_busy.items() if name in now.disk_busy]
    if worked:
        found["disk_busy"] = min(max(*worked, 0.0) / seconds * 100, 100.0)
    return found


def _loads(rates: dict[str, Any], before: Reading, now: Reading) -> bool:
    grown = sum(gpu.held or 0.0 for gpu in now.gpus) - sum(gpu.held or 0.0 for gpu in before.gpus)
    return (
        (rates.get("received") or 0.0) >= LOADS_NETWORK
        or (rates.get("disk_read") or 0.0) >= LOADS_DISK
        or grown >= LOADS_GPU
    )


def bottleneck(known: dict[str, Any]) -> str:
    """What holds the GPUs up, in words, of a `summary`; "" where they are used, or nothing can be told."""
    gpu, gpus = known.get("gpu_lately"), known.get("gpus") or []
    busy = [used for used in gpus if used > IDLE_GPU]
    if busy and len(busy) < len(gpus) and max(busy) >= 4 * IDLE_GPU:
        return f"{len(busy)} of {len(gpus)} GPUs {'is' if len(busy) == 1 else 'are'} used, the others wait"
    if gpu is None or gpu >= HALF_USED:
        return ""
    cpu, cores, ram = known.get("cpu_lately"), known.get("cores"), known.get("ram_lately")
    if cpu is not None and cores and cpu >= FULL_CPU:
        return f"the CPU works at {cpu:.0f} % of its {_cores(cores)}: data loading or preprocessing holds the GPU up"
    if ram is not None and known.get("ram_total") and ram / known["ram_total"] * 100 >= FULL_RAM:
        return f"memory is full ({ram:.0f} of {known['ram_total']:.0f} GiB): the system reads data again and again"
    if (known.get("received") or 0.0) >= BUSY_NETWORK:
        return f"{known['received']:.0f} MB/s come over the network: downloads inside the loop"
    if (known.get("disk_busy") or 0.0) >= FULL_DISK or (known.get("disk_read") or 0.0) >= BUSY_DISK:
        return f"the disk is busy (reads {known.get('disk_read') or 0.0:.0f} MB/s): the GPU waits for it"
    if cpu is not None and cores and cores >= 4 and 0.8 <= cpu * cores / 100 <= 1.4:
        return f"one of {_cores(cores)} works: a single process feeds the GPU"
    if cpu is not None and cores and cpu * cores / 100 < 0.5:
        return "CPU and network are idle, too: it waits for requests, or for another program"
    return ""


def _cores(cores: float) -> str:
    return "1 core" if cores == 1 else f"{cores:g} cores"


def mean(values: list[Any]) -> float | None:
    """None of none."""
    return sum(values) / len(values) if values else None


def _quotient(pair: list[float]) -> float | None:
    return pair[0] / pair[1] if pair[1] else None


def _rounded(value: Any) -> Any:
    return [round(each, 1) for each in value] if isinstance(value, list) else round(value, 2)
