"""Markdown for a pull request: the money first, then everything else."""

from __future__ import annotations

from gpuspec.lint.result import Located, Report
from gpuspec.report.summary import summary
from gpuspec.report.width import shown
from gpuspec.words import dollars

SIGNS = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}


def render(report: Report) -> str:
    """The report as Markdown."""
    out = ["### gpuspec", "", _plain(summary(report, lambda _, text: text))]
    savings = [(found.finding.saving, found) for found in report.findings]
    priced = [(saving, found) for saving, found in savings if saving and saving.per_hour > 0]
    if priced:
        out += ["", "| where | what | per hour | per month |", "|---|---|---:|---:|"]
        for saving, found in sorted(priced, key=lambda pair: -pair[0].per_hour):
            cells = (_where(found), _what(found), dollars(saving.per_hour), dollars(saving.per_month))
            out.append(f"| {' | '.join(cells)} |")
    others = [found for saving, found in savings if not saving or saving.per_hour <= 0]
    if others:
        out += ["", "| where | what |", "|---|---|"]
        out += [f"| {_where(found)} | {_what(found)} |" for found in others]
    if priced:
        out += ["", "<sub>Savings per month are for a machine that runs all 730 hours.</sub>"]
    return "\n".join(out) + "\n"


def _where(found: Located) -> str:
    path = " ".join(found.path.replace("|", "\\|").replace("`", "'").split())
    return f"`{path}:{found.place.line}`"


def _what(found: Located) -> str:
    finding = found.finding
    code = f"[{finding.code}]({found.doc})" if found.doc else finding.code
    advice = f"<br>→ {_plain(finding.suggestion)}" if finding.suggestion else ""
    return f"{SIGNS[finding.severity]} {code} {finding.name}: {_plain(finding.message)}{advice}"


def _plain(text: str) -> str:
    # Messages quote the spec: nothing in it may become markup, a link or a mention in the pull request.
    text = shown(text)
    for sign in "\\`*_[]<>":
        text = text.replace(sign, f"&#{ord(sign)};" if sign in "<>#" else f"\\{sign}")
    return " ".join(text.replace("|", "\\|").replace("@", "@\u200b").split())
