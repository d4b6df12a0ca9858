"""Machines that gpuspec rented and nobody looks after: in no record, or up although their timer is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from gpuspec.errors import UserError
from gpuspec.launch import run_cost
from gpuspec.launch.launcher import FINAL, Run, Stray
from gpuspec.launch.skypilot.client import Machine
from gpuspec.launch.skypilot.mode import why_controller_is_rented
from gpuspec.launch.skypilot.provisioning import forgotten

NO_RECORD = "no run here knows it: its record is lost, or another machine of yours launched it"


def machine_strays(
    machines: Iterable[Machine], runs: Sequence[Run], now: float | None = None
) -> tuple[Stray, ...]:
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
    """Why a machine is a stray; "" where a run answers for it, or its idle minutes are not over."""
    if not runs:
        return NO_RECORD
    if any(not run.is_over and not run_cost.outlived(run, now) for run in runs):
        return ""
    late = min(run_cost.overdue(run, now) for run in runs) / 60
    if late < run_cost.LATE_MINUTES:
        return ""
    taker = "SkyPilot's controller" if any(run.through for run in runs) else "its timer"
    return f"its last run is over, and {taker} should have taken it {late:.0f} minutes ago"


def forgotten_strays(known: set[str], runs: Sequence[Run]) -> tuple[Stray, ...]:
    """Machines that SkyPilot does not know (`known` are those that it does), that may be there all the same, and that
    no run answers for."""
    ours = {run.machine for run in runs if run.state not in FINAL and not run.gone}
    return tuple(Stray(name, why, None) for name, why in forgotten(known).items() if name not in ours)


def controlled_strays(runs: Sequence[Run], now: float | None = None) -> tuple[Stray, ...]:
    """Managed jobs and services of ours that no run here answers for, where SkyPilot's controllers live in its
    server."""
    names = [name for name in _controlled() if name.startswith("gs-")]
    found = {name: _why([run for run in runs if run.machine == name], now) for name in names}
    return tuple(Stray(name, why, None) for name, why in found.items() if why)


def end_controlled(name: str) -> bool:
    """End the managed job or the service of this name; False where there is none. UserError where its machines are
    not seen to go."""
    ours = _controlled().get(name)
    if ours is None:
        return False
    try:
        ours()
    except TimeoutError as error:
        hint = "`sky jobs queue`, `sky serve status` and `sky status` show what is left"
        raise UserError("left-running", str(error), hint, status=1) from error
    return True


def _controlled() -> dict[str, Callable[[], None]]:
    """Managed jobs and services that are not over, by name, and how to end each."""
    jobs, services = not why_controller_is_rented("jobs"), not why_controller_is_rented("serve")
    if not (jobs or services):
        return {}
    from gpuspec.launch.skypilot.controllers import ENDED, Controllers, end_managed_job, end_service

    controllers = Controllers()
    found: dict[str, Callable[[], None]] = {}
    if jobs:
        names = [job.name for job in controllers.jobs() if job.state not in ENDED]
        found |= {name: partial(end_managed_job, controllers, name) for name in names}
    if services:
        names = [each.name for each in controllers.services()]
        found |= {name: partial(end_service, controllers, name) for name in names}
    return found
