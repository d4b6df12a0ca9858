"""Machines of ours that nobody looks after: no record knows them, or their timer should have taken them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gpuspec.launch import cost
from gpuspec.launch.launcher import FINAL, Run, Stray

if TYPE_CHECKING:
    from gpuspec.launch.skypilot.client import Machine

LATE_MINUTES = 10
"""How long after its time a timer may fire: SkyPilot looks once a minute and takes a few to take down."""


def strays(machines: Iterable[Machine], runs: Sequence[Run], now: float | None = None) -> tuple[Stray, ...]:
    """Those of `machines` that gpuspec rented (a name from `gs-`, or its label) and that no run answers for."""
    found = []
    for machine in machines:
        if machine.label is None and not machine.name.startswith("gs-"):
            continue
        why = _why([run for run in runs if run.machine == machine.name], now)
        if why:
            found.append(Stray(machine.name, why, machine.price))
    return tuple(found)


def _why(runs: Sequence[Run], now: float | None) -> str:
    """ "" where a run answers for the machine, be it that its idle minutes are not over."""
    if not runs:
        return "no run here knows it: its record is lost, or another machine of yours launched it"
    if any(run.state not in FINAL and not cost.outlived(run, now) for run in runs):
        return ""
    late = min(cost.overdue(run, now) for run in runs) / 60
    if late < LATE_MINUTES:
        return ""
    return f"its last run is over, and its timer should have taken it {late:.0f} minutes ago"
