"""Workflow commands: GitHub shows them beside the lines of a pull request."""

from __future__ import annotations

from gpuspec.lint.result import Located, Report
from gpuspec.printable import lines, one_line

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """One `::warning …::message` line a finding."""
    return "".join(_command(found) + "\n" for found in report.findings)


def _command(found: Located) -> str:
    finding, at = found.finding, found.place
    parts = {
        "title": f"gpuspec {finding.code} {finding.name}",
        "file": found.path,
        "line": str(at.line),
        "endLine": str(at.end_line),
    }
    if at.line == at.end_line:  # columns are only allowed within one line
        parts |= {"col": str(at.column), "endColumn": str(at.end_column)}
    properties = ",".join(f"{key}={_escape(one_line(value), ':,')}" for key, value in parts.items())
    text = [finding.message]
    if finding.saving:
        text.append(f"saves {finding.saving.in_words}")
    if finding.suggestion:
        text.append(finding.suggestion)
    message = "\n".join(map(lines, text))
    return f"::{LEVELS[finding.severity]} {properties}::{_escape(message)}"


def _escape(text: str, also: str = "") -> str:
    # https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for char in also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
