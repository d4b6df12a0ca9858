"""`gpuspec attach`."""

from __future__ import annotations

from functools import partial

import click

from gpuspec.cli.output import say
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.launcher import FINAL
from gpuspec.launch.records import Records


@click.command("attach")
@click.argument("run", metavar="RUN")
def command(run: str) -> int:
    """Make a run's ports answer on localhost, until Ctrl-C. RUN is its id or name, or the beginning of its id.

    Says when the service is ready, where the spec has `readiness`. The run goes on when this ends.
    """
    found = Records().get(run)
    if found.state in FINAL:
        say(f"{found.id} ({found.name}) is over: {found.state}", err=True)
        return 1
    find_launcher(found.launcher).attach(found, say=partial(say, err=True))
    return 0
