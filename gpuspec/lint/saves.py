"""What the findings of one job save, ready to be stacked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gpuspec.lint.result import Located
from gpuspec.planning.stacked import Saves


def saves(findings: Iterable[Located], per_hour: float | None) -> Iterator[Saves]:
    """Each of the findings of a job that names money, as a share of what the job costs: of the dollars an hour of all
    its machines, `per_hour`, where the rule does not say of what."""
    for found in findings:
        finding, saving = found.finding, found.finding.saving
        if saving is None or saving.per_hour <= 0:
            continue
        share = saving.share
        if share is None:
            share = saving.per_hour / per_hour if per_hour else 0.0
        yield Saves(finding.code, finding.name, finding.message, found.place.line, saving.kind, share)
