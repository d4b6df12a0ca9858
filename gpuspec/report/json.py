"""The JSON document: `{"version", "prices_as_of", "files", "findings", "hidden"}`."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.lint.result import Located, Place, Report
from gpuspec.version import __version__


def render(report: Report) -> str:
    """The report as a JSON document."""
    document = {
        "version": __version__,
        "prices_as_of": report.prices.as_of if report.prices else None,
        "files": list(report.files),
        "findings": [_finding(found) for found in report.findings],
        "hidden": {by: sum(hidden.by == by for hidden in report.hidden) for by in ("comment", "baseline")},
    }
    return json_text(document)


def _finding(found: Located) -> dict[str, Any]:
    item, saving = found.finding, found.finding.saving
    return {
        "code": item.code,
        "name": item.name,
        "severity": item.severity,
        "confidence": item.confidence,
        "message": item.message,
        "path": found.path,
        "pointer": item.pointer,
        **_place(found.place),
        "saving": saving
        and {
            "per_hour": round(saving.per_hour, 4),
            "per_month": None if saving.per_month is None else round(saving.per_month, 2),
            "per_run": None if saving.per_run is None else round(saving.per_run, 2),
            "currency": "USD",
        },
        "suggestion": item.suggestion,
        "related": [
            {"pointer": related.pointer, "message": related.message, **_place(spot)}
            for related, (spot, _) in zip(item.related, found.related, strict=True)
        ],
        "doc": found.doc,
    }


def _place(at: Place) -> dict[str, int]:
    return {"line": at.line, "column": at.column, "end_line": at.end_line, "end_column": at.end_column}
