"""`gpuspec reap`. A machine costs money until it is taken away: whatever one answers, the others are looked at."""

from __future__ import annotations

import sys

import click

from gpuspec.cli.output import say
from gpuspec.cli.ps import hours, place
from gpuspec.errors import UserError, what_failed
from gpuspec.launch import run_cost
from gpuspec.launch.installed_launchers import find_launcher, launchers
from gpuspec.launch.launcher import Launcher, Run, Stray, StraysUnknown
from gpuspec.launch.records import Records


@click.command("reap")
@click.option("--dry-run", is_flag=True, help="Only say what would be ended.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(dry_run: bool, yes: bool) -> int:
    """End what nobody looks after: runs whose process is gone or whose time is over, and machines that gpuspec
    rented and no run answers for.

    Their machines are taken away. Exit status 1 if one could not be, or if a run or a launcher could not be asked.
    """
    left, unasked = _left()
    strays, silent = _strays()
    taken = {run.machine for run, _ in left}
    strays = [(where, stray) for where, stray in strays if stray.machine not in taken]
    trouble = int(unasked or silent)
    if not left and not strays:
        say("nothing to reap" + " among those that could be asked" * trouble)
        return trouble
    for run, why in left:
        say(f"{run.id} ({run.name}) on {place(run)}: {why}")
    for _, stray in strays:
        price = "price unknown" if stray.price is None else f"${stray.price:.2f}/h"
        say(f"{stray.machine} ({price}): {stray.why}")
    if dry_run:
        return trouble
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("needs-yes", "nobody can be asked here", "`gpuspec reap --yes` ends these")
        click.confirm(f"end {len(left) + len(strays)} and take the machines away?", abort=True)
    ended = [*(_end(run) for run, _ in left), *(_remove(where, stray) for where, stray in strays)]
    return max(trouble, *ended)


def _left() -> tuple[list[tuple[Run, str]], bool]:
    """Runs that nobody looks after, each with why, and whether some could not be asked."""
    found, unasked = [], False
    for recorded in Records().all(active=True):
        run = recorded
        try:
            run = find_launcher(recorded.launcher).state(recorded)
        except Exception as error:
            say(f"{recorded.id} ({recorded.name}) cannot be asked: {what_failed(error)}", err=True)
            unasked = True
        why = _reason(run)
        if why:
            found.append((run, why))
    return found, unasked


def _strays() -> tuple[list[tuple[Launcher, Stray]], bool]:
    """Machines that no run answers for, and whether a launcher could not be asked for them."""
    found: list[tuple[Launcher, Stray]] = []
    silent = False
    for name in launchers():
        try:
            where = find_launcher(name)
            found += [(where, stray) for stray in where.strays()]
        except Exception as error:
            say(f"{name} cannot be asked for its machines: {what_failed(error)}", err=True)
            if isinstance(error, StraysUnknown):
                found += [(where, stray) for stray in error.found]
            silent = True
    return found, silent


def _remove(where: Launcher, stray: Stray) -> int:
    try:
        where.remove(stray.machine)
    except Exception as error:
        say(f"{stray.machine}: NOT taken away: {what_failed(error)}", err=True)
        return 1
    say(f"{stray.machine}: taken away")
    return 0


def _reason(run: Run) -> str:
    if run.is_over:
        return ""
    if run.state == "lost":
        return run.message or "the process that looked after it is gone"
    if run_cost.outlived(run):
        return f"{hours(run)} h, past its limit of {run.max_hours:g} h"
    return ""


def _end(run: Run) -> int:
    try:
        after = find_launcher(run.launcher).down(run)
    except Exception as error:
        say(f"{run.id}: NOT ended: {what_failed(error)}", err=True)
        if isinstance(error, UserError) and error.hint:
            say(f"  → {error.hint}", err=True)
        return 1
    say(f"{after.id}: {after.state}, {after.message or 'gone'}")
    return 0
