"""Which fields of a Job a file means to set in a way that its format refuses: what they are is not known, and they
are not missing. Loaded only where a format refuses something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gpuspec.formats import Document
from gpuspec.formats.gpu_cli_fields import RENAMED
from gpuspec.job.problem import SchemaProblem
from gpuspec.numerals import small_number
from gpuspec.text import parts

_PARTS_OF = {
    "cloud_type": ("hosts",),
    "environment": ("image", "setup"),
    "hooks": ("readiness",),
    "outputs_enabled": ("outputs",),
    "serverless": ("gpu_types", "scaling"),
}
"""Old fields of the job spec → the fields that they play the part of."""
_ALTERNATIVES = frozenset({"any_of", "ordered"})
"""Lists of machines, any of which may say what all may say."""


def refused_fields(document: Document, mistakes: Iterable[SchemaProblem]) -> frozenset[str]:
    """The fields of the Job, by the first part of their names, that some mistakes are about. A key that is nobody's
    is one of none; one that is misspelt is the field that was meant."""
    found = _of_job_spec if document.format.in_spec_fields else _of_format
    return frozenset(
        field
        for problem in mistakes
        if problem.kind != "too-many"
        and problem.pointer.startswith(document.place + "/" * bool(document.place))
        for field in found(document, problem)
    )


def _of_job_spec(document: Document, problem: SchemaProblem) -> Iterator[str]:
    path = _meant(problem, parts(problem.pointer))
    if path:
        first = path[0].partition(".")[0]  # "budget.max_hours": it belongs there
        yield from _PARTS_OF.get(first, (RENAMED.get(first, first),))


def _of_format(document: Document, problem: SchemaProblem) -> Iterator[str]:
    """By how the format spells the fields; a field whose name is the same is not listed there."""
    written = parts(problem.pointer)[len(parts(document.place)) :]
    path = [key for key in _meant(problem, written) if small_number(key) is None and key not in _ALTERNATIVES]
    if not path:
        return
    spelling = document.format.spelling
    for field, spelled in spelling.items():
        said = spelled.split(".")
        length = min(len(said), len(path))
        if said[:length] == path[:length]:
            yield field.partition(".")[0]
    if path[0] not in spelling:
        yield path[0]


def _meant(problem: SchemaProblem, path: list[str]) -> list[str]:
    """The path of what is meant: of a key that is nobody's, what it stands in."""
    if problem.kind != "unknown-key":
        return path
    return [*path[:-1], *([problem.suggestion] if problem.suggestion else [])]
