"""What a run has cost so far, and what it was predicted to cost at most."""

from __future__ import annotations

from gpuspec.launch import clock
from gpuspec.launch.launcher import FINAL, Run

LATE_MINUTES = 10
"""How long after its time a timer may fire: SkyPilot looks once a minute and takes a few to take down."""


def hours(run: Run, now: float | None = None) -> float | None:
    """Hours from start to end, or until `now` (Unix seconds; None is this moment). Never negative, and not moved by a
    clock that is set meanwhile. None where the record does not tell."""
    if not run.started or (run.ended is None and run.state in FINAL):
        return None
    if run.ended is not None:
        if run.ended_up is not None and run.started_up is not None:
            return max(run.ended_up - run.started_up, 0.0) / 3600
        return max(run.ended - run.started, 0.0) / 3600
    return clock.since(run.started, run.started_up, run.boot, now) / 3600


def overdue(run: Run, now: float | None = None) -> float:
    """Seconds since the idle minutes of a run that has ended were over; negative before."""
    over = run.started if run.ended is None else run.ended
    over_up = run.started_up if run.ended is None else run.ended_up
    return clock.since(over, over_up, run.boot, now) - 60 * (run.keep_alive_minutes or 0)


def per_hour(run: Run) -> float | None:
    """Dollars an hour of all its machines, at the price really paid, else at the planned one; None: not known."""
    price = run.actual_price if run.actual_price is not None else run.planned_price
    return None if price is None else price * (run.machines or 1)


def so_far(run: Run, now: float | None = None) -> float | None:
    """Dollars: what the launcher has counted; else hours × the price really paid, else the planned one. 0 on this
    machine; None where it is not known."""
    if run.launcher == "local":
        return 0.0
    if run.spent is not None:
        return run.spent
    if run.through == "service":  # any number of replicas, for any part of the time
        return None
    price, passed = per_hour(run), hours(run, now)
    return None if price is None or passed is None else price * passed


def predicted(run: Run) -> float | None:
    """Dollars at the planned price for the whole time limit and the idle minutes after it; None without a limit
    or a price."""
    if run.launcher == "local":
        return 0.0
    if run.planned_price is None or run.max_hours is None:
        return None
    hourly = run.planned_price * (run.machines or 1)
    return hourly * (run.max_hours + (run.keep_alive_minutes or 0) / 60)


def outlived(run: Run, now: float | None = None) -> bool:
    """Whether a run goes on `LATE_MINUTES` past its time limit, idle minutes included: its timer did not fire."""
    passed = hours(run, now)
    if run.max_hours is None or run.ended is not None or passed is None:
        return False
    return passed > run.max_hours + (run.keep_alive_minutes or 0) / 60 + LATE_MINUTES / 60
