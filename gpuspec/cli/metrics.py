"""`gpuspec metrics`."""

from __future__ import annotations

import time

import click

from gpuspec.atomic_write import atomic_write
from gpuspec.cli.metrics_endpoint import address_of, serve
from gpuspec.cli.options import config_option, isolated_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.ps import current
from gpuspec.errors import UserError
from gpuspec.launch.alerts import month_shares
from gpuspec.launch.budget_files import budgets_in, budgets_of_runs
from gpuspec.launch.launcher import Run
from gpuspec.launch.metrics import families
from gpuspec.launch.prometheus import render
from gpuspec.launch.records import Records
from gpuspec.lint.config import Configs
from gpuspec.rules import collect
from gpuspec.untrusted_file import in_words

Asked = dict[str, Run]
"""Id → the run as its machine told."""


@click.command("metrics")
@click.option("--output", "-o", metavar="FILE", help="Write it there, as a whole or not at all.")
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    help="Serve it at http://ADDRESS:PORT/metrics until Ctrl-C; a port alone means this machine only.",
)
@click.option("--no-ask", is_flag=True, help="Ask no machine: what the records say.")
@config_option
@isolated_option
def command(output: str | None, listen: str | None, no_ask: bool, config: str | None, isolated: bool) -> int:
    """Runs, dollars and budgets in Prometheus' text format.

    For node_exporter's textfile collector write a file from cron: `gpuspec metrics -o DIR/gpuspec.prom`. With
    --listen Prometheus scrapes it: machines are asked every five minutes, a scrape reads the records.
    """
    if listen is not None and output is not None:
        raise UserError("wrong-usage", "--listen serves, --output writes a file", "give one of them")
    budget_file = Configs(collect(), path=config, isolated=isolated).settings_for(".").budget_file
    asked: Asked = {}
    if listen is not None:
        host, port = address_of(listen)
        serve(
            host,
            port,
            text=lambda: _text(budget_file, asked),
            every=None if no_ask else lambda: _ask(asked),
            say=lambda line: say(line, err=True),
        )
        return 0
    if not no_ask:
        _ask(asked)
    text = _text(budget_file, asked)
    if output is None:
        say_document(text)
        return 0
    try:
        atomic_write(output, text.encode("utf-8", "replace"))
    except OSError as error:
        wrong = f"{output} cannot be written: {in_words(error)}"
        raise UserError("cannot-write", wrong, "name a file in a folder that can be written") from None
    return 0


def _ask(asked: Asked) -> None:
    """Ask the machines of the runs that go on. Those that ended meanwhile are read from the records again."""
    found = {run.id: current(run) for run in Records().all(active=True)}
    asked.clear()
    asked.update(found)


def _text(here: str | None, asked: Asked) -> str:
    now = time.time()
    runs = [run if run.is_over else asked.get(run.id, run) for run in Records().recent(now)]
    budgets = {**budgets_in([here] if here else []), **budgets_of_runs(runs)}
    return render(families(runs, month_shares(budgets, runs, now), now))
