"""What recorded runs have cost in a month, and what those that go on may cost by its end: what `[budget]` is held
against. A month is one of UTC, as clouds bill it."""

from __future__ import annotations

import json
import os
import time
from calendar import timegm
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from gpuspec.launch import run_cost
from gpuspec.launch.launcher import FINAL, Run
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.monthly_budget import Spender, is_for

HOUR = 3600.0


class Month(NamedTuple):
    """From `begins` up to `ends`, in Unix seconds; `name` as in "2026-11"."""

    name: str
    begins: float
    ends: float


class Spending(NamedTuple):
    """What runs come to in a month, in dollars."""

    spent: float
    """So far, idle minutes after a run included."""
    to_come: float
    """What those that are not over may cost at most until their time limit, or the month's end."""
    going_on: int
    """Runs that may still cost something."""
    unknown: tuple[str, ...]
    """Ids of runs whose cost, or what they may yet cost, is not known: it is not counted."""


def month_of(now: float) -> Month:
    """The month of UTC in which a moment (Unix seconds) lies."""
    at = time.gmtime(now)
    after = (at.tm_year + at.tm_mon // 12, at.tm_mon % 12 + 1)
    first, last = (timegm((year, month, 1, 0, 0, 0)) for year, month in ((at.tm_year, at.tm_mon), after))
    return Month(time.strftime("%Y-%m", at), float(first), float(last))


class MonthCost(NamedTuple):
    """What one run comes to in a month, in dollars; None where that is not known."""

    run: Run
    spent: float | None
    to_come: float | None


def costs_in(runs: Sequence[Run], month: Month, now: float) -> list[MonthCost]:
    """What each run has cost in a month up to `now`, and what it may still cost in it."""
    kept_until = _kept_until(runs)
    return [
        MonthCost(
            run,
            spent_in(run, month, now, kept_until.get(run.id)),
            still_to_come(run, month, now, kept_until.get(run.id)),
        )
        for run in runs
    ]


def total(costs: Iterable[MonthCost]) -> Spending:
    """What runs come to together."""
    spent, to_come, going_on, unknown = 0.0, 0.0, 0, []
    for run, paid, more in costs:
        if paid is None or more is None:
            unknown.append(run.id)
        spent += paid or 0.0
        to_come += more or 0.0
        going_on += bool(more)
    return Spending(spent, to_come, going_on, tuple(unknown))


def spent_in(run: Run, month: Month, now: float, kept_until: float | None = None) -> float | None:
    """Dollars of a run within a month, up to `now`. Of one that began in the month before, the share of its time that
    lies in this one. `kept_until`: when its machine goes, idle minutes after its end included. One that begins after
    `now` began before somebody set the clock back: it is paid for, and counted."""
    whole = run_cost.so_far(run, now)
    if run.started > now:
        return whole
    if whole is None:
        return None if _touches(run, month, now) else 0.0
    ended = run.ended if run.ended is not None else now
    inside = _overlap(run.started, ended, month.begins, min(month.ends, now))
    # One that ended as it began: all of it lies where it began.
    share = inside / (ended - run.started) if ended > run.started else float(_touches(run, month, now))
    idle = 0.0
    if kept_until is not None:
        idle = (
            (run_cost.per_hour(run) or 0.0)
            * _overlap(ended, kept_until, month.begins, min(month.ends, now))
            / HOUR
        )
    return whole * min(share, 1.0) + idle


def still_to_come(run: Run, month: Month, now: float, kept_until: float | None = None) -> float | None:
    """Dollars that a run may still cost in a month after `now`; None where that is not known."""
    if run.launcher == "local" or now >= month.ends:
        return 0.0
    if run.is_over:
        left = 0.0 if kept_until is None else min(kept_until, month.ends) - now
        return (run_cost.per_hour(run) or 0.0) * max(left, 0.0) / HOUR
    price = run_cost.per_hour(run)
    if price is None or run.through == "service":  # any number of replicas
        return None
    left = month.ends - now
    passed = run_cost.hours(run, now)
    if run.max_hours is not None and passed is not None:
        limit = run.max_hours + (run.keep_alive_minutes or 0.0) / 60
        left = min(left, (limit - passed) * HOUR)
    return price * max(left, 0.0) / HOUR


def may_cost(total: float | None, hours: float | None, price: float, month: Month, now: float) -> float:
    """Dollars that a run which begins now may cost in a month: `total` at most within `hours`; without a limit, its
    `price` ($/h) to the month's end."""
    left = max(month.ends - now, 0.0) / HOUR
    if total is None or not hours:
        return price * left if total is None else total
    return total * min(1.0, left / hours)


def folder_of(run: Run) -> str:
    """The folder of the spec that a run was made of; its workdir where that was not recorded."""
    return _folder_of(run.workdir, run.labels, run.budget_file)


# Of thousands of runs few differ in these, and paths take longer than all else.
@lru_cache(maxsize=4096)
def _folder_of(workdir: str, labels: str | None, budget_file: str | None) -> str:
    folder = _labels_in(labels or "{}").get("folder")
    if folder is None or budget_file is None:
        return os.path.normpath(workdir)
    return os.path.normpath(os.path.join(os.path.dirname(budget_file), folder))


@lru_cache(maxsize=4096)
def _seen_from(file: str, folder: str) -> str:
    return os.path.relpath(folder, os.path.dirname(file)).replace(os.sep, "/")


def counts(run: Run, budget_file: str) -> bool:
    """Whether a run is one of those that a budget is for: its spec lies below that settings file, or its settings
    extend it."""
    folder = os.path.dirname(budget_file).rstrip(os.sep) + os.sep
    return run.budget_file == budget_file or (folder_of(run) + os.sep).startswith(folder)


def in_group(run: Run, by: str, name: str, budget_file: str) -> bool:
    """Whether a run is in a group of a budget, as a job is in a bill."""
    folder = _seen_from(budget_file, folder_of(run)) if by == "folder" else "."
    return is_for(by, name, Spender(folder, run.cloud or "", run.gpu or "", labels_of(run)))


def labels_of(run: Run) -> Mapping[str, str]:
    """The labels that a run was recorded with: its job's, and "folder". Empty where there are none."""
    return _labels_in(run.labels or "{}")


@lru_cache(maxsize=4096)
def _labels_in(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return MappingProxyType({})
    if not isinstance(found, dict):
        return MappingProxyType({})
    return MappingProxyType({str(key): value for key, value in found.items() if isinstance(value, str)})


def _kept_until(runs: Sequence[Run]) -> dict[str, float]:
    """Id of a run that ended → when its machine goes: after its idle minutes, or when another run takes it."""
    begun: dict[str, list[float]] = {}
    for run in runs:
        if run.machine:
            begun.setdefault(run.machine, []).append(run.started)
    found = {}
    for run in runs:
        # What a launcher counts itself (`spent`) has all that was paid.
        if run.state in FINAL and run.ended is not None and run.machine and run.spent is None:
            after = [each for each in begun[run.machine] if each >= run.ended]
            found[run.id] = min([run.ended + 60 * (run.keep_alive_minutes or 0.0), *after])
    return found


def _touches(run: Run, month: Month, now: float) -> bool:
    ended = run.ended
    if ended is None:  # of one that ended, nobody knows when: as it began
        ended = run.started if run.state in FINAL else now
    return run.started < month.ends and ended >= month.begins


def _overlap(begins: float, ends: float, after: float, before: float) -> float:
    return max(min(ends, before) - max(begins, after), 0.0)
