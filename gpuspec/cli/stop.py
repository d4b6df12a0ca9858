"""`gpuspec stop`."""

from __future__ import annotations

import click

from gpuspec.cli.output import say
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.records import Records


@click.command("stop")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
def command(runs: tuple[str, ...]) -> int:
    """End runs. A rented machine then follows its keep-alive; `gpuspec down` takes it away at once."""
    for name in runs:
        found = Records().get(name)
        after = find_launcher(found.launcher).stop(found)
        why = f", {after.message}" if after.message else ""
        say(f"{after.id} ({after.name}): {after.state}{why}")
    return 0
