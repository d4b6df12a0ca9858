"""GitLab's code quality report (a list in the Code Climate form)."""

from __future__ import annotations

from gpuspec.json_text import json_text
from gpuspec.lint.result import Report
from gpuspec.printable import one_line
from gpuspec.report.fingerprint import fingerprints, in_order

SEVERITIES = {"error": "critical", "warning": "minor", "info": "info"}


def render(report: Report) -> str:
    """The report as code quality JSON."""
    everything = in_order(report)
    marks = fingerprints([found for found, _ in everything])
    issues = [
        {
            "type": "issue",
            "description": one_line(
                " ".join(f"{found.finding.code} {found.finding.name}: {found.finding.message}".split())
            ),
            "check_name": f"{found.finding.code} {found.finding.name}",
            "categories": ["Bug Risk" if found.finding.severity == "error" else "Performance"],
            "fingerprint": mark,
            "severity": SEVERITIES[found.finding.severity],
            "location": {
                "path": found.path.replace("\\", "/").removeprefix("./"),
                "lines": {"begin": found.place.line, "end": found.place.end_line},
            },
        }
        for (found, hidden), mark in zip(everything, marks, strict=True)
        if hidden is None
    ]
    return json_text(issues)
