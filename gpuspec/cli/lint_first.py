"""What a command that launches a job, or writes what is to be launched, checks first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.lint.result import Located, Problem
from gpuspec.lint.secrets import masked
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.report.left_out import notes, unreadable_fields

Refusal = Callable[[Sequence[Located], Sequence[Problem]], None]
"""Raises UserError for a finding, or for a rule that failed, whatever its severity."""


def lint_first(case: Case, settings: Settings, *, refuse: Refusal | None = None) -> None:
    """Show the findings, as `gpuspec lint` would; stop at an error, and at a field that cannot be read,
    whatever the settings say of that: its limit would not hold. `refuse` is asked before any is shown."""
    from gpuspec.lint.registry import late_problems
    from gpuspec.lint.runner import Linter
    from gpuspec.report.summary import plural
    from gpuspec.report.text import Style, block
    from gpuspec.rules import collect

    linter = Linter(collect())
    late_problems()  # told below
    findings = linter.cases([case], settings)
    if refuse:
        refuse(findings, linter.problems)
    for problem in linter.problems:
        say(f"gpuspec: error[internal]: {problem}", err=True)
    for found in findings:
        say_document(block(found, Style(columns=80)) + "\n", err=True)
    errors = [found for found in findings if found.finding.severity == "error"]
    if errors:
        wrong = f"{case.path}: {plural(len(errors), 'error')} that would fail or lose data"
        hint = "fix them, or suppress one with a reason: // gpuspec: ignore[NAME] reason"
        if unreadable_fields(case.left_out):
            hint = "fix them; a field that cannot be read stops the job though its finding is suppressed"
        raise UserError("lint-errors", wrong, hint, status=1)
    _refuse_unreadable_fields(case)
    for note in notes(case):
        say(f"{case.path}: {note}", err=True)


def _refuse_unreadable_fields(case: Case) -> None:
    fields = unreadable_fields(case.left_out)
    if fields:
        line, column = case.tree.position(case.tree.span(fields[0].pointer).start)
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        wrong = f"{case.path}:{line}:{column}: {masked(fields[0].message)}{more}"
        hint = "correct it: the job would go without it, so no suppression and no setting lets it pass"
        raise UserError("unread-field", wrong, hint, status=1)


def check_workdir(case: Case) -> None:
    """UserError where the workdir is a link out of the spec's folder: all that lies there would go to the machine.
    What leads out by its name is a finding."""
    folder = os.getcwd() if case.path == "-" else os.path.dirname(os.path.abspath(case.path))
    if not os.path.isdir(case.workdir):
        return  # the launcher says so
    inside, real = os.path.realpath(folder), os.path.realpath(case.workdir)
    if os.path.commonpath([inside, real]) != inside:
        raise UserError(
            "workdir-outside",
            f"the workdir {case.workdir} is a link that leads outside the spec's folder, to {real}",
            "put the spec there, or copy what the job needs into its folder",
        )
