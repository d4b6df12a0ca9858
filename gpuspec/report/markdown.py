"""Markdown for a pull request: the money first, then everything else."""

from __future__ import annotations

from gpuspec.lint.result import Located, Report
from gpuspec.printable import escape, one_line
from gpuspec.printable import markdown as plain
from gpuspec.report.summary import summary
from gpuspec.words import dollars

SIGNS = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}


def render(report: Report) -> str:
    """The report as Markdown."""
    out = ["### gpuspec", "", plain(summary(report, lambda _, text: text))]
    savings = [(found.finding.saving, found) for found in report.findings]
    priced = [(saving, found) for saving, found in savings if saving and saving.per_hour > 0]
    if priced:
        out += ["", "| where | what | per hour | per month or run |", "|---|---|---:|---:|"]
        for saving, found in sorted(priced, key=lambda pair: -pair[0].per_hour):
            longer = saving.in_words.partition(", ")[2] or "–"
            prices = (plain(dollars(saving.per_hour)), plain(longer))
            out.append(f"| {' | '.join((where(found), what(found), *prices))} |")
    others = [found for saving, found in savings if not saving or saving.per_hour <= 0]
    if others:
        out += ["", "| where | what |", "|---|---|"]
        out += [f"| {where(found)} | {what(found)} |" for found in others]
    return "\n".join(out) + "\n"


def where(found: Located) -> str:
    """The file and line of a finding, as code."""
    # In code nothing else means anything, not even a backslash before one of these.
    path = one_line(found.path).replace("|", escape("|")).replace("`", escape("`"))
    return f"`{path}:{found.place.line}`"


def what(found: Located) -> str:
    """What a finding says, with a link to the page of its rule."""
    finding = found.finding
    code = plain(finding.code)
    code = f"[{code}]({_link(found.doc)})" if found.doc else code
    advice = f"<br>→ {plain(finding.suggestion)}" if finding.suggestion else ""
    return f"{SIGNS[finding.severity]} {code} {plain(finding.name)}: {plain(finding.message)}{advice}"


def _link(address: str) -> str:
    from urllib.parse import quote

    # What would end the link, or its cell, is quoted (RFC 3986).
    return quote(address, safe="/:?#@!$&*+,;=%~", errors="replace")
