"""The JSON document: `{"version", "prices_as_of", "files", "findings"}`."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.lint.result import Located, Report
from gpuspec.version import __version__


def render(report: Report) -> str:
    """The report as a JSON document."""
    document = {
        "version": __version__,
        "prices_as_of": report.prices.as_of if report.prices else None,
        "files": list(report.files),
        "findings": [finding(found) for found in report.findings],
    }
    return json_text(document)


def finding(found: Located) -> dict[str, Any]:
    """One finding as a JSON object."""
    item, at = found.finding, found.place
    saving = item.saving
    return {
        "code": item.code,
        "name": item.name,
        "severity": item.severity,
        "confidence": item.confidence,
        "message": item.message,
        "path": found.path,
        "pointer": item.pointer,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "saving": saving
        and {
            "per_hour": round(saving.per_hour, 4),
            "per_month": round(saving.per_month, 2),
            "currency": "USD",
        },
        "suggestion": item.suggestion,
        "related": [
            {
                "pointer": related.pointer,
                "message": related.message,
                "line": spot.line,
                "column": spot.column,
                "end_line": spot.end_line,
                "end_column": spot.end_column,
            }
            for related, (spot, _) in zip(item.related, found.related, strict=True)
        ],
        "doc": found.doc,
    }
