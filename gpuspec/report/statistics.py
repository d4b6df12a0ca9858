"""Counts by rule, with the money: `lint --statistics`."""

from __future__ import annotations

from gpuspec.json_text import json_text
from gpuspec.lint.result import Report
from gpuspec.printable import one_line
from gpuspec.report.summary import plural, savings
from gpuspec.words import dollars


def render(report: Report, *, as_json: bool = False) -> str:
    """One line a rule, most frequent first, then the total."""
    rows: dict[tuple[str, str], list[float]] = {}
    for found in report.findings:
        row = rows.setdefault((found.finding.code, found.finding.name), [0, 0, 0.0])
        row[0] += 1
        row[1] += found.finding.fix is not None
        row[2] += (found.finding.saving.per_month or 0.0) if found.finding.saving else 0.0
    ranked = sorted(rows.items(), key=lambda item: (-item[1][0], item[0]))
    if as_json:
        counted = [
            {
                "code": code,
                "name": name,
                "findings": number,
                "fixable": fixable,
                "saving_per_month": round(money, 2),
            }
            for (code, name), (number, fixable, money) in ranked
        ]
        return json_text(counted)
    width = max((len(str(row[0])) for _, row in ranked), default=1)
    lines = []
    for (code, name), (number, fixable, money) in ranked:
        notes = [f"{fixable:.0f} fixable"] if fixable else []
        notes += [f"{dollars(money)}/month"] if money else []
        lines.append(f"{number:>{width}.0f}  {code} {name}" + (f"  ({', '.join(notes)})" if notes else ""))
    total = f"{plural(len(report.findings), 'finding')} in {plural(len(report.files), 'file')}"
    saving = savings(report.findings)
    lines.append(total + (f" · up to {saving} to save" if saving else ""))
    return "\n".join(map(one_line, lines)) + "\n"
