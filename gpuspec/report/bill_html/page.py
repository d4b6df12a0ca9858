"""The page: its head, and its sections in the order in which they are asked for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

from gpuspec.planning.bill import Bill
from gpuspec.report.bill_html.bars import HATCH, of_coloured, of_groups
from gpuspec.report.bill_html.budgets import budgets
from gpuspec.report.bill_html.certainty import certainty
from gpuspec.report.bill_html.coloured import ColouredGroup, coloured, first_grouping, groupings
from gpuspec.report.bill_html.job_table import job_table, unknown_table
from gpuspec.report.bill_html.markup import LONGEST, NOTHING, Html, foreign, joined, tag
from gpuspec.report.bill_html.money_map import money_map
from gpuspec.report.bill_html.reserved import reserved
from gpuspec.report.bill_html.savings import MOST, savings
from gpuspec.report.bill_html.tiles import lead, tiles
from gpuspec.version import __version__
from gpuspec.words import HOURS_PER_MONTH, dollars, shortened

SKIPPED = 100
"""Files that could not be read, of which the reason is shown."""


def render(bill: Bill, title: str = "") -> str:
    """The bill as a page of HTML, whole in itself. `title` says in the reader's words what it is the bill of."""
    groups = coloured(bill)
    money = money_map(groups)
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8") + money.style
    main = tag("main", *_sections(bill, _where(bill, groups, money.markup)))
    body = tag("body", HATCH, tag("header", *lead(bill, title), tiles(bill)), main, _foot())
    page = tag("html", _head(bill, title, style), body, lang="en")
    return f"<!doctype html>\n{page}\n"


def _head(bill: Bill, title: str, style: str) -> Html:
    sheet = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    amount = f"{dollars(bill.per_month)} a month" if bill.per_month else ""
    policy = f"default-src 'none'; style-src 'sha256-{sheet}'; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", ": ".join(each for each in ("GPU bill", shortened(title, LONGEST), amount) if each)),
        tag("style", Html(style)),
    )


def _sections(bill: Bill, where: Html) -> list[Html]:
    unknown = sum(job.per_month is None for job in bill.jobs)
    jobs = job_table(bill) if unknown < len(bill.jobs) else NOTHING
    found = (
        ("budgets", "Budgets", budgets(bill)),
        ("reserved", "Reserved capacity", reserved(bill)),
        ("where", "Where the money goes", where),
        ("savings", f"The {MOST} biggest savings", savings(bill) if jobs else NOTHING),
        ("jobs", "All jobs", jobs),
        ("unknown", "Cost not known", unknown_table(bill) if unknown else NOTHING),
        ("assumptions", "What this rests on", _rests_on(bill)),
    )
    return [_section(name, title, inside) for name, title, inside in found if inside]


ABOUT = {
    "budgets": "What the jobs cost a month against what may be spent. The marks are where somebody is told.",
    "reserved": "It is paid for all month, and filled first. What no job takes is a row of its own below.",
    "where": "Each box is a job, as large as what it costs a month. Hatched is what could be saved.",
    "savings": "“Saves a month” counts each after those of the same job that come before it, so that they add up. "
    "“Alone” is what it saves if nothing else is done.",
    "unknown": "These are in no sum above. Each says what is missing, and how to say it.",
}


def _section(name: str, title: str, inside: Html) -> Html:
    about = tag("p", ABOUT[name], class_="about") if name in ABOUT else NOTHING
    return tag("section", tag("h2", title, id=name), about, inside, aria_labelledby=name)


def _where(bill: Bill, groups: Sequence[ColouredGroup], drawn: Html) -> Html:
    """The map with the bars of its groups beside it, and the bars of other groupings below."""
    if not drawn:
        return NOTHING
    first = first_grouping(bill)
    beside = tag("div", drawn, of_coloured(bill, groups, first), class_="split")
    others = [of_groups(bill, by) for by in groupings(bill) if by != first]
    return joined((beside, tag("div", *others, class_="panels") if others else NOTHING))


def _rests_on(bill: Bill) -> Html:
    """How sure the sum is, the assumptions, the prices, and the files that could not be read."""
    parts = [certainty(bill)]
    said = [foreign(each, 600) for each in bill.assumptions]
    said.append(joined(("Prices: ", foreign(bill.prices, 600))))
    said.append(Html(f"A month has {HOURS_PER_MONTH} hours: 8,760 a year by 12."))
    parts.append(tag("ul", *(tag("li", each) for each in said), class_="said"))
    if bill.skipped:
        parts.append(tag("h3", "Files that could not be read"))
        rows = [
            tag("li", tag("code", foreign(path)), ": ", foreign(why)) for path, why in bill.skipped[:SKIPPED]
        ]
        if bill.skipped[SKIPPED:]:
            rows.append(tag("li", f"and {len(bill.skipped) - SKIPPED:,} more"))
        parts.append(tag("ul", *rows, class_="said"))
    return joined(parts)


def _foot() -> Html:
    words = f"Made by gpuspec {__version__} from the files of the jobs. Nothing was run or rented for it."
    return tag("footer", tag("p", words))
