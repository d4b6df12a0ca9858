"""What runs of a job really took: the hours, and the memory of a GPU. It stands beside what is expected, and never in
its place unsaid."""

from collections.abc import Iterable

from gpuspec.engines import engine_of
from gpuspec.engines.engine import UNKNOWN
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.memory import Need, Part, Phase
from gpuspec.words import figure, gib, listed

LAST = 3
"""Runs that are summed up: the newest. Earlier ones may have had other data."""
ENDED_WELL = "succeeded"
SAMPLED = "sampled"
"""State of what was seen from outside (`gpuspec import-usage`): its peak counts, and how long it was seen is no
length of a run."""
ENDED = "ended"
"""State of a machine of which only is known how long it was up."""
ENDED_FROM_OUTSIDE = ("interrupted", "timeout")
"""How servers end: their peak is that of all their work."""
ROOM = 0.1
"""Share by which a later run may need more than what was measured: other data, another order of it."""


class MeasuredRun(NamedTuple):
    """One run. Hours from its launch to its end (`hours`) and from where its command began (`work_hours`); GiB at
    most on one GPU; $/h of its machine; percent on average, of all GPUs and of all cores. None is unknown.
    `planned_…` is what was expected before. `gpu` is the catalogue's name, "" where nobody knows it."""

    id: str
    job: str
    command: str
    """`command_digest` of its job; "" where that is not known."""
    began: str
    """UTC, as 2026-11-30T19:31:00Z."""
    state: str
    gpu: str = ""
    gpus: int = 1
    """GPUs of its machine."""
    model: str = ""
    engine: str = ""
    task: str = ""
    spec: str = ""
    """The file of its job."""
    hours: float | None = None
    work_hours: float | None = None
    planned_hours: float | None = None
    peak_gib: float | None = None
    planned_gib: float | None = None
    price: float | None = None
    planned_price: float | None = None
    gpu_utilization: float | None = None
    cpu_utilization: float | None = None
    source: str = "gpuspec run"
    """Who measured."""

    @property
    def tells_peak(self) -> bool:
        """Whether its peak is that of all of its work, and not of what it did before it failed."""
        if self.peak_gib is None:
            return False
        by_itself = self.state in (ENDED_WELL, SAMPLED)
        return by_itself or (self.task == "serve" and self.state in ENDED_FROM_OUTSIDE)

    @property
    def tells_hours(self) -> bool:
        """Whether its length is that of all of its work."""
        return self.state in (ENDED_WELL, ENDED) and self.hours is not None


class Measured(NamedTuple):
    """The last runs of one job on one kind of machine, newest first; at least one."""

    runs: tuple[MeasuredRun, ...]

    @property
    def gpu(self) -> str:
        """The catalogue's name of the GPU; "" where nobody knows it."""
        return self.runs[0].gpu

    @property
    def gpus(self) -> int:
        """GPUs of the machine."""
        return self.runs[0].gpus

    @property
    def peak_gib(self) -> float | None:
        """GiB at most on one GPU, of any of these runs."""
        return max((run.peak_gib or 0.0 for run in self.runs if run.tells_peak), default=None)

    @property
    def hours(self) -> tuple[float, float, float] | None:
        """(least, the one in the middle, most) of one run, from its launch to its end."""
        found = sorted(run.hours or 0.0 for run in self.runs if run.tells_hours)
        return (found[0], found[len(found) // 2], found[-1]) if found else None

    @property
    def gpu_utilization(self) -> float | None:
        """Percent, on average over these runs."""
        found = [run.gpu_utilization for run in self.runs if run.gpu_utilization is not None]
        return sum(found) / len(found) if found else None

    @property
    def which(self) -> str:
        """ "the last 3 runs (a1, b2, c3)": what it is known from."""
        ids = listed([run.id for run in self.runs], LAST)
        return f"the last run ({ids})" if len(self.runs) == 1 else f"the last {len(self.runs)} runs ({ids})"

    def in_words(self, vram_gib: float | None = None) -> str:
        """ "the last 3 runs (a1, b2, c3) on H100 SXM peaked at 31.0 of 79.6 GiB and took 40 min"."""
        said = []
        if self.peak_gib is not None:
            of = "" if vram_gib is None else f" of {vram_gib:.1f}"
            said.append(f"peaked at {self.peak_gib:.1f}{of} GiB" + " on one GPU" * (self.gpus > 1))
        if self.hours is not None:
            said.append(f"took {span_of_time(self.hours)}")
        if self.gpu_utilization is not None:
            said.append(f"kept the GPU{'s' * (self.gpus > 1)} busy {self.gpu_utilization:.0f} % of the time")
        machine = f"{self.gpus} × {self.gpu}" if self.gpus > 1 else self.gpu
        on = f" on {machine}" if self.gpu else ""
        return f"{self.which}{on} {' and '.join(said) or 'left no figures'}"


def peak_is_need(engine: str) -> bool:
    """Whether the memory that an engine holds is what the work needs: many servers take all that they may, for the
    cache, and of others nobody knows."""
    known = engine_of(engine or None)
    return not (known.memory.queues or (known.kind == "server" and known.memory == UNKNOWN))


def span_of_time(hours: tuple[float, float, float]) -> str:
    """ "40 min", "3.1 h (2.9 to 3.4)": of several runs, the one in the middle."""
    low, middle, high = hours
    unit, factor = ("min", 60.0) if high < 2 else ("h", 1.0)
    span = f" ({figure(low * factor)} to {figure(high * factor)})" if high > low * 1.05 else ""
    return f"{figure(middle * factor)} {unit}{span}"


def command_digest(job: Job) -> str:
    """Twelve hexadecimal digits of what decides what a job does: its commands, image, model, items, and variables
    but secrets. Jobs with the same one do the same work, whatever they are called and wherever they run.
    "" where nothing says what runs: somebody who types, a file that leaves it open."""
    from hashlib import sha256
    from json import dumps

    if not (job.run or job.image):
        return ""
    variables = sorted((name, value) for name, value in job.env.items() if name not in job.secrets)
    run = " ".join((job.run or "").split())
    model = job.model.id if job.model else None
    text = dumps([run, job.image, model, job.items, variables], default=str)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def measured_of(runs: Iterable[MeasuredRun], command: str) -> tuple[Measured, ...]:
    """What the newest runs of a command tell on each kind of machine; the machine that ran last comes first. Runs of
    which neither the peak nor the length says anything are left out."""
    newest = sorted(
        {
            run.id: run for run in runs if run.command == command and (run.tells_peak or run.tells_hours)
        }.values(),
        key=lambda run: (run.began, run.id),
        reverse=True,
    )
    machines: dict[tuple[str, int], list[MeasuredRun]] = {}
    for run in newest:
        machines.setdefault((run.gpu, run.gpus), []).append(run)
    return tuple(Measured(tuple(found[:LAST])) for found in machines.values())


def need_as_measured(need: Need | None, peak: float, gpus: int, engine: str) -> Need:
    """What a job needs by its measured peak on one of so many GPUs: the parts of the estimate in proportion, where
    there is one."""
    phases: tuple[Phase, ...]
    if need is None or not need.expected:
        phases = (Phase("at its peak", (Part("measured", peak, peak, peak * (1 + ROOM), "as it ran"),)),)
        return Need(phases, gpus, engine, (), "high")
    share = peak / need.expected
    phases = tuple(
        Phase(phase.name, tuple(_as_large(part, part.expected * share) for part in phase.parts))
        for phase in need.phases
    )
    return need._replace(phases=phases, confidence="high")


def _as_large(part: Part, amount: float) -> Part:
    return part._replace(low=amount, expected=amount, high=amount * (1 + ROOM))


def beside_estimate(peak: float, expected: float) -> str:
    """ "52 % of the 60.1 GiB expected": both numbers, wherever one is shown."""
    return f"{100 * peak / expected:.0f} % of the {gib(expected)} expected"
