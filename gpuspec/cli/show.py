"""`gpuspec show`."""

from __future__ import annotations

import click

from gpuspec.cli.columns import terminal_columns
from gpuspec.cli.open_case import CaseOptions, NoJob, case_options, job_option, open_cases
from gpuspec.cli.output import say_document
from gpuspec.json_text import json_text


@click.command("show")
@click.argument("path", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@case_options
@job_option
def command(path: str, as_json: bool, given: CaseOptions) -> int:
    """What gpuspec understands of a job file, job by job: GPUs, model, engine, limits, and where each is said.

    What the file does not state, but gpuspec derives or assumes, stands apart with its reason. Exit status 1 where
    something is left out, since the format's schema refuses it, or not read, since there is too much of it. A file of
    a format that is read, in which nothing asks for a GPU, holds no jobs: exit status 0.
    """
    from gpuspec.report.show import as_text, understood

    try:
        cases = open_cases(path, given.settings_for(path), given.which)
    except NoJob as none:
        if none.format is None:
            raise
        say_document(json_text({"jobs": []}) if as_json else f"{none.message}\n")
        return 0
    jobs = [understood(case) for case in cases]
    say_document(json_text({"jobs": jobs}) if as_json else as_text(path, jobs, terminal_columns()))
    return int(any(job["left_out"] or job["not_read"] for job in jobs))
