"""What of a job file is not in the Job, since the format's schema refuses it: what is said of it, and whether a job
may go on without it."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.job.problem import SchemaProblem, shown
from gpuspec.lint.secrets import masked
from gpuspec.planning.case import Case
from gpuspec.text import parts

SAID = 3
"""Mistakes that a note gives in full."""
NAMED = 20
"""Those after them whose fields it names."""
_LIMITS = ("budget", "keep_alive_minutes")
"""Fields that the worst case rests on."""


def notes(case: Case) -> list[str]:
    """What of the file is left out, and what of its commands was not read, and why, secrets masked."""
    found = [_note(case.left_out)] if case.left_out else []
    if case.unread:
        found.append(masked(f"not all of this job was read: {'; '.join(case.unread)}"))
    return found


def _note(problems: Sequence[SchemaProblem]) -> str:
    said = [problem.message for problem in problems[:SAID]]
    others = [shown(parts(problem.pointer)) for problem in problems[SAID : SAID + NAMED]]
    rest = len(problems) - SAID - NAMED
    if others:
        said.append(f"and {', '.join(others)}" + (f" and {rest} more" if rest > 0 else ""))
    return masked(f"left out: {'; '.join(said)}")


def unreadable_fields(problems: Sequence[SchemaProblem]) -> list[SchemaProblem]:
    """Those that stand for a field of the job: its value cannot be read, or its name is misspelled. A key that is no
    field is none of them: nothing reads it in any case."""
    return [problem for problem in problems if problem.kind != "unknown-key" or problem.suggestion]


def unreadable_limits(problems: Sequence[SchemaProblem]) -> list[str]:
    """The limits among them ("budget.max_hours"), without which no worst case is known."""
    from gpuspec.formats.gpu_cli_fields import RENAMED

    fields = (
        problem.suggestion
        if problem.kind == "unknown-key" and problem.pointer.count("/") == 1
        else ".".join(parts(problem.pointer))
        for problem in unreadable_fields(problems)
    )
    named = {field: field.partition(".")[0] for field in fields if field}
    return [field for field, name in named.items() if RENAMED.get(name, name) in _LIMITS]
