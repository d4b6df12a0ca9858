"""The top of the page: what it comes to, in words and in a few figures."""

from __future__ import annotations

from gpuspec.planning.bill import Bill, BudgetLine, JobBill, gpu_hours_of
from gpuspec.planning.bill_budgets import is_over
from gpuspec.planning.reserved_bill import UNUSED
from gpuspec.report.bill_gpu_hours import how_to_price, number
from gpuspec.report.bill_html.bars import bar
from gpuspec.report.bill_html.budgets import is_unknown, named, state
from gpuspec.report.bill_html.markup import NOTHING, Html, counted, foreign, joined, part, tag
from gpuspec.words import dollars, percent

MONTHS = 12
PLACES = 4
"""Tiles in a row on a desk."""


def lead(bill: Bill, title: str) -> tuple[Html, ...]:
    """The sum, and what it is the sum of."""
    known = [job for job in bill.jobs if job.per_month is not None and job.format != UNUSED]
    unknown = sum(job.per_month is None for job in bill.jobs)
    said: list[str] = []
    if known:
        said.append(f"{counted(len(known))}, {dollars(MONTHS * bill.per_month)} a year at this rate.")
    limits = sum(job.per_month or 0.0 for job in known if job.use.at_most)
    if limits:
        said.append(f"{dollars(limits)} a month of it is a limit, which may not be reached.")
    if not bill.jobs:
        said.append("Among these files there is no job that gpuspec reads.")
    if unknown:
        cost = "costs" if unknown == 1 else "cost"
        link = tag("a", "is not known", href="#unknown")
        said.append(joined((f"What {counted(unknown)} {cost} ", link, ", and is in no sum.")))
    if asked := how_to_price(bill):
        said.append(f"{asked}.")
    hours = bill.gpu_hours if unknown and not known else None
    amount = dollars(bill.per_month) if known else "Not known" if unknown else "No jobs"
    if hours:
        amount = f"{number(hours)} GPU-hours"
    above = joined(("GPU bill", *((" · ", foreign(title)) if title else ())))
    figure = tag("h1", tag("span", amount), " a month" if known or hours else "")
    return tag("p", above, class_="eyebrow"), figure, tag("p", joined(said, " "), class_="lead")


def tiles(bill: Bill) -> Html:
    """What could be saved, how the budgets stand, how much is assumed, and what is not known."""
    if not bill.jobs:
        return NOTHING
    found = [_jobs(bill), *_gpu_hours(bill)]
    if any(job.per_month is not None for job in bill.jobs):
        found = [_saved(bill), *_budgets(bill), *_assumed(bill), *found]
        largest = next((job for job in bill.jobs if job.format != UNUSED), None)
        if largest and len(found) < PLACES:
            found.insert(1, _largest(largest, bill.per_month))
    return tag("ul", *found, class_="tiles")


def _gpu_hours(bill: Bill) -> list[Html]:
    """What is known of jobs whose dollars are not, beside those whose are."""
    hours = gpu_hours_of(job for job in bill.jobs if job.per_month is None)
    if not hours or all(job.per_month is None for job in bill.jobs):
        return []
    return [_tile("GPU-hours a month", "#unknown", number(hours), "of jobs whose cost is not known")]


def _saved(bill: Bill) -> Html:
    steps = len(bill.steps)
    words = f"{part(bill.saved, bill.per_month)} of the bill, in {steps:,} step{'s' * (steps != 1)}"
    share = bill.saved / bill.per_month if bill.per_month else 0.0
    return _tile(
        "Could be saved a month",
        "#savings",
        dollars(bill.saved) if steps else "–",
        words if steps else "nothing was found",
        drawing=bar(share, class_="bar saved"),
    )


def _budgets(bill: Bill) -> list[Html]:
    """The budget of everything, else of the groups; and which of those are over."""
    whole = next((line for line in bill.budgets if not line.by), None)
    groups = [line for line in bill.budgets if line.by]
    over = [line for line in groups if is_over(line)]
    if whole:
        kind, words = state(whole)
        used = "not known" if is_unknown(whole) else percent(whole.used)
        text = joined((f"of {dollars(whole.monthly)}: {words}", *_over(over, groups, "; ")))
        return [_tile("Monthly budget used", "#budgets", used, text, drawing=bar(whole.used), class_=kind)]
    if not groups:
        return []
    text = joined(_over(over, groups, "") or (f"of {len(groups):,}",))
    kind = "over" if over else "calm"
    return [_tile("Monthly budgets", "#budgets", f"{len(over):,} over", text, class_=kind)]


def _over(over: list[BudgetLine], groups: list[BudgetLine], before: str) -> tuple[str, ...]:
    """The groups that are over their budgets."""
    if not over:
        return ()
    left = len(over) - 2
    more = f" and {left:,} more" if left > 0 else ""
    return (f"{before}over: ", joined(map(named, over[:2]), ", "), f"{more}, of {len(groups):,}")


def _assumed(bill: Bill) -> list[Html]:
    """How much of the sum rests on what nobody wrote."""
    assumed = sum(job.per_month or 0.0 for job in bill.jobs if job.use.assumed)
    if not assumed:
        return []
    words = f"{dollars(assumed)}: nobody wrote how much these jobs run"
    share = part(assumed, bill.per_month)
    return [
        _tile("Rests on assumptions", "#assumptions", share, words, drawing=bar(assumed / bill.per_month))
    ]


def _largest(job: JobBill, total: float) -> Html:
    text = joined((foreign(job.job or job.path, 60), f", {part(job.per_month or 0.0, total)} of the bill"))
    return _tile("The dearest job", "#jobs", dollars(job.per_month or 0.0), text)


def _jobs(bill: Bill) -> Html:
    unknown = sum(job.per_month is None for job in bill.jobs)
    words = f"the cost of {unknown:,} is not known" if unknown else "the cost of every one is known"
    return _tile(
        "Jobs",
        "#unknown" if unknown else "#jobs",
        f"{sum(job.format != UNUSED for job in bill.jobs):,}",
        words,
    )


def _tile(
    name: str, link: str, figure: str, words: str, *, drawing: Html = NOTHING, class_: str = ""
) -> Html:
    parts = [tag("a", name, href=link), tag("b", figure), tag("span", words), drawing]
    return tag("li", *parts, class_=class_)
