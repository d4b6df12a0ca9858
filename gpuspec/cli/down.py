"""`gpuspec down`."""

from __future__ import annotations

import click

from gpuspec.cli.output import say
from gpuspec.launch import run_cost
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.records import Records


@click.command("down")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
def command(runs: tuple[str, ...]) -> int:
    """End runs and take their machines away; fine when they are gone already."""
    for name in runs:
        found = Records().get(name)
        where = find_launcher(found.launcher)
        after = where.down(found)
        spent = run_cost.so_far(after)
        money = "cost unknown" if spent is None else f"about ${spent:.2f}"
        end = f", {money}" if spent != 0 else ""
        end = f", its machine is gone, {money}" if where.rents else end
        say(f"{after.id} ({after.name}): {after.state}{end}")
    return 0
