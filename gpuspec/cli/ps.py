"""`gpuspec ps`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click

from gpuspec.cli.columns import aligned
from gpuspec.cli.output import say, say_document
from gpuspec.errors import what_failed
from gpuspec.json_text import json_text
from gpuspec.launch import run_cost
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.launcher import FINAL, Run, Stray, StraysUnknown
from gpuspec.launch.records import Records
from gpuspec.launch.utilization import as_values, utilization_of

RECENT = 10


@click.command("ps")
@click.option(
    "--all", "everything", is_flag=True, help=f"All runs, not only the active and the last {RECENT}."
)
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def command(everything: bool, as_json: bool) -> int:
    """List runs: what is active is asked of its machine, not taken from memory.

    A run is `lost` when the process that looked after it is gone; `gpuspec reap` clears up after it. Where a run's
    timer should have taken its machine, that is looked at, once. How much its GPUs are used is a mean: of the last
    minutes of a run that goes on, of all of one that has ended.
    """
    runs = Records().all() if everything else Records().shown(RECENT)
    kept = [run for n, run in enumerate(runs) if everything or n < RECENT or not run.is_over]
    shown = [current(run) for run in kept]
    if as_json:
        say_document(json_text({"runs": [_as_json(run) for run in shown]}))
        return 0
    if not shown:
        say("no runs yet: `gpuspec run job.jsonc` starts one")
        return 0
    rows = [("RUN", "NAME", "STATE", "ON", "STARTED", "HOURS", "COST", "GPU USED", ""), *map(_row, shown)]
    if not any(row[7] for row in rows[1:]):
        rows = [(*row[:7], row[8]) for row in rows]
    say(*aligned(rows))
    lost = [run for run in shown if (run.state == "lost" and not run.is_over) or run_cost.outlived(run)]
    if lost:
        say("", f"{len(lost)} of these may cost money unwatched: `gpuspec reap` ends them")
    for stray in still_up(runs):
        say("", f"{stray.machine} is still up: {stray.why}; `gpuspec reap` takes it away")
    _tell_of_the_month(shown)
    return 0


def _tell_of_the_month(shown: Sequence[Run]) -> None:
    """Which of this month's budgets have come to a step that is told of: those of the runs that are shown, for which
    all of the month count."""
    under = [run for run in shown if run.budget_file]
    if not under:
        return
    from gpuspec.launch.alerts import month_alert, month_shares
    from gpuspec.launch.budget_files import budgets_of_runs

    now = time.time()
    for alert in map(month_alert, month_shares(budgets_of_runs(under), Records().recent(now), now)):
        if alert:
            say("", alert.text)


def still_up(runs: Sequence[Run]) -> list[Stray]:
    """Machines that their timers should have taken by now. Each is asked for once: one that is away is noted, where
    all could be asked."""
    due = [run for run in runs if run.launcher != "local" and run.machine and not run.gone and _is_late(run)]
    in_use = {run.machine for run in runs if run.launcher != "local" and not run.gone and not _is_late(run)}
    found: list[Stray] = []
    for name in dict.fromkeys(run.launcher for run in due):
        try:
            strays, all_asked = find_launcher(name).strays(), True
        except Exception as error:  # whatever it is, the others are shown
            say(f"{name} cannot be asked which machines are still up: {what_failed(error)}", err=True)
            strays, all_asked = error.found if isinstance(error, StraysUnknown) else (), False
        up = {stray.machine: stray for stray in strays}
        for machine in dict.fromkeys(run.machine for run in due if run.launcher == name and run.machine):
            if machine in up:
                found.append(up[machine])
            elif all_asked and machine not in in_use:
                Records().gone(machine)
    return found


def _is_late(run: Run) -> bool:
    """Whether it ended, and its machine should be away by now. While another run has that machine, it need not be."""
    return run.state in FINAL and run_cost.overdue(run) > 60 * run_cost.LATE_MINUTES


def current(run: Run) -> Run:
    """The run as its machine tells; as recorded where it cannot be asked."""
    if run.is_over:
        return run
    try:
        return find_launcher(run.launcher).state(run)
    except Exception as error:  # whatever it is, the others are shown
        return run._replace(message=f"cannot be asked: {what_failed(error)}")


def place(run: Run) -> str:
    """Where it runs, in a few words: `local`, or `lambda 2×A100-80GB spot`."""
    parts = [run.cloud or run.launcher]
    if run.gpu:
        parts.append(f"{run.gpu_count or 1}×{run.gpu}")
    if run.spot:
        parts.append("spot")
    return " ".join(parts)


def _row(run: Run) -> tuple[str, ...]:
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started)) if run.started else "unknown"
    return (
        run.id,
        run.name,
        run.state,
        place(run),
        began,
        hours(run),
        money(run_cost.so_far(run)),
        used(run),
        "; ".join(filter(None, (run.message, _held_up(run)))),
    )


def _as_json(run: Run) -> dict[str, Any]:
    row = {**run._asdict(), "cost": run_cost.so_far(run), "hours": run_cost.hours(run)}
    return {**row, "utilization": as_values(utilization_of(run))}


def used(run: Run) -> str:
    """How much its GPUs are used, or were; "" where that is not known."""
    found = utilization_of(run)
    share = None if found is None else found.gpu if run.is_over else found.gpu_lately
    return "" if share is None else f"{share:.0f} %"


def _held_up(run: Run) -> str:
    found = utilization_of(run)
    return found.bottleneck if found and not run.is_over else ""


def hours(run: Run) -> str:
    """Hours so far, or that nobody knows."""
    passed = run_cost.hours(run)
    return "unknown" if passed is None else f"{passed:.2f}"


def money(amount: float | None) -> str:
    """Dollars, or that nobody knows."""
    return "unknown" if amount is None else f"${amount:.2f}"
