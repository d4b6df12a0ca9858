"""Reserved capacity: how much of what is paid for all month the jobs take."""

from __future__ import annotations

from gpuspec.planning.bill import Bill
from gpuspec.planning.reserved import ReservedUse
from gpuspec.planning.reserved_bill import LEAST
from gpuspec.report.bill_html.markup import NOTHING, Html, foreign, length, tag
from gpuspec.words import dollars, percent


def reserved(bill: Bill) -> Html:
    """A bar for each; nothing where none is."""
    return tag("ul", *map(_row, bill.reserved), class_="ladders") if bill.reserved else NOTHING


def _row(use: ReservedUse) -> Html:
    pool = use.reserved
    price = f"at {dollars(pool.price)} an hour each, {dollars(pool.per_month)} a month"
    wasted = use.unused >= LEAST
    words = f"used, {dollars(use.unused)} a month for nothing" if wasted else "used"
    head = (
        tag(
            "span",
            f"{pool.number:,} × ",
            foreign(pool.gpu, 60),
            " of ",
            foreign(pool.cloud, 40),
            class_="name",
        ),
        tag("span", price, class_="amount"),
        tag("span", tag("b", percent(use.share)), " ", words, class_="state"),
    )
    track = tag("rect", class_="track", width="100%", height="100%")
    fill = tag("rect", class_="fill", width=length(min(use.share, 1.0)), height="100%")
    drawn = tag("svg", track, fill, class_="ladder", aria_hidden="true", width="100%", height="14")
    return tag("li", tag("div", *head, class_="head"), drawn, class_="near" if wasted else "calm")
