"""Runs and budgets as Prometheus' gauges, in base units: dollars, seconds, bytes, shares of 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.launch import run_cost
from gpuspec.launch.alerts import MonthShare
from gpuspec.launch.launcher import Run
from gpuspec.launch.month import labels_of
from gpuspec.launch.prometheus import Family, label_name
from gpuspec.launch.utilization import Utilization, utilization_of

SHOWN = 86_400.0
"""Seconds after its end in which a run is still among them: a scrape must see how it ended."""
MOST_RUNS = 500
"""The newest; a dashboard with more is of no use, and each is a dozen series."""
MOST_LABELS = 10
GIB = 2.0**30

_OF_RUNS: tuple[tuple[str, str, Callable[[Run, float], float | None]], ...] = (
    ("run_active", "1 while the run is not over.", lambda run, now: float(not run.is_over)),
    ("run_started_timestamp_seconds", "When it was launched.", lambda run, now: run.started or None),
    ("run_duration_seconds", "From its launch to its end, or now.",
     lambda run, now: _times(run_cost.hours(run, now), 3600)),
    ("run_limit_seconds", "Its time limit.", lambda run, now: _times(run.max_hours, 3600)),
    ("run_cost_dollars", "What it has cost so far.", run_cost.so_far),
    ("run_budget_dollars", "The most that it may cost: budget.max_total.", lambda run, now: run.max_total),
    ("run_price_dollars_per_hour", "What its machines cost.", lambda run, now: run_cost.per_hour(run)),
    ("run_gpu_memory_peak_bytes", "Used at most on one GPU.", lambda run, now: _times(run.peak_memory, GIB)),
    ("run_gpu_memory_planned_bytes", "Expected on each GPU.", lambda run, now: _times(run.planned_memory, GIB)),
    ("run_exit_code", "Of its command, once it has ended.", lambda run, now: run.exit_code),
)  # fmt: skip
"""Name without its prefix, meaning, and value of a run at a moment; None: not known, and left out."""


_OF_USE: tuple[tuple[str, str, Callable[[Utilization], float | None]], ...] = (
    ("gpu_utilization_ratio", "Mean of all its GPUs in the last five minutes.",
     lambda use: _times(use.gpu_lately, 0.01)),
    ("gpu_utilization_mean_ratio", "Mean of all its GPUs since its command began.",
     lambda use: _times(use.gpu, 0.01)),
    ("cpu_utilization_ratio", "Mean of the cores it may use, in the last five minutes.",
     lambda use: _times(use.cpu_lately, 0.01)),
    ("gpu_memory_size_bytes", "What one GPU has.", lambda use: _times(use.memory_total, GIB)),
    ("memory_peak_bytes", "Main memory used at most.", lambda use: _times(use.ram, GIB)),
    ("memory_size_bytes", "Main memory it may use.", lambda use: _times(use.ram_total, GIB)),
    ("network_received_bytes_per_second", "In the last five minutes.", lambda use: _times(use.received, 1e6)),
    ("network_sent_bytes_per_second", "In the last five minutes.", lambda use: _times(use.sent, 1e6)),
    ("disk_read_bytes_per_second", "In the last five minutes.", lambda use: _times(use.disk_read, 1e6)),
    ("disk_written_bytes_per_second", "In the last five minutes.", lambda use: _times(use.disk_written, 1e6)),
    ("sampled_timestamp_seconds", "When its machine last told of its use.", lambda use: use.at),
)  # fmt: skip
"""The same of how much of its machine it uses."""


def families(runs: Sequence[Run], months: Sequence[MonthShare], now: float) -> list[Family]:
    """All gauges: of runs that go on or ended within a day, the newest first, and of this month's budgets."""
    shown = [run for run in runs if not run.is_over or (run.ended is not None and now - run.ended <= SHOWN)]
    shown = sorted(shown, key=lambda run: (-run.started, run.id))[:MOST_RUNS]
    found = [
        Family("gpuspec_run_info", "A run, and where it is.", [(_info(run), 1.0) for run in shown]),
        Family(
            "gpuspec_run_state",
            "The state it is in.",
            [({"run": run.id, "state": run.state}, 1.0) for run in shown],
        ),
    ]
    for name, meaning, value in _OF_RUNS:
        values = ((run, value(run, now)) for run in shown)
        samples = [({"run": run.id}, float(each)) for run, each in values if each is not None]
        found.append(Family(f"gpuspec_{name}", meaning, samples))
    return [*found, *_of_use(shown), *_of_months(months)]


def _of_use(runs: Sequence[Run]) -> list[Family]:
    uses = [(run.id, use) for run in runs if (use := utilization_of(run))]
    found = []
    for name, meaning, value in _OF_USE:
        values = ((run, value(use)) for run, use in uses)
        samples = [({"run": run}, each) for run, each in values if each is not None]
        found.append(Family(f"gpuspec_run_{name}", meaning, samples))
    each_gpu = [
        ({"run": run, "index": str(index)}, used / 100)
        for run, use in uses
        for index, used in enumerate(use.gpus)
    ]
    return [
        *found,
        Family("gpuspec_gpu_utilization_ratio", "Of each GPU in the last five minutes.", each_gpu),
    ]


def _of_months(months: Sequence[MonthShare]) -> list[Family]:
    labelled = [({"file": each.file, "by": each.by, "name": each.name}, each) for each in months]
    return [
        Family(
            "gpuspec_month_budget_dollars",
            "A budget of this month; by and name are its group, empty for that of everything.",
            [(labels, each.monthly) for labels, each in labelled],
        ),
        Family(
            "gpuspec_month_spent_dollars",
            "What is spent of it.",
            [(labels, each.spending.spent) for labels, each in labelled],
        ),
        Family(
            "gpuspec_month_may_come_dollars",
            "What runs that go on may still cost in the month.",
            [(labels, each.spending.to_come) for labels, each in labelled],
        ),
        Family(
            "gpuspec_month_unknown_runs",
            "Runs whose cost is not known, and not counted.",
            [(labels, float(len(each.spending.unknown))) for labels, each in labelled],
        ),
    ]


def _info(run: Run) -> Mapping[str, str]:
    """Its labels, those of the job as kube-state-metrics has them: `label_team`."""
    own = {
        "run": run.id,
        "name": run.name,
        "launcher": run.launcher,
        "cloud": run.cloud or "",
        "region": run.region or "",
        "gpu": run.gpu or "",
        "gpus": "" if run.gpu_count is None else str(run.gpu_count),
        "spot": "" if run.spot is None else str(run.spot).lower(),
    }
    said: dict[str, str] = {}
    for key, value in list(labels_of(run).items())[:MOST_LABELS]:
        said.setdefault(label_name(f"label_{key[:50]}"), value)
    return {**own, **said}


def _times(amount: float | None, unit: float) -> float | None:
    return None if amount is None else amount * unit
