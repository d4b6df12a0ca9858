"""Findings as diagnostics."""

from __future__ import annotations

from lsprotocol.types import (
    CodeDescription,
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    DiagnosticTag,
    Location,
    Position,
    Range,
)

from gpuspec.editor.opened import Opened
from gpuspec.editor.position import Positions
from gpuspec.errors import UserError
from gpuspec.lint.result import Located
from gpuspec.words import dollars

SOURCE = "gpuspec"
SEVERITIES = {
    "error": DiagnosticSeverity.Error,
    "warning": DiagnosticSeverity.Warning,
    "info": DiagnosticSeverity.Information,
}
TAGS = {
    "unused-suppression": [DiagnosticTag.Unnecessary],
    "deprecated-name": [DiagnosticTag.Deprecated],
}


def diagnostics(opened: Opened, uri: str, positions: Positions) -> list[Diagnostic]:
    """What an editor underlines; none for files that are not ours."""
    if opened.refused is not None and opened.ours:
        return [_refused(opened.refused)]
    return [diagnostic(found, uri, positions) for found in opened.findings]


def diagnostic(found: Located, uri: str, positions: Positions) -> Diagnostic:
    """One finding."""
    finding = found.finding
    related = [
        DiagnosticRelatedInformation(Location(uri, positions.at(place)), message)
        for place, message in found.related
    ]
    return Diagnostic(
        range=positions.at(found.place),
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        code_description=CodeDescription(found.doc) if found.doc else None,
        source=SOURCE,
        message=_message(found),
        tags=TAGS.get(finding.name),
        related_information=related or None,
        data={"name": finding.name, "fixable": finding.fix is not None},
    )


def _message(found: Located) -> str:
    finding = found.finding
    lines = [f"{finding.name}: {finding.message}"]
    if finding.saving and finding.saving.per_hour > 0:
        hour, month = dollars(finding.saving.per_hour), dollars(finding.saving.per_month)
        lines.append(f"saves {hour}/hour, {month}/month if it runs all the time")
    if finding.suggestion:
        lines.append(f"→ {finding.suggestion}")
    return "\n".join(lines)


def _refused(error: UserError) -> Diagnostic:
    hint = f"\n→ {error.hint}" if error.hint else ""
    return Diagnostic(
        range=Range(Position(0, 0), Position(0, 0)),
        severity=DiagnosticSeverity.Error,
        code=error.code,
        source=SOURCE,
        message=error.message + hint,
    )
