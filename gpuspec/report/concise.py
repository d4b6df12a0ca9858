"""`path:line:col: CODE name message`, one line a finding."""

from __future__ import annotations

from gpuspec.lint.result import Located, Report
from gpuspec.printable import one_line


def render(report: Report) -> str:
    """The report as concise lines."""
    return "".join(line(found) + "\n" for found in report.findings)


def line(found: Located) -> str:
    """One finding as one line."""
    finding, at = found.finding, found.place
    message = " ".join(finding.message.split())
    return one_line(f"{found.path}:{at.line}:{at.column}: {finding.code} {finding.name} {message}")
