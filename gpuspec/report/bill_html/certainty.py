"""How sure the sum is: what was written, what was assumed, and what is a limit."""

from __future__ import annotations

from gpuspec.planning.bill import Bill, JobBill
from gpuspec.report.bill_html.markup import NOTHING, Html, length, tag
from gpuspec.words import dollars, percent

KINDS = (
    ("stated", "how much of a month it runs is written down, or was measured"),
    ("limit", "a limit: it may run less"),
    ("assumed", "a default that nobody wrote; the assumptions say which"),
)


def kind(job: JobBill) -> str:
    """How sure the use of a job is."""
    if job.use.assumed:
        return "assumed"
    return "limit" if job.use.at_most else "stated"


def certainty(bill: Bill) -> Html:
    """A bar of the whole bill by how sure it is, and what its parts are."""
    sums = {name: 0.0 for name, _ in KINDS}
    for job in bill.jobs:
        sums[kind(job)] += job.per_month or 0.0
    if not bill.per_month:
        return NOTHING
    parts, rows, at = [], [], 0.0
    for name, words in KINDS:
        share = sums[name] / bill.per_month
        if not share:
            continue
        parts.append(tag("rect", class_=name, x=length(at), width=length(share), height="100%"))
        rows.append(tag("li", tag("b", dollars(sums[name])), f" ({percent(share)}): {words}", class_=name))
        at += share
    drawing = tag("svg", *parts, class_="certainty", aria_hidden="true", width="100%", height="14")
    return tag("div", drawing, tag("ul", *rows, class_="legend"), class_="sure")
