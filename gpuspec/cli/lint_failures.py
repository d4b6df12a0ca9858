"""What `gpuspec lint` tells on standard error: what failed, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpuspec.cli.exit_status import complain, tell
from gpuspec.errors import UserError
from gpuspec.lint.result import Problem


def tell_errors(problems: Sequence[Problem], errors: Sequence[UserError]) -> None:
    """What failed, and what could not be read."""
    for line in one_line_each(problems):
        tell(f"gpuspec: error[internal]: {line}")
    for error in each_hint_once(errors):
        complain(error)


def each_hint_once(errors: Sequence[UserError]) -> Iterator[UserError]:
    """Each error once, also where it hits every file, and what to do once for all of its kind."""
    last: dict[str, str | None] = {}
    for error in {(error.code, error.message): error for error in errors}.values():
        said = last.get(error.code) == error.hint
        last[error.code] = error.hint
        yield UserError(error.code, error.message) if said else error


def idle_note(paths: Sequence[str]) -> list[str]:
    """What is said of job files in which nothing asks for a GPU: "clean" does not mean that jobs were judged."""
    if not paths:
        return []
    if len(paths) == 1:
        return [f"nothing in {paths[0]} asks for a GPU"]
    more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    return [f"nothing asks for a GPU in {len(paths):,} files: {', '.join(paths[:3])}{more}"]


def one_line_each(problems: Sequence[Problem]) -> Iterator[str]:
    """One line for each failure, however many files it hit."""
    hit: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        hit.setdefault((problem.who, problem.message), []).append(problem)
    for same in hit.values():
        more = f" (and in {len(same) - 1:,} more files)" if len(same) > 1 else ""
        yield f"{same[0]}{more}"
