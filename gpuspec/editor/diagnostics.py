"""Findings as diagnostics."""

from __future__ import annotations

from lsprotocol import types as lsp

from gpuspec.editor.opened import Opened
from gpuspec.editor.position import Positions
from gpuspec.errors import UserError
from gpuspec.lint.result import Located
from gpuspec.printable import one_line

SOURCE = "gpuspec"
SEVERITIES = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "info": lsp.DiagnosticSeverity.Information,
}
TAGS = {
    "unused-suppression": [lsp.DiagnosticTag.Unnecessary],
    "deprecated-name": [lsp.DiagnosticTag.Deprecated],
}


def diagnostics(opened: Opened, uri: str, positions: Positions) -> list[lsp.Diagnostic]:
    """What an editor underlines; none for files that are not ours."""
    if opened.refused is not None and opened.ours:
        return [_refused(opened.refused)]
    return [diagnostic(found, uri, positions) for found in opened.findings]


def diagnostic(found: Located, uri: str, positions: Positions) -> lsp.Diagnostic:
    """One finding."""
    finding = found.finding
    related = [
        lsp.DiagnosticRelatedInformation(lsp.Location(uri, positions.at(place)), one_line(message))
        for place, message in found.related
    ]
    return lsp.Diagnostic(
        range=positions.at(found.place),
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        code_description=lsp.CodeDescription(found.doc) if found.doc else None,
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
        lines.append(f"saves {finding.saving.in_words}")
    if finding.suggestion:
        lines.append(f"→ {finding.suggestion}")
    return "\n".join(map(one_line, lines))


def _refused(error: UserError) -> lsp.Diagnostic:
    lines = [error.message, *([f"→ {error.hint}"] if error.hint else [])]
    return lsp.Diagnostic(
        range=lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0)),
        severity=lsp.DiagnosticSeverity.Error,
        code=error.code,
        source=SOURCE,
        message="\n".join(map(one_line, lines)),
    )
