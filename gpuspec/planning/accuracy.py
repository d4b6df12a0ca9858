"""What was predicted of runs beside what they took: by job, by GPU, by model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, get_args

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.measured import MeasuredRun, peak_is_need

ReportBy = Literal["job", "gpu", "model"]
BYS: tuple[ReportBy, ...] = get_args(ReportBy)


class Ratio(NamedTuple):
    """Predicted ÷ actual over so many runs: the least, the one in the middle (of an even number the mean of two), the
    most. Below 1 they took more than was predicted."""

    runs: int
    low: float
    middle: float
    high: float


class AccuracyRow(NamedTuple):
    """All runs of a job, on a GPU or of a model; `by` "" is of all. None where no run has both numbers."""

    by: ReportBy | Literal[""]
    name: str
    runs: int
    time: Ratio | None
    memory: Ratio | None
    price: Ratio | None


class Accuracy(NamedTuple):
    """`rows` are those of each `by`, the most runs first, and that of all. `filled` are runs whose engine takes all
    the memory that it may, so that the peak says nothing of what was predicted."""

    rows: tuple[AccuracyRow, ...]
    first: str
    last: str
    filled: int


class _Group:
    """Ratios of the runs of one row, gathered one by one: ten thousand are, four times each."""

    def __init__(self) -> None:
        self.runs = 0
        self.time: list[float] = []
        self.memory: list[float] = []
        self.price: list[float] = []

    def row(self, by: ReportBy | Literal[""], name: str) -> AccuracyRow:
        """What they come to."""
        return AccuracyRow(by, name, self.runs, *map(_ratio, (self.time, self.memory, self.price)))


def accuracy(runs: Iterable[MeasuredRun], bys: Iterable[ReportBy] = BYS) -> Accuracy:
    """The report over runs."""
    names = {by: _NAMES[by] for by in bys}
    groups: dict[ReportBy, dict[str, _Group]] = {by: {} for by in names}
    of_all, days, filled = _Group(), set(), 0
    counts: dict[str, bool] = {}
    for run in runs:
        if run.engine not in counts:
            counts[run.engine] = peak_is_need(run.engine)
        in_groups = [of_all]
        for by, name in names.items():
            called = name(run)
            if called not in groups[by]:
                groups[by][called] = _Group()
            in_groups.append(groups[by][called])
        days.add(run.began[:10])
        peak = run.peak_gib if run.tells_peak else None
        filled += bool(peak) and not counts[run.engine]
        time = _over(run.planned_hours, _worked(run))
        memory = _over(run.planned_gib, peak) if counts[run.engine] else None
        price = _over(run.planned_price, run.price)
        for group in in_groups:
            group.runs += 1
            if time is not None:
                group.time.append(time)
            if memory is not None:
                group.memory.append(memory)
            if price is not None:
                group.price.append(price)
    rows = []
    for by, found in groups.items():
        ordered = sorted(found.items(), key=lambda one: (-one[1].runs, one[0]))
        rows += [group.row(by, name) for name, group in ordered]
    return Accuracy((*rows, of_all.row("", "all")), min(days, default=""), max(days, default=""), filled)


def _machine(run: MeasuredRun) -> str:
    return (f"{run.gpus} × {run.gpu}" if run.gpus > 1 else run.gpu) or "unknown"


_NAMES: dict[ReportBy, Callable[[MeasuredRun], str]] = {
    "job": lambda run: run.job,
    "gpu": _machine,
    "model": lambda run: run.model or "unknown",
}


def _worked(run: MeasuredRun) -> float | None:
    """Hours of its command, which is what is predicted."""
    if not run.tells_hours:
        return None
    return run.hours if run.work_hours is None else run.work_hours


def _over(planned: float | None, actual: float | None) -> float | None:
    return planned / actual if planned and actual else None


def _ratio(found: list[float]) -> Ratio | None:
    if not found:
        return None
    found.sort()
    half = len(found) // 2
    middle = found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2
    return Ratio(len(found), found[0], middle, found[-1])
