"""Budgets as ladders: how much of each is spent, and the steps at which somebody is told."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.planning.bill import Bill, BudgetLine
from gpuspec.planning.bill_budgets import is_over
from gpuspec.report.bill_html.markup import NOTHING, Html, counted, foreign, joined, length, tag
from gpuspec.words import dollars, percent

NEAREST, FARTHEST = 1.13, 1.5
"""The share of a budget at which a bar ends, at least, which leaves room for its last mark, and at most: how far over
it what is farther is, is said in words."""

ROOM = 0.1
"""The share of a bar that a mark needs, on a phone."""


def budgets(bill: Bill) -> Html:
    """A ladder for each budget; nothing where none is set."""
    if not bill.budgets:
        return NOTHING
    end = min(max(NEAREST, *(line.used * 1.03 for line in bill.budgets)), FARTHEST)
    rows = [_ladder(line, end) for line in bill.budgets]
    return tag("ul", *rows, class_="ladders")


def state(line: BudgetLine) -> tuple[str, str]:
    """A class, and words: below the first step, past one, or over the budget."""
    if is_unknown(line):
        return "calm", "what its jobs cost is not known"
    if is_over(line):
        return "over", f"over by {dollars(line.per_month - line.monthly)}"
    if line.reached is None:
        return "calm", f"{dollars(line.monthly - line.per_month)} left"
    at = f"at {percent(line.reached)}" if line.used == line.reached else f"past {percent(line.reached)}"
    return "near", f"{at}, {dollars(line.monthly - line.per_month)} left"


def is_unknown(line: BudgetLine) -> bool:
    """Whether it has jobs, but none whose cost is known."""
    return bool(line.unknown) and not line.per_month


def named(line: BudgetLine) -> Html:
    """Of what the budget is."""
    if not line.by:
        return Html("All jobs")
    return joined((tag("span", foreign(line.by, 40), class_="by"), " ", foreign(line.name or "none", 60)))


def _ladder(line: BudgetLine, end: float) -> Html:
    kind, words = state(line)
    unknown = is_unknown(line)
    spent = tag("b", "not known" if unknown else dollars(line.per_month))
    share = NOTHING if unknown else tag("b", percent(line.used) + ", ")
    if line.unknown and not unknown:
        words += f", {counted(line.unknown)} not known"
    head = (
        tag("span", named(line), class_="name"),
        tag("span", spent, f" of {dollars(line.monthly)}", class_="amount"),
        tag("span", share, words, class_="state"),
    )
    return tag("li", tag("div", *head, class_="head"), *_drawn(line, end), class_=kind)


def _drawn(line: BudgetLine, end: float) -> tuple[Html, Html]:
    """The bar with its steps, and what they are."""
    steps = sorted({*(step for step in line.steps if 0 < step <= end), 1.0})
    parts = [tag("rect", class_="track", width="100%", height="100%")]
    parts.append(tag("rect", class_="fill", width=length(min(line.used, end) / end), height="100%"))
    for step in steps:
        class_ = "step whole" if step == 1.0 else "step"
        parts.append(tag("rect", class_=class_, x=length(step / end), width="2", height="100%"))
    ladder = tag("svg", *parts, class_="ladder", aria_hidden="true", width="100%", height="14")
    return ladder, _marks(steps, end)


def _marks(steps: Sequence[float], end: float) -> Html:
    """What the steps are, under them: those below all of it left of their marks, the others right of them."""
    texts = [
        tag("text", percent(step), x=length(step / end), y="11", text_anchor="end" if step < 1.0 else "start")
        for step in labelled(steps, end)
    ]
    return tag("svg", *texts, class_="marks", aria_hidden="true", width="100%", height="14")


def labelled(steps: Sequence[float], end: float) -> list[float]:
    """The steps that are named: all of it, and of the others those that have room, seen from there."""
    room = ROOM * end
    below, above = list[float](), [1.0]
    for step in sorted((each for each in steps if each < 1.0), reverse=True):
        if not below or below[-1] - step >= room:
            below.append(step)
    for step in sorted(each for each in steps if each > 1.0):
        if step - above[-1] >= room and end - step >= room:
            above.append(step)
    return [*reversed(below), *above]
