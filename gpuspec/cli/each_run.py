"""What a command does to each of several runs: one that fails keeps none of the others, whose machines cost money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import click

from gpuspec.cli.exit_status import exit_status
from gpuspec.cli.output import say
from gpuspec.launch.installed_launchers import find_launcher
from gpuspec.launch.launcher import Launcher, Run
from gpuspec.launch.records import Records


def to_each_run(names: Sequence[str], do: Callable[[Launcher, Run], None]) -> int:
    """Do something to the run of each name. What fails is told; the exit status is that of the first that failed.
    Ctrl-C ends it all."""

    def one(name: str) -> int:
        run = Records().get(name)
        do(find_launcher(run.launcher), run)
        return 0

    debug = bool(click.get_current_context().find_root().params.get("debug"))
    worst = 0
    for name in names:
        status = exit_status(partial(one, name), "again with --debug", debug=debug)
        worst = worst or status
        if status in (130, 141):
            return status
        if status and len(names) > 1:
            say(f"gpuspec: that was {name}; the others are not kept by it", err=True)
    return worst
