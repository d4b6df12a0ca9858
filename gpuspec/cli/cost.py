"""`gpuspec cost`."""

from __future__ import annotations

import os
from typing import Literal

import click

from gpuspec.cli.options import config_option
from gpuspec.cli.output import say, say_document
from gpuspec.cli.ps import current, hours, money, place
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.launch import run_cost
from gpuspec.launch.launcher import FINAL, Run
from gpuspec.launch.records import Records
from gpuspec.launch.utilization import as_values, summary, utilization_of


@click.command("cost")
@click.argument("run", metavar="[RUN]", required=False)
@click.option(
    "--report", is_flag=True, help="Predicted ÷ actual of all runs that ended: time, memory, price."
)
@click.option("--by", type=click.Choice(["job", "gpu", "model"]), help="Of --report: only by these.")
@click.option(
    "--write-measured",
    is_flag=True,
    help="Keep what the runs of this project's jobs took in gpuspec.measured.json, for `lint`, `bill` and your team.",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def command(
    run: str | None,
    report: bool,
    by: Literal["job", "gpu", "model"] | None,
    write_measured: bool,
    config: str | None,
    as_json: bool,
) -> int:
    """What a run has cost so far, and how that compares with what was planned.

    With --report: whether the predictions of all runs were right, by job, GPU and model. Runs that the project keeps
    in its gpuspec.measured.json count, too.
    """
    if by and not report:
        raise click.UsageError("--by is of --report")
    if sum((run is not None, report, write_measured)) != 1:
        raise click.UsageError(
            "give a RUN (`gpuspec ps` lists them), or --report, or --write-measured: one of them"
        )
    if run is None:
        from gpuspec.cli import cost_report

        if write_measured:
            return cost_report.write_measured(config)
        return cost_report.report(by, config, as_json=as_json)
    found = current(_run(run))
    spent, most = run_cost.so_far(found), run_cost.predicted(found)
    if as_json:
        numbers = {
            "run": found.id,
            "state": found.state,
            "hours": run_cost.hours(found),
            "max_hours": found.max_hours,
            "planned_price": found.planned_price,
            "actual_price": found.actual_price,
            "so_far": spent,
            "predicted_at_most": most,
            "planned_memory_gib": found.planned_memory,
            "peak_memory_gib": found.peak_memory,
            "utilization": as_values(utilization_of(found)),
            "currency": "USD",
        }
        say_document(json_text(numbers))
        return 0
    say(f"{found.id} ({found.name}): {found.state} on {place(found)}")
    for what, value in _lines(found, spent, most):
        say(f"  {what:<10} {value}")
    return 0


def _run(wanted: str) -> Run:
    """The run that is called so. What is a file is none: its cost is still to come."""
    try:
        return Records().get(wanted)
    except UserError as error:
        if error.code != "unknown-run" or not os.path.exists(wanted):
            raise
        hint = f"what it will cost: `gpuspec plan {wanted}` for a run, `gpuspec bill {wanted}` for a month"
        raise UserError("unknown-run", f"{wanted} is a file, and no run", hint) from None


def _lines(run: Run, spent: float | None, most: float | None) -> list[tuple[str, str]]:
    limit = "no limit" if run.max_hours is None else f"limit {run.max_hours:g} h"
    lines = [("time", f"{hours(run)} h ({limit})")]
    if run.peak_memory is not None:
        planned = "" if run.planned_memory is None else f" (planned {run.planned_memory:.1f} GiB)"
        lines.append(("memory", f"{run.peak_memory:.1f} GiB at most on one GPU{planned}"))
    if found := utilization_of(run):
        lines.append(("used", summary(found) or "unknown"))
        if found.bottleneck:
            lines.append(("waited for" if run.is_over else "waits for", found.bottleneck))
    if run.launcher == "local":
        return [*lines, ("cost", "nothing: this machine")]
    each = f", each of {run.machines} machines" if (run.machines or 1) > 1 else ""
    lines.append(("price", f"{money(run.actual_price)}/h (planned {money(run.planned_price)}/h{each})"))
    word = "cost" if run.state in FINAL else "so far"
    lines.append((word, f"{money(spent)} (predicted at most {money(most)})"))
    return lines
