"""`gpuspec export`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import click

from gpuspec.cli.lint_first import check_workdir, lint_first
from gpuspec.cli.open_case import (
    CaseOptions,
    accept_no_timer_option,
    by_option,
    case_options,
    job_option,
    open_case,
    users_option,
)
from gpuspec.cli.output import say_document
from gpuspec.errors import UserError
from gpuspec.export.withheld import without_secrets
from gpuspec.launch.skypilot.mode import Mode
from gpuspec.launch.skypilot.task_yaml import task_yaml
from gpuspec.lint.result import Located, Problem
from gpuspec.planning.case import Case
from gpuspec.printable import one_line
from gpuspec.rules.safety.inline_secret import InlineSecret
from gpuspec.rules.spec.read_in_part import ReadInPart

KINDS: dict[str, Mode] = {"skypilot": "machine", "skypilot-jobs": "job", "skypilot-serve": "service"}
OTHERS = ("dstack", "kubernetes", "compose", "sbatch")


@click.command("export")
@click.argument("spec", metavar="SPEC")
@click.option(
    "--to",
    type=click.Choice((*KINDS, *OTHERS)),
    default="skypilot",
    show_default=True,
    help="For `sky launch`, `sky jobs launch` (spot with recovery) or `sky serve up` (replicas), or another tool.",
)
@case_options
@job_option
@users_option
@by_option
@accept_no_timer_option
def command(spec: str, to: str, given: CaseOptions) -> int:
    """Write a job, of any format, for another tool.

    `gpuspec export job.jsonc > task.yaml && sky launch task.yaml` starts the same task as `gpuspec run`, and what
    `gpuspec run` would refuse is refused, with exit status 1: a job with errors of `gpuspec lint`, such as one over
    its budget (GS505), or with a key in `env` or in a command (GS701). What is not in the task is left to you: prices
    are not looked at once more, no record is kept and no output is fetched. Secrets are named, never written: pass
    them with `sky launch --secret NAME`.
    """
    settings = given.settings_for(spec)
    case = open_case(spec, settings, given.which)
    lint_first(case, settings, refuse=partial(_refuse_inline_secrets, case.path))
    check_workdir(case)
    from gpuspec.export.outgoing import brings_files
    from gpuspec.export.write import lost, written

    if not case.document.format.in_spec_fields:
        case = _without_secrets(case)
    if to in OTHERS:
        say_document(written(case, to))
        return 0
    folder = case.workdir if brings_files(case) else ""
    text = task_yaml(case.job, case.plan_on("skypilot"), folder, KINDS[to])
    for line in lost(case.document):
        say_document(one_line(f"# not carried: {line}") + "\n")
    say_document(text)
    return 0


def _without_secrets(case: Case) -> Case:
    """The job of another tool's file with its keys named, not written. UserError where a command holds one."""
    held = without_secrets(case.job)
    if held.masked:
        field, advice = held.masked[0]
        wrong = f"`{field}` of {case.path} holds a key; an exported file would hold it, too"
        raise UserError(
            "inline-secret", wrong, f"`gpuspec import` writes it without; then {advice}", status=1
        )
    return case.instead(job=held.job) if held.moved else case


def _refuse_inline_secrets(path: str, findings: Sequence[Located], problems: Sequence[Problem]) -> None:
    """UserError where the file would hold a key or token of the job, or nobody can tell. What the author says is none
    (a suppression, the settings) is written."""
    unknown = f"whether {path} holds a key or token could not be told"
    asked = {f"rule {rule.code} {rule.name}" for rule in (InlineSecret, ReadInPart)}
    for problem in problems:
        # A plugin that cannot be loaded may have had a say in it.
        if problem.who in asked or problem.who.startswith("plugin "):
            hint = "`gpuspec --debug lint` shows more; an exported file would hold it, too"
            raise UserError("not-checked", f"{unknown}: {problem}", hint, status=3)
    for found in findings:
        if found.finding.code == ReadInPart.code:
            told = f"{unknown}: {found.finding.message}"
            raise UserError("not-checked", told, found.finding.suggestion, status=1)
    keys = [found for found in findings if found.finding.code == InlineSecret.code]
    if keys:
        first = keys[0]
        more = f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""
        raise UserError(
            "inline-secret",
            f"{first.path}:{first.place.line}: {first.finding.message}{more}; an exported file would hold it, too",
            f"{first.finding.suggestion}; then `sky launch --secret NAME` takes it from your environment",
            status=1,
        )
