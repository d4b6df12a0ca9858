"""What could be saved: the ten steps that save the most."""

from __future__ import annotations

from urllib.parse import quote

from gpuspec.lint.one_file import DOCS
from gpuspec.planning.bill import Bill, JobBill, SavingStep
from gpuspec.report.bill_html.bars import bar
from gpuspec.report.bill_html.markup import Html, foreign, tag
from gpuspec.words import dollars, shortened

MOST = 10
KINDS = {
    "machine": "another machine",
    "price": "a lower price",
    "hours": "fewer hours",
    "work": "more work an hour",
    "instead": "no machine",
}


def savings(bill: Bill) -> Html:
    """The table of the biggest."""
    found = bill.steps[:MOST]
    if not found:
        return tag("p", "Nothing that gpuspec knows of would make these jobs cheaper.", class_="none")
    most = found[0][1].adds
    heads = [
        tag("th", "What to do", scope="col"),
        tag("th", "Where", scope="col"),
        tag("th", "Saves a month", scope="col", class_="num"),
        tag("th", "Alone", scope="col", class_="num"),
    ]
    rows = [_row(job, step, most) for job, step in found]
    return tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="savings")


def _row(job: JobBill, step: SavingStep, most: float) -> Html:
    kind = KINDS.get(step.kind, step.kind)
    what = [tag("b", "→ ", foreign(step.advice))] if step.advice else []
    what.append(tag("p", foreign(step.message, 400)))
    what += [tag("p", "or: ", foreign(other.advice or other.message)) for other in _others(job, step)]
    code = tag("a", foreign(step.code, 20), href=_page_of(step))
    what.append(tag("small", code, " ", foreign(step.name, 60), " · ", kind))
    where = [tag("b", foreign(job.job, 80)), tag("small", foreign(job.path), f":{step.line}")]
    adds, alone = dollars(step.adds), dollars(step.alone)
    return tag(
        "tr",
        tag("td", *what, class_="what"),
        tag("td", *where, class_="where"),
        tag("td", tag("b", adds), bar(step.adds / most, class_="bar saved"), class_="num"),
        tag("td", alone, class_="num same" if alone == adds else "num", data_label="alone"),
    )


def _others(job: JobBill, step: SavingStep) -> list[SavingStep]:
    """Other ways to save the same dollars, which add nothing to it."""
    return [each for each in job.savings if each.kind == step.kind and each.adds <= 0][:2]


def _page_of(step: SavingStep) -> str | None:
    """The page of a rule of gpuspec. Nothing is asked for before somebody follows the link."""
    if not step.code.startswith("GS"):
        return None
    name = quote(shortened(f"{step.code}-{step.name}", 80), safe="", errors="replace")
    return f"{DOCS}{name}.md"
