"""All jobs, the dearest first, and those whose cost is not known, with what is missing."""

from __future__ import annotations

from gpuspec.planning.bill import Bill, JobBill, MonthlyUse
from gpuspec.planning.reserved_bill import UNUSED
from gpuspec.report.bill_gpu_hours import number
from gpuspec.report.bill_html.bars import bar
from gpuspec.report.bill_html.markup import NOTHING, Html, foreign, joined, part, tag
from gpuspec.words import dollars, figure

MOST = 2_000
"""Jobs with a row. A page with more is slow on a phone."""
HEADS = ("Job", "Machine", "Use in a month", "An hour", "A run", "A month", "Could save")
NUMBERS = 3
"""How many of the columns come before those of numbers."""


def job_table(bill: Bill) -> Html:
    """The jobs with a known cost."""
    known = [job for job in bill.jobs if job.per_month is not None]
    most = max(job.per_month or 0.0 for job in known) or 1.0
    heads = [
        tag("th", each, scope="col", class_="num" if at >= NUMBERS else "") for at, each in enumerate(HEADS)
    ]
    rows = [_row(job, most) for job in known[:MOST]]
    if known[MOST:]:
        rows.append(_rest(known[MOST:]))
    total = [tag("th", "All of these", scope="row"), tag("td", colspan="4")]
    total += [tag("td", tag("b", dollars(bill.per_month)), class_="num month", data_label="a month")]
    total += [tag("td", dollars(bill.saved), class_="num save", data_label="save")]
    foot = tag("tfoot", tag("tr", *total))
    return tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), foot, class_="jobs")


def _row(job: JobBill, most: float) -> Html:
    per_month = job.per_month or 0.0
    share = tag("small", part(job.share, 1.0)) if job.share is not None else NOTHING
    month = [tag("b", ("≤ " if job.use.at_most else "") + dollars(per_month)), share]
    return tag(
        "tr",
        tag("th", *_job(job), scope="row"),
        tag("td", *_machine(job), class_="machine"),
        tag("td", *_use(job.use), class_="use"),
        _amount(job.per_hour, "an hour"),
        _amount(job.per_run, "a run"),
        tag("td", *month, bar(per_month / most, job.saved / most), class_="num month", data_label="a month"),
        _amount(job.saved or None, "save", "num save"),
    )


def _job(job: JobBill) -> tuple[Html, ...]:
    labels = [
        joined((foreign(key, 30), ": ", foreign(value, 40))) for key, value in sorted(job.labels.items())[:4]
    ]
    known = [foreign(each, 30) for each in (job.task, job.format) if each]
    about = joined((*known, *labels), " · ")
    place = joined((foreign(job.path), f":{job.line}"))
    return (tag("b", foreign(job.job, 80)), tag("small", place, class_="place"), tag("small", about))


def _machine(job: JobBill) -> tuple[Html, ...]:
    """Which, of whom, and how much of it is paid for anyhow."""
    parts = [foreign(job.machine or (f"{job.gpus} × GPU, not named" if job.gpus else "not known"), 80)]
    if job.cloud:
        parts.append(tag("small", foreign(job.cloud, 40)))
    if job.reserved and job.format != UNUSED:
        parts.append(tag("small", part(job.reserved, 1.0), " reserved"))
    return tuple(parts)


def _use(use: MonthlyUse) -> tuple[Html, ...]:
    """How much, and where that comes from."""
    mark = tag("small", "assumed", class_="mark") if use.assumed else NOTHING
    return (joined((use_in_words(use), " ", mark)), tag("small", foreign(use.why)))


def use_in_words(use: MonthlyUse) -> str:
    """`730 h`, `30 runs × 2.5 h`, `1 run × at most 10 min`."""
    limit = "at most " if use.at_most else ""
    if use.runs is not None and use.hours_each is not None:
        runs = f"{figure(use.runs)} run{'s' * (use.runs != 1)}"
        return f"{runs} × {limit}{_time(use.hours_each)}"
    return f"{limit}{_time(use.hours)}" if use.hours is not None else "not known"


def _time(hours: float) -> str:
    return f"{figure(hours)} h" if hours >= 1 or not hours else f"{figure(60 * hours)} min"


def _amount(amount: float | None, label: str, class_: str = "num") -> Html:
    """A cell of dollars; the label stands before them where the table has no columns."""
    if amount is None:
        return tag("td", "–", class_=class_ + " nil")
    return tag("td", dollars(amount), class_=class_, data_label=label)


def _rest(jobs: list[JobBill]) -> Html:
    cost, saved = sum(job.per_month or 0.0 for job in jobs), sum(job.saved for job in jobs)
    name = [tag("b", f"{len(jobs):,} more jobs"), tag("small", "gpuspec bill --format csv lists every one")]
    cells = [tag("th", *name, scope="row"), tag("td", colspan="4")]
    cells += [tag("td", tag("b", dollars(cost)), class_="num month", data_label="a month")]
    cells += [tag("td", dollars(saved), class_="num save", data_label="save")]
    return tag("tr", *cells)


def _number(hours: float | None) -> Html:
    if hours is None:
        return tag("td", "–", class_="num nil")
    return tag("td", number(hours), class_="num", data_label="GPU-hours")


def unknown_table(bill: Bill) -> Html:
    """The jobs whose cost is not known, with what is missing and how to say it."""
    unknown = [job for job in bill.jobs if job.per_month is None]
    heads = [
        tag("th", each, scope="col") for each in ("Job", "Machine", "GPU-hours a month", "What is missing")
    ]
    rows = [
        tag(
            "tr",
            tag("th", *_job(job), scope="row"),
            tag("td", *_machine(job), class_="machine"),
            _number(job.gpu_hours),
            tag("td", foreign(job.unknown or "not known", 400), class_="why"),
        )
        for job in unknown[:MOST]
    ]
    if unknown[MOST:]:
        rows.append(
            tag("tr", tag("th", f"{len(unknown) - MOST:,} more jobs", scope="row"), tag("td", colspan="3"))
        )
    return tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="unknown")
