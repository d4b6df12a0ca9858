"""Amounts as bars: SVG rectangles whose widths are shares, so that they need neither script nor style."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.planning.bill import Bill, BillGroup
from gpuspec.planning.bill_groups import shown_name
from gpuspec.report.bill_html.coloured import ColouredGroup, common_folder, groupings
from gpuspec.report.bill_html.markup import NOTHING, Html, counted, foreign, length, part, tag
from gpuspec.words import dollars

MOST = 8
"""Groups of one grouping that have a bar; those after them are one."""
TITLES = {"folder": "folder", "cloud": "cloud", "gpu": "GPU", "format": "format", "task": "task"}
HATCH = Html(
    '<svg class="defs" aria-hidden="true" width="0" height="0"><defs><pattern id="hatch" width="6" height="6"'
    ' patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="stripe" width="3" height="6"/>'
    "</pattern></defs></svg>"
)
"""The pattern of what could be saved, once for the whole page."""


def bar(share: float, hatched: float = 0.0, class_: str = "bar") -> Html:
    """A bar as long as this share of its place; its last part, so much of the place, is hatched."""
    share = min(max(share, 0.0), 1.0)
    hatched = min(max(hatched, 0.0), share)
    parts = [tag("rect", class_="fill", width=length(share), height="100%")]
    if hatched:
        parts.append(
            tag("rect", class_="cut", x=length(share - hatched), width=length(hatched), height="100%")
        )
    return tag("svg", *parts, class_=class_, aria_hidden="true", width="100%", height="8")


def of_coloured(bill: Bill, groups: Sequence[ColouredGroup], by: str) -> Html:
    """The bars of the grouping that the map is coloured by, in its colours."""
    most = max((group.per_month for group in groups), default=0.0)
    rows = []
    for group in groups:
        jobs = len(group.jobs) + group.unknown
        same = BillGroup(by, group.name, jobs, group.per_month, group.saved, group.unknown)
        rows.append(_row(same, bill.per_month, most, f"c{group.colour}"))
    return _panel(bill, by, rows)


def of_groups(bill: Bill, by: str) -> Html:
    """The bars of a grouping."""
    groups = groupings(bill)[by]
    shown = groups if len(groups) <= MOST else [*groups[: MOST - 1], _rest(groups[MOST - 1 :])]
    most = max((group.per_month for group in shown), default=0.0)
    return _panel(bill, by, [_row(group, bill.per_month, most) for group in shown])


def _rest(groups: Sequence[BillGroup]) -> BillGroup:
    """Groups together, as one."""
    jobs, unknown = sum(each.jobs for each in groups), sum(each.unknown for each in groups)
    cost, saved = sum(each.per_month for each in groups), sum(each.saved for each in groups)
    return BillGroup(groups[0].by, f"{len(groups)} more", jobs, cost, saved, unknown)


def _row(group: BillGroup, total: float, most: float, class_: str = "") -> Html:
    """A group: its name, how many jobs, its share, its dollars, and a bar, the longest of which costs `most`."""
    name = foreign(shown_name(group), 60)
    count = counted(group.jobs)
    if group.unknown == group.jobs:
        parts = [
            tag("span", name, " ", tag("small", count), class_="name"),
            tag("small", "cost not known", class_="unpriced"),
        ]
        return tag("li", *parts, class_=class_)
    count += f", {group.unknown:,} not known" if group.unknown else ""
    parts = [
        tag("span", name, " ", tag("small", count), class_="name"),
        tag("small", part(group.per_month, total)),
    ]
    parts.append(tag("b", dollars(group.per_month)))
    drawing = bar(group.per_month / most, group.saved / most) if most else NOTHING
    return tag("li", *parts, drawing, class_=class_)


def _panel(bill: Bill, by: str, rows: Sequence[Html]) -> Html:
    words = [Html(TITLES[by]) if by in TITLES else foreign(by, 40)]
    above = common_folder(bill) if by == "folder" else ""
    if above:
        words += [Html(" in "), foreign(above, 60)]
    return tag("div", tag("h3", "By ", *words), tag("ul", *rows, class_="bars"), class_="panel")
