"""`gpuspec stop`."""

from __future__ import annotations

import click

from gpuspec.cli.each_run import to_each_run
from gpuspec.cli.output import say
from gpuspec.launch.launcher import Launcher, Run


@click.command("stop")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
def command(runs: tuple[str, ...]) -> int:
    """End runs. A rented machine then follows its keep-alive; `gpuspec down` takes it away at once. Where one cannot
    be ended, the others are all the same."""
    return to_each_run(runs, _stop)


def _stop(where: Launcher, run: Run) -> None:
    after = where.stop(run)
    why = f", {after.message}" if after.message else ""
    say(f"{after.id} ({after.name}): {after.state}{why}")
