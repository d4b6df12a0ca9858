"""What was predicted of runs beside what they took: by job, by GPU, by model."""

from __future__ import annotations

from collections.abc import Iterable
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


def accuracy(runs: Iterable[MeasuredRun], bys: Iterable[ReportBy] = BYS) -> Accuracy:
    """The report over runs."""
    known = list(runs)
    rows = []
    for by in bys:
        groups: dict[str, list[MeasuredRun]] = {}
        for run in known:
            groups.setdefault(_name(run, by), []).append(run)
        ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        rows += [_row(by, name, group) for name, group in ordered]
    days = sorted(run.began[:10] for run in known)
    return Accuracy(
        (*rows, _row("", "all", known)),
        days[0] if days else "",
        days[-1] if days else "",
        sum(run.tells_peak and not peak_is_need(run.engine) for run in known),
    )


def _name(run: MeasuredRun, by: ReportBy) -> str:
    if by == "job":
        return run.job
    if by == "model":
        return run.model or "unknown"
    return (f"{run.gpus} × {run.gpu}" if run.gpus > 1 else run.gpu) or "unknown"


def _row(by: ReportBy | Literal[""], name: str, runs: list[MeasuredRun]) -> AccuracyRow:
    return AccuracyRow(
        by,
        name,
        len(runs),
        time=_ratio((run.planned_hours, _worked(run)) for run in runs),
        memory=_ratio(
            (run.planned_gib, run.peak_gib) for run in runs if run.tells_peak and peak_is_need(run.engine)
        ),
        price=_ratio((run.planned_price, run.price) for run in runs),
    )


def _worked(run: MeasuredRun) -> float | None:
    """Hours of its command, which is what is predicted."""
    if not run.tells_hours:
        return None
    return run.hours if run.work_hours is None else run.work_hours


def _ratio(pairs: Iterable[tuple[float | None, float | None]]) -> Ratio | None:
    found = sorted(planned / actual for planned, actual in pairs if planned and actual)
    if not found:
        return None
    half = len(found) // 2
    middle = found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2
    return Ratio(len(found), found[0], middle, found[-1])
