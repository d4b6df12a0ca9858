"""What changed, as the comment on a pull or merge request: the money first, then what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpuspec.planning.bill_budgets import is_over
from gpuspec.printable import escape, one_line
from gpuspec.printable import markdown as plain
from gpuspec.report.diff_rows import NOTHING, ChangeCells, cells, month_of
from gpuspec.report.markdown import what, where
from gpuspec.report.summary import plural
from gpuspec.report.what_changed import JobChange, WhatChanged, counts, money, unknown

MOST_ROWS = 50
"""Jobs, or findings, that a table holds; a comment may not be longer than 65,536 characters."""
_COLUMNS = (
    ("per hour", "per_hour"),
    ("per run", "per_run"),
    ("per month", "per_month"),
    ("per unit of work", "per_unit"),
)


def render(found: WhatChanged) -> str:
    """Markdown for a comment; a single line where there is nothing to tell."""
    if found.is_empty:
        before = f" ({plural(found.kept, 'finding')} as before)" if found.kept else ""
        return f"gpuspec: this changes no finding and no cost{before}.\n"
    out = ["### gpuspec", "", _summary(found)]
    for budget in (each for each in found.budgets if each.is_told):
        sign = "❌" if is_over(budget.line) else "⚠️" if budget.line.per_month > budget.before else "✅"
        out += ["", f"{sign} {plain(budget.in_words)}"]
    for each in found.exceeded:
        out += ["", f"❌ {plain(each.added)} is more than the limit of this check, {plain(each.limit)}"]
    if found.jobs:
        out += ["", *_table(found.jobs[:MOST_ROWS]), *_left(len(found.jobs), "job")]
    if found.new:
        out += ["", "| where | new |", "|---|---|"]
        out += [f"| {where(one)} | {what(one)} |" for one in found.new[:MOST_ROWS]]
        out += _left(len(found.new), "finding")
    if found.fixed:
        out += ["", f"<details><summary>{len(found.fixed):,} fixed</summary>", ""]
        out += ["| where it was | fixed |", "|---|---|"]
        for one in found.fixed[:MOST_ROWS]:
            out.append(f"| {where(one)} | ✅ {plain(one.finding.code)} {plain(one.finding.name)} |")
        out += [*_left(len(found.fixed), "finding"), "", "</details>"]
    if found.jobs:
        out += _months(found)
    return "\n".join(out) + "\n"


def _summary(found: WhatChanged) -> str:
    said = money(found)
    change, _, sums = said.partition(": ")
    first = f"**{plain(change)}**: {plain(sums)}" if said else ""
    return " · ".join(filter(None, (first, plain(counts(found)), plain(unknown(found)))))


def _table(jobs: Sequence[JobChange]) -> Iterator[str]:
    """The jobs, without columns of which nothing is known."""
    rows = [(each, cells(each)) for each in jobs]
    kept = [(title, key) for title, key in _COLUMNS if any(getattr(row, key) != NOTHING for _, row in rows)]
    yield f"| job | machine |{''.join(f' {title} |' for title, _ in kept)}"
    yield f"|---|---|{'---:|' * len(kept)}"
    for each, row in rows:
        figures = "".join(f" {plain(getattr(row, key))} |" for _, key in kept)
        yield f"| {_label(each, row)} | {plain(row.machine)} |{figures}"


def _label(each: JobChange, row: ChangeCells) -> str:
    label = _code(f"{each.path} {each.job}")
    if each.was:
        return f"{label} was {_code(each.was)}"
    return f"{label} {row.state}" if row.state else label


def _months(found: WhatChanged) -> Iterator[str]:
    """How much of a month each job is counted for, folded."""
    yield from ("", "<details><summary>What a month is</summary>", "")
    for each in found.jobs[:MOST_ROWS]:
        if why := month_of(each):
            yield f"- {_code(f'{each.path} {each.job}')}: {plain(why)}"
    yield from _left(len(found.jobs), "job")
    if found.prices:
        yield from ("", f"Prices: {plain(found.prices)}.")
    yield from ("", "</details>")


def _left(number: int, of: str) -> list[str]:
    return ["", f"… and {plural(number - MOST_ROWS, of)} more."] if number > MOST_ROWS else []


def _code(text: str) -> str:
    text = one_line(" ".join(text.split())).replace("|", escape("|")).replace("`", escape("`"))
    return f"`{text}`"
