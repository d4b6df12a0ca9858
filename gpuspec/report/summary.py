"""The last line: how many of what, how much money, whose prices."""

from __future__ import annotations

from collections.abc import Callable

from gpuspec.lint.result import Located, Report
from gpuspec.printable import one_line
from gpuspec.words import dollars


def savings_per_month(findings: tuple[Located, ...]) -> float:
    """Dollars a month that could be saved: the best single saving of each file, since two findings about one
    file are often two ways to save the same dollar."""
    best: dict[str, float] = {}
    for found in findings:
        if found.finding.saving:
            best[found.path] = max(best.get(found.path, 0.0), found.finding.saving.per_month)
    return sum(best.values())


def summary(report: Report, style: Callable[[str, str], str]) -> str:
    """`2 errors, 1 warning in 3 files · up to $993/month to save · prices: runpod, 2026-11-17`."""
    total = len(report.files)
    counts = dict.fromkeys(("error", "warning", "info"), 0)
    for found in report.findings:
        counts[found.finding.severity] += 1
    words = [style(kind, plural(number, kind)) for kind, number in counts.items() if number]
    parts = [
        f"{', '.join(words)} in {plural(total, 'file')}"
        if words
        else f"{style('green', 'clean')}: {plural(total, 'file')}"
    ]
    fixed = sum(number for _, _, number in report.fixed)
    if fixed:
        parts.insert(0, f"{fixed} fixed")
    money = savings_per_month(report.findings)
    if money >= 1:
        parts.append(f"up to {style('bold', dollars(money))}/month to save")
    if report.prices and money >= 1:
        parts.append(one_line(f"prices: {report.prices.name}, {report.prices.as_of or 'undated'}"))
    return " · ".join(parts)


def plural(number: int, word: str) -> str:
    """`1 file`, `2 files`; "info" has no plural."""
    return f"{number:,} {word}" if number == 1 or word == "info" else f"{number:,} {word}s"
