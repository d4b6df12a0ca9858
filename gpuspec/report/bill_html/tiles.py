"""The top of the page: what it comes to, in words and in a few figures."""

from __future__ import annotations

from gpuspec.planning.bill import Bill, BudgetLine
from gpuspec.report.bill_html.bars import bar
from gpuspec.report.bill_html.budgets import is_unknown, named, state
from gpuspec.report.bill_html.markup import NOTHING, Html, counted, joined, tag
from gpuspec.words import dollars, percent

MONTHS = 12


def lead(bill: Bill) -> tuple[Html, ...]:
    """The sum, and what it is the sum of."""
    known = [job for job in bill.jobs if job.per_month is not None]
    unknown = len(bill.jobs) - len(known)
    said: list[str] = []
    if known:
        said.append(f"{counted(len(known))}, {dollars(MONTHS * bill.per_month)} a year at this rate.")
    limits = sum(job.per_month or 0.0 for job in known if job.use.at_most)
    if limits:
        said.append(f"{dollars(limits)} a month of it is a limit, which may not be reached.")
    if unknown:
        cost = "costs" if unknown == 1 else "cost"
        link = tag("a", "is not known", href="#unknown")
        said.append(joined((f"What {counted(unknown)} {cost} ", link, ", and is in no sum.")))
    title = (
        tag("h1", tag("span", dollars(bill.per_month)), " a month")
        if known
        else tag("h1", tag("span", "Not known"))
    )
    return tag("p", "GPU bill", class_="eyebrow"), title, tag("p", joined(said, " "), class_="lead")


def tiles(bill: Bill) -> Html:
    """What could be saved, how the budget stands, and what is not known."""
    known = any(job.per_month is not None for job in bill.jobs)
    found = [*([_saved(bill)] if known else []), *_budget(bill), _jobs(bill)]
    return tag("ul", *found, class_="tiles")


def _saved(bill: Bill) -> Html:
    share = bill.saved / bill.per_month if bill.per_month else 0.0
    steps = sum(step.adds > 0 for job in bill.jobs for step in job.savings)
    words = (
        f"{percent(share)} of the bill, in {steps:,} step{'s' * (steps != 1)}"
        if steps
        else "nothing was found"
    )
    return _tile(
        "Could be saved a month", "#savings", dollars(bill.saved), words, bar(share, class_="bar saved")
    )


def _budget(bill: Bill) -> list[Html]:
    """The budget of everything, and how many of the others are over."""
    tiles = []
    whole = next((line for line in bill.budgets if not line.by), None)
    if whole:
        kind, words = state(whole)
        text = f"of {dollars(whole.monthly)}: {words}"
        used = "not known" if is_unknown(whole) else percent(whole.used)
        tiles.append(_tile("Monthly budget used", "#budgets", used, text, bar(whole.used), kind))
    over = [line for line in bill.budgets if line.by and line.per_month > line.monthly]
    others = sum(bool(line.by) for line in bill.budgets)
    if others:
        tiles.append(
            _tile(
                "Budgets of groups",
                "#budgets",
                f"{len(over)} over",
                _which(over, others),
                NOTHING,
                _kind(over),
            )
        )
    return tiles


def _kind(over: list[BudgetLine]) -> str:
    return "over" if over else "calm"


def _which(over: list[BudgetLine], others: int) -> Html:
    if not over:
        return joined((f"all {others} are kept" if others > 1 else "it is kept",))
    left = len(over) - 2
    names = joined(map(named, over[:2]), ", ")
    return joined((names, f" and {left} more" if left > 0 else "", f", of {others}"))


def _jobs(bill: Bill) -> Html:
    unknown = sum(job.per_month is None for job in bill.jobs)
    words = f"the cost of {unknown:,} is not known" if unknown else "the cost of every one is known"
    return _tile("Jobs", "#unknown" if unknown else "#jobs", f"{len(bill.jobs):,}", words)


def _tile(name: str, link: str, figure: str, words: str, drawing: Html = NOTHING, class_: str = "") -> Html:
    parts = [tag("a", name, href=link), tag("b", figure), tag("span", words), drawing]
    return tag("li", *parts, class_=class_)
