"""`gpuspec diff`: what a change of a project does to its findings and to what its jobs cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import click

from gpuspec.catalog.price_file import names_a_file
from gpuspec.cli.compared import compared
from gpuspec.cli.cost_limit import CostLimit, Limit
from gpuspec.cli.diff_budgets import budget_changes
from gpuspec.cli.exit_status import tell
from gpuspec.cli.open_case import CaseOptions, case_options
from gpuspec.cli.options import format_option, json_format_option, one_format
from gpuspec.cli.project_state import DiffScope, PricingLinter, State
from gpuspec.cli.run_lint import prices_of, write
from gpuspec.cli.states import two_states
from gpuspec.lint.config_file import SEVERITIES
from gpuspec.lint.globs import relative
from gpuspec.report.diff import FORMATS, render
from gpuspec.report.what_changed import WhatChanged
from gpuspec.rules import collect


@click.command("diff")
@click.argument("base", metavar="BASE")
@click.argument("head", metavar="[HEAD]", required=False)
@click.option(
    "--path", "paths", multiple=True, metavar="PATH", help="Only this file or folder. May be repeated."
)
@format_option(*FORMATS)
@json_format_option
@click.option("--output", "-o", metavar="FILE", help="Write what changed to FILE.")
@click.option(
    "--fail-above",
    type=Limit(),
    multiple=True,
    metavar="LIMIT",
    help="Exit with 1 where all jobs together cost more by LIMIT: +100/month, +2.50/hour, +40/run, or +10% of a "
    "month. May be repeated.",
)
@click.option("--fail-on-new", is_flag=True, help="Exit with 1 at a new finding of `fail-on` and above.")
@click.option("--scripts", is_flag=True, help="In folders, look at scripts, too.")
@case_options
def command(
    base: str,
    head: str | None,
    paths: tuple[str, ...],
    format_: str,
    as_json: bool,
    output: str | None,
    fail_above: tuple[CostLimit, ...],
    fail_on_new: bool,
    scripts: bool,
    given: CaseOptions,
) -> int:
    """What changed from BASE to HEAD: findings that are new or fixed, and what each job and all of them cost an hour,
    a run, a month and per unit of work.

    BASE and HEAD are commits (a branch, a tag, an id), folders, or two files; without HEAD, this folder as it is.
    BASE...HEAD begins where the two parted, as in git. Commits are read from git's own store: nothing is checked
    out, run or fetched. What the baseline of the settings hides is not new, and a file that was moved is compared
    with what it was. Each side has its own settings, and the prices in force now.

    \b
    gpuspec diff main
    gpuspec diff origin/main...HEAD --fail-above +100/month --fail-on-new
    gpuspec diff ../before jobs/ --format markdown
    gpuspec diff old.jsonc new.jsonc --json

    Exit status: 0; 1 beyond --fail-above, or at a new finding with --fail-on-new; 2 where BASE or HEAD, or a file of
    HEAD, cannot be read.
    """
    format_ = one_format(format_, as_json=as_json)
    with (
        two_states(base, head, paths) as (before, after, below),
        redirect_stdout(sys.stderr),
    ):  # rules may print
        linter, asked = PricingLinter(collect()), DiffScope(below, given, scripts)
        for state in (before, after):
            state.look(asked, linter, other=after.root)
        found = compared(before, after, prices=_prices(after, linter))
        found = found._replace(
            budgets=()
            if below
            else budget_changes(before, after),  # of some paths, a budget knows only a part
            exceeded=tuple(each for limit in fail_above if (each := limit.exceeded(found)) is not None),
        )
        failing = _failing(found, after) if fail_on_new else 0
    write(render(format_, found), output)
    _tell(found, fail_above, failing)
    if status := _told_errors(before, after, linter):
        return status
    return int(bool(found.exceeded or failing))


def _prices(state: State, linter: PricingLinter) -> str:
    """Whose prices they are, in words."""
    first = next(iter(state.files.values()), None)
    used = prices_of(linter.catalog, first.settings.prices if first else None)
    if used is None:
        return ""
    # A file of the project is called as it is there, wherever this side lies.
    name = relative(used.name, state.root) if names_a_file(used.name) else used.name
    return f"{os.path.basename(name) if name.startswith(os.pardir) else name}, {used.as_of or 'undated'}"


def _failing(found: WhatChanged, head: State) -> int:
    """How many new findings are as severe as lint fails at."""
    return sum(
        SEVERITIES.index(each.finding.severity) >= SEVERITIES.index(head.files[each.path].settings.fail_on)
        for each in found.new
    )


def _tell(found: WhatChanged, limits: Sequence[CostLimit], failing: int) -> None:
    """Why it fails, and what the limits cannot tell."""
    from gpuspec.report.summary import plural

    for each in found.exceeded:
        tell(f"gpuspec: {each.added} is more than --fail-above {each.limit}")
    if failing:
        tell(f"gpuspec: {plural(failing, 'new finding')}, and --fail-on-new")
    for per in dict.fromkeys(limit.per for limit in limits):
        if unseen := found.sum_of(per).unseen:
            tell(
                f"gpuspec: note: --fail-above leaves out {plural(unseen, 'changed job')}, of which it is not known "
                f"what a {per} costs"
            )


def _told_errors(base: State, head: State, linter: PricingLinter) -> int:
    """Tell what failed and what could not be read: the exit status of that, 0 where all was."""
    from gpuspec.cli.lint_failures import tell_errors

    if linter.problems or head.errors:
        tell_errors(linter.problems, head.errors)
    for state in (base, head):
        for file in sorted(state.of_local_rules()[1]):
            tell(f"gpuspec: note: {state.said}: {file} is named in local-rules and was not run")
    for error in base.errors[:1]:
        more = f", and {len(base.errors) - 1:,} more" if len(base.errors) > 1 else ""
        tell(f"gpuspec: note: {base.said}: {error.message}{more}")
    return 3 if linter.problems else 2 if head.errors else 0
