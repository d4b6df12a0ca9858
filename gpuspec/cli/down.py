"""`gpuspec down`."""

from __future__ import annotations

import click

from gpuspec.cli.each_run import to_each_run
from gpuspec.cli.output import say
from gpuspec.launch import run_cost
from gpuspec.launch.launcher import Launcher, Run


@click.command("down")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
def command(runs: tuple[str, ...]) -> int:
    """End runs and take their machines away; fine when they are gone already. Where one cannot be ended, the others
    are all the same."""
    return to_each_run(runs, _down)


def _down(where: Launcher, run: Run) -> None:
    after = where.down(run)
    spent = run_cost.so_far(after)
    money = "cost unknown" if spent is None else f"about ${spent:.2f}"
    end = f", {money}" if spent != 0 else ""
    end = f", its machine is gone, {money}" if where.rents else end
    say(f"{after.id} ({after.name}): {after.state}{end}")
