"""`gpuspec logs`."""

from __future__ import annotations

import click

from gpuspec.cli.output import say
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.records import Records
from gpuspec.launch.utilization import summary, utilization_of


@click.command("logs")
@click.argument("run", metavar="RUN")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run ends.")
def command(run: str, follow: bool) -> int:
    """Print what a run has written. RUN is its id or name, or the beginning of its id (the newest).

    How much of its machine it used comes last, on standard error. Exit status 1 if the run failed. Ctrl-C ends this,
    not the run.
    """
    found = Records().get(run)
    try:
        status = find_launcher(found.launcher).logs(found, follow=follow)
        used = utilization_of(Records().get(found.id))
        if used and (words := "; ".join(filter(None, (summary(used), used.bottleneck)))):
            say(f"gpuspec: {words}", err=True)
        return status
    except KeyboardInterrupt:
        if not Records().get(found.id).is_over:
            say(f"gpuspec: run {found.id} goes on; `gpuspec stop {found.id}` ends it", err=True)
            return 130
        raise
