"""A bill as Markdown, for an issue, a wiki or a pull request: the money first, then where it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpuspec.planning.bill import Bill, BillGroup, BudgetLine, JobBill
from gpuspec.planning.bill_budgets import is_over
from gpuspec.planning.bill_groups import shown_name
from gpuspec.printable import escape, one_line
from gpuspec.printable import markdown as plain
from gpuspec.report.bill_gpu_hours import by_gpu, how_to_price, in_words, number, of_unknown
from gpuspec.report.bill_text import (
    MOST_GROUPS,
    MOST_JOBS,
    MOST_SAVINGS,
    at_most,
    called,
    of_group,
    of_groups,
    total,
)
from gpuspec.words import dollars, percent

MOST_LISTED = 50


def render(bill: Bill) -> str:
    """The bill as Markdown."""
    out = ["### gpuspec bill", "", plain(total(bill))]
    if asked := how_to_price(bill):
        out += ["", plain(asked)]
    out += [line for budget in bill.budgets for line in ("", _budget(budget))]
    known = [each for each in bill.jobs if each.per_month is not None]
    if known:
        out += ["", "| a month | share | could save | machine | job |", "|---:|---:|---:|---|---|"]
        out += map(_job, known[:MOST_JOBS])
        out += _more(
            len(known) - MOST_JOBS, dollars(sum(each.per_month or 0.0 for each in known[MOST_JOBS:]))
        )
    out += _gpu_hours(of_unknown(bill))
    for by in dict.fromkeys(each.by for each in bill.groups):
        out += _groups([each for each in bill.groups if each.by == by], bill.per_month)
    out += _savings(bill)
    out += _folded(
        "Of unknown cost",
        [f"{_code(called(each))}: {plain(each.unknown)}" for each in bill.jobs if each.unknown],
    )
    out += _folded("Left out", [f"{_code(path)}: {plain(reason)}" for path, reason in bill.skipped])
    out += _folded("Assumed", [*map(plain, bill.assumptions), plain(f"prices: {bill.prices}")])
    return "\n".join(out) + "\n"


def _budget(line: BudgetLine) -> str:
    sign = "❌" if is_over(line) else "⚠️" if line.reached else "✅"
    of = f" of {line.by} {line.name}" if line.by else ""
    used = f"{dollars(line.per_month)} of {dollars(line.monthly)} a month{of}: {percent(line.used)}"
    return f"{sign} {plain(used)}"


def _job(job: JobBill) -> str:
    share = percent(job.share) if job.share else ""
    cells = (at_most(job), share, dollars(job.saved) if job.saved else "", job.machine)
    return f"| {' | '.join(map(plain, cells))} | {_code(called(job))} |"


def _gpu_hours(jobs: Sequence[JobBill]) -> Iterator[str]:
    """What runs at a cost that is not known."""
    if not jobs:
        return
    yield from ("", "| GPU-hours a month | cost | machine | job |", "|---:|---|---|---|")
    for each in jobs[:MOST_JOBS]:
        machine = plain(each.machine or f"{each.gpus} × GPU")
        yield f"| {number(each.gpu_hours or 0.0)} | unknown | {machine} | {_code(called(each))} |"
    if jobs[MOST_JOBS:]:
        left = in_words(sum(each.gpu_hours or 0.0 for each in jobs[MOST_JOBS:]))
        yield from ("", f"and {len(jobs) - MOST_JOBS:,} more, {left}")
    kinds = by_gpu(jobs)
    if len(kinds) > 1:
        yield from ("", plain(", ".join(f"{number(hours)} of {name}" for name, hours, _ in kinds)))


def _groups(found: Sequence[BillGroup], total: float) -> Iterator[str]:
    if len(found) < 2:
        return
    yield from (
        "",
        f"| a month | share | could save | jobs | {plain(found[0].by)} |",
        "|---:|---:|---:|---:|---|",
    )
    for each in found[:MOST_GROUPS]:
        share = percent(each.per_month / total) if each.per_month else ""
        cells = (of_group(each), share, dollars(each.saved) if each.saved else "", f"{each.jobs:,}")
        yield f"| {' | '.join(map(plain, cells))} | {_code(shown_name(each))} |"
    yield from _more(len(found) - MOST_GROUPS, of_groups(found[MOST_GROUPS:]))


def _savings(bill: Bill) -> Iterator[str]:
    steps = bill.steps
    if not steps:
        return
    yield from ("", "| to save a month | where | what |", "|---:|---|---|")
    for job, step in steps[:MOST_SAVINGS]:
        where, what = _code(f"{job.path}:{step.line}"), plain(f"{step.code} {step.advice or step.message}")
        yield f"| {plain(dollars(step.adds))} | {where} | {what} |"
    yield from _more(len(steps) - MOST_SAVINGS, dollars(sum(step.adds for _, step in steps[MOST_SAVINGS:])))


def _more(number: int, amount: str) -> Iterator[str]:
    if number > 0:
        yield from ("", f"and {number:,} more, {plain(amount)} a month")


def _folded(title: str, said: Sequence[str]) -> Iterator[str]:
    if said:
        yield from ("", f"<details><summary>{title}</summary>", "")
        yield from (f"- {each}" for each in said[:MOST_LISTED])
        if len(said) > MOST_LISTED:
            yield f"- and {len(said) - MOST_LISTED:,} more"
        yield from ("", "</details>")


def _code(text: str) -> str:
    """A name as code, in which nothing but an end of it means anything."""
    safe = one_line(text).replace("|", escape("|")).replace("`", escape("`"))
    return f"`{safe}`" if safe.strip() else ""
