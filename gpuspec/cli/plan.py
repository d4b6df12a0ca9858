"""`gpuspec plan`."""

from __future__ import annotations

import os

import click

from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.deadline import against_deadline
from gpuspec.cli.open_case import (
    CaseOptions,
    accept_no_timer_option,
    by_option,
    case_options,
    job_option,
    open_case,
    users_option,
)
from gpuspec.cli.options import MOST_HOURS, Amount
from gpuspec.cli.output import say, say_document
from gpuspec.cli.own_runs import with_own_runs
from gpuspec.planning.rank import over_budget


@click.command("plan")
@click.argument("specs", metavar="SPEC|DIR...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the whole plan as JSON.")
@click.option("--all", "everything", is_flag=True, help="Show every offer, and why each was not taken.")
@click.option(
    "--deadline",
    type=Amount(MOST_HOURS),
    metavar="HOURS",
    help="By when a job's items are to be done: how many machines (`run --shards`), and of which kind.",
)
@click.option(
    "--item-seconds",
    type=Amount(MOST_HOURS * 3600),
    help="How long one item takes on the GPU chosen. Default: what the last run measured.",
)
@click.option(
    "--what-if",
    "assumed",
    multiple=True,
    metavar="NAME[=SHARE]",
    help="A month of the declared traffic, assumed that: cascade=0.6, prefix-cache, all. May be repeated.",
)
@case_options
@job_option
@users_option
@by_option
@accept_no_timer_option
def command(
    specs: tuple[str, ...],
    as_json: bool,
    everything: bool,
    deadline: float | None,
    item_seconds: float | None,
    assumed: tuple[str, ...],
    given: CaseOptions,
) -> int:
    """Rank what can be rented for a job by what its work is paid by, with reasons and the worst-case cost.

    Batch and training are ranked by what the job costs, a server whose traffic is declared by $ per million tokens,
    all else by $ an hour; --by says otherwise. Offline, from dated price lists; nothing is rented.

    Of a service that declares `traffic` or `users` it says how many machines they take, how quickly these answer
    against the `slo`, what a month costs, and when growth needs the next one.

    Of several files, or of a folder, every job is a row of one table: its machine, $/h, hours, dollars a run and a
    month, or why it gets none.

    Exit status 1 when no offer satisfies every limit, or the worst case is over the budget. A job that asks for no
    GPU and names no model has nothing to rent: 0.

    Where a job has items and an earlier run has measured how long one takes, it is shown whether one machine does
    them within the time limit (or the --deadline), and how many do otherwise.
    """
    if len(specs) > 1 or os.path.isdir(specs[0]):
        alone = {
            "--deadline": deadline,
            "--item-seconds": item_seconds,
            "--what-if": assumed,
            "--all": everything,
        }
        meant = next((option for option, value in alone.items() if value), None)
        if meant:
            raise click.UsageError(f"{meant} is of one file, not of several.")
        from gpuspec.cli.planned_jobs import plan_several

        return plan_several(specs, given, as_json=as_json)
    (spec,) = specs
    case = with_own_runs(open_case(spec, given.settings_for(spec), given.which))
    plan = case.plan
    spread = against_deadline(case, plan, deadline=deadline, seconds=item_seconds)
    what_ifs = None
    if assumed:
        from gpuspec.cli.plan_what_if import what_ifs_of

        what_ifs = what_ifs_of(case, plan, assumed)
    if as_json:
        from gpuspec.report import plan_json

        say_document(plan_json.render(case, plan, spread, what_ifs))
    else:
        from gpuspec.report import plan_table

        text = plan_table.render(case, plan, everything=everything, spread=spread, columns=terminal_columns())
        say_document(text)
        if what_ifs:
            from gpuspec.cli.columns import wrapped
            from gpuspec.report.what_if_table import what_if_lines

            say("", *(part for line in what_if_lines(what_ifs) for part in wrapped(line)))
    over = over_budget(case.job, plan.cost.total if plan.cost else None)
    return 1 if over or (plan.candidates and not plan.choice) else 0
