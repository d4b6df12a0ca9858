"""JUnit XML: a test suite a file, a failed test a finding, a passed one where there is none."""

from __future__ import annotations

from gpuspec.lint.result import Located, Report
from gpuspec.printable import one_line


def render(report: Report) -> str:
    """The report as JUnit XML."""
    by_file: dict[str, list[Located]] = {path: [] for path in report.files}
    for found in report.findings:
        by_file.setdefault(found.path, []).append(found)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    total = sum(max(1, len(items)) for items in by_file.values())
    lines.append(f'<testsuites name="gpuspec" tests="{total}" failures="{len(report.findings)}" errors="0">')
    for path, items in by_file.items():
        counts = f'tests="{max(1, len(items))}" failures="{len(items)}" errors="0" skipped="0" time="0"'
        lines.append(
            f'  <testsuite name={_quoted(path)} {counts} timestamp="1970-01-01T00:00:00" hostname="-">'
        )
        if not items:
            lines.append(f'    <testcase name="gpuspec" classname={_quoted(path)} time="0"/>')
        for found in items:
            lines += _case(path, found)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _case(path: str, found: Located) -> list[str]:
    finding, at = found.finding, found.place
    where = f"{path}:{at.line}:{at.column}"
    body = "\n".join(map(one_line, filter(None, (f"{where}: {finding.message}", finding.suggestion))))
    return [
        f"    <testcase name={_quoted(f'{finding.code} {finding.name} {at.line}:{at.column}')}"
        f' classname={_quoted(path)} time="0">',
        f"      <failure message={_quoted(finding.message)} type={_quoted(finding.severity)}>{_text(body)}</failure>",
        "    </testcase>",
    ]


def _text(text: str) -> str:
    # XML 1.0 has no control characters, not even escaped: `one_line` has taken them.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + _text(one_line(text)).replace('"', "&quot;") + '"'
