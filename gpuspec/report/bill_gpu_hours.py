"""GPU-hours of a bill, in words: they are known where dollars are not, and what an answer would make of them."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.planning.bill import Bill, JobBill, gpu_hours_of
from gpuspec.report.summary import plural
from gpuspec.words import figure

WITHOUT_NAME = "GPU not named"


def of_unknown(bill: Bill) -> list[JobBill]:
    """The jobs whose GPU-hours are known and whose dollars are not, the most first."""
    return [each for each in bill.jobs if each.per_month is None and each.gpu_hours]


def by_gpu(jobs: Sequence[JobBill]) -> list[tuple[str, float, int]]:
    """(GPU, GPU-hours a month, jobs) of these, the most first."""
    names = dict.fromkeys(each.gpu for each in jobs)
    found = []
    for name in names:
        members = [each for each in jobs if each.gpu == name]
        found.append((name or WITHOUT_NAME, gpu_hours_of(members) or 0.0, len(members)))
    return sorted(found, key=lambda each: (-each[1], each[0]))


def in_words(hours: float) -> str:
    """`1,460 GPU-hours a month`."""
    return f"{number(hours)} GPU-hours a month"


def number(hours: float) -> str:
    """`1,460`; `2.5`."""
    return f"{hours:,.0f}" if hours >= 100 else figure(hours)


def how_to_price(bill: Bill) -> str:
    """What is to be answered so that jobs get a price, of how many, and how much they run; "" where nothing is."""
    asking = [each for each in bill.jobs if each.per_month is None and each.needs_cloud]
    if not asking:
        return ""
    hours = gpu_hours_of(asking)
    known = f" ({in_words(hours)})" if hours and len(asking) < len(bill.jobs) else ""
    name, them = ("names", "it") if len(asking) == 1 else ("name", "them")
    who = f"{plural(len(asking), 'job')}{known} {name} no cloud"
    return f"{who}: --cloud aws, or whoever rents you machines, prices {them}"
