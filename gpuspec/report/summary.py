"""The last line: how many of what, how much money, whose prices."""

from __future__ import annotations

from collections.abc import Callable

from gpuspec.lint.result import Located, Report
from gpuspec.printable import one_line
from gpuspec.words import dollars


def savings(findings: tuple[Located, ...]) -> str:
    """`$993/month`, `$0.65/hour`, or both with a plus; "" for less than a dollar a month and no cent an hour. The
    best single saving of each file counts, since two findings about one file are often two ways to save the same
    dollar; by the month what runs all month or on a schedule, by the hour the rest."""
    months: dict[str, float] = {}
    hours: dict[str, float] = {}
    for found in findings:
        if saving := found.finding.saving:
            if saving.per_month is None:
                hours[found.path] = max(hours.get(found.path, 0.0), saving.per_hour)
            else:
                months[found.path] = max(months.get(found.path, 0.0), saving.per_month)
    month, hour = sum(months.values()), sum(hours.values())
    said = [f"{dollars(month)}/month"] if month >= 1 else []
    said += [f"{dollars(hour)}/hour"] if hour >= 0.005 else []
    return " + ".join(said)


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
    known = sum(hidden.by == "baseline" for hidden in report.hidden)
    if known:
        parts.append(f"{known:,} more in the baseline")
    money = savings(report.findings)
    if money:
        parts.append(f"up to {style('bold', money)} to save")
    if report.prices and money:
        parts.append(one_line(f"prices: {report.prices.name}, {report.prices.as_of or 'undated'}"))
    return " · ".join(parts)


def plural(number: int, word: str) -> str:
    """`1 file`, `2 files`; "info" has no plural."""
    return f"{number:,} {word}" if number == 1 or word == "info" else f"{number:,} {word}s"
