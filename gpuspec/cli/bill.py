"""`gpuspec bill`: what all jobs of a project cost a month."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import click

from gpuspec.cli.bill_notes import notes, unnamed
from gpuspec.cli.billed_jobs import Biller
from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.exit_status import tell
from gpuspec.cli.open_case import CaseOptions, case_options
from gpuspec.cli.options import format_option, json_format_option, one_format
from gpuspec.cli.run_lint import write
from gpuspec.planning.bill import Bill
from gpuspec.planning.bill_budgets import is_over

FORMATS = ("text", "json", "csv", "markdown", "html")


@click.command("bill")
@click.argument("paths", nargs=-1, metavar="[PATH]…")
@format_option(*FORMATS)
@json_format_option
@click.option(
    "--by",
    "grouped",
    multiple=True,
    metavar="KIND",
    help="Group by folder, cloud, gpu, or the key of a label. May be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="Show every job, group and saving in the text.")
@click.option("--title", default="", help="What html calls it: whose bill it is, or of which month.")
@click.option("--output", "-o", metavar="FILE", help="Write the bill to FILE.")
@case_options
def command(
    paths: tuple[str, ...],
    format_: str,
    as_json: bool,
    grouped: tuple[str, ...],
    everything: bool,
    title: str,
    output: str | None,
    given: CaseOptions,
) -> int:
    """What all jobs of a project cost a month, where the money goes, and what could be saved.

    PATHs are files and folders; without any, this folder. Jobs of every format that lint reads count.

    \b
    gpuspec bill
    gpuspec bill jobs/ --by team --json
    gpuspec bill --format html --output bill.html

    Exit status: 0; 1 over a budget; 2 where a file cannot be read.
    """
    format_ = one_format(format_, as_json=as_json)
    if title and format_ != "html":
        raise click.UsageError("--title is of --format html")
    biller = Biller(given)
    with redirect_stdout(sys.stderr):  # rules may print
        biller.read(paths or (".",))
    bill = biller.bill(grouped)
    if bill.jobs or not biller.errors:
        write(_rendered(format_, bill, title=title, everything=everything), output)
    if biller.errors or biller.problems:
        from gpuspec.cli.lint_failures import tell_errors

        tell_errors(biller.problems, biller.errors)
    paths = paths or (".",)
    told = (
        *notes(bill, grouped, paths, biller.budget_folders),
        *unnamed(paths, biller.files, biller.configs.settings_for),
    )
    for note in (*biller.configs.notes(), *told):
        tell(f"gpuspec: note: {note}")
    if biller.problems:
        return 3
    return 2 if biller.errors else int(any(map(is_over, bill.budgets)))


def _rendered(format_: str, bill: Bill, *, title: str, everything: bool) -> str:
    if format_ == "json":
        from gpuspec.report import bill_json

        return bill_json.render(bill)
    if format_ == "csv":
        from gpuspec.report import bill_csv

        return bill_csv.render(bill)
    if format_ == "markdown":
        from gpuspec.report import bill_markdown

        return bill_markdown.render(bill)
    if format_ == "html":
        from gpuspec.report import bill_html

        return bill_html.render(bill, title)
    from gpuspec.report import bill_text

    return bill_text.render(bill, terminal_columns(), everything=everything)
