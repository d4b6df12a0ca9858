"""A bill as text: what all of it comes to, the dearest jobs, the groups, what could be saved, what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from gpuspec.planning.bill import Bill, BillGroup, BudgetLine, JobBill
from gpuspec.planning.bill_budgets import is_over
from gpuspec.planning.bill_groups import shown_name
from gpuspec.planning.reserved import ReservedUse
from gpuspec.planning.reserved_bill import UNUSED
from gpuspec.planning.reserved_bill import in_words as reserved_in_words
from gpuspec.printable import one_line
from gpuspec.report.bill_gpu_hours import by_gpu, how_to_price, in_words, number, of_unknown
from gpuspec.report.ranked_columns import Column, table
from gpuspec.report.summary import plural
from gpuspec.report.text import Style
from gpuspec.report.width import head, width
from gpuspec.words import dollars, figure, percent

_T = TypeVar("_T")
PROSE = 80
MOST_JOBS = 20
MOST_GROUPS = 8
MOST_SAVINGS = 10
MOST_NAMED = 3
"""Jobs named for one thing that is not known of all of them."""


def render(bill: Bill, columns: int, *, everything: bool = False) -> str:
    """The bill for a person. No line is wider than `columns`, but for words that are. `everything`: each job, each
    group, each saving; else the first of them, and how many there are."""
    page = BillText(columns, everything=everything)
    blocks = [
        page.total(bill),
        page.jobs(bill),
        page.gpu_hours(bill),
        page.budgets(bill.budgets),
        page.reserved(bill.reserved),
        *page.groups(bill),
        page.savings(bill),
        page.unknown(bill.jobs),
        page.listed("left out", [f"{path}: {reason}" for path, reason in bill.skipped]),
        page.listed("assumed", bill.assumptions),
        page.prose("", f"prices: {bill.prices}"),
    ]
    return "\n\n".join("\n".join(map(one_line, block)) for block in blocks if block) + "\n"


def money(amount: float | None) -> str:
    """`$12.50`; `unknown`."""
    return "unknown" if amount is None else dollars(amount)


def called(job: JobBill) -> str:
    """A job, as people find it: its file, and which job of it."""
    name = job.path.rpartition("/")[2]
    return job.path if not job.job or job.job in name else f"{job.path} {job.job}"


def total(bill: Bill) -> str:
    """`$4,380 a month in 12 jobs, 3 more of unknown cost · up to $993 a month to save`."""
    unknown = sum(each.per_month is None for each in bill.jobs)
    known = sum(each.per_month is not None and each.format != UNUSED for each in bill.jobs)
    if not bill.jobs:
        return "no jobs"
    if not known:
        hours = f"{in_words(bill.gpu_hours)} in " if bill.gpu_hours else ""
        return f"{hours}{plural(unknown, 'job')}, of unknown cost"
    text = f"{dollars(bill.per_month)} a month in {plural(known, 'job')}"
    text += f", {unknown:,} more of unknown cost" if unknown else ""
    return text + (f" · up to {dollars(bill.saved)} a month to save" if bill.saved >= 0.005 else "")


class BillText:
    """So many columns, and how much is shown on them."""

    def __init__(self, columns: int, *, everything: bool) -> None:
        self.columns = columns
        self.everything = everything
        self._style = Style(columns=min(columns, PROSE))

    def total(self, bill: Bill) -> list[str]:
        """The first line, and what would price more."""
        parts = self._style.fold(total(bill)).split("\n")
        lines = [line for part in parts for line in self._style.wrap(part, 0, 2).split("\n")]
        asked = how_to_price(bill)
        return [*lines, *self._style.wrap(asked, 0, 2).split("\n")] if asked else lines

    def jobs(self, bill: Bill) -> list[str]:
        """The dearest jobs."""
        known = [each for each in bill.jobs if each.per_month is not None]
        if not known:
            return []
        shown, more = self._first(known, MOST_JOBS)
        room = self.columns - 40 - max(len(each.machine) for each in shown)
        most = max(24, room) if self.columns >= 60 else self.columns - 13
        names = [cut(called(each), most) for each in shown]
        lines = table(
            [
                Column("a month", [at_most(each) for each in shown], 0),
                Column("share", [percent(each.share or 0.0) for each in shown], 5),
                Column("could save", [dollars(each.saved) if each.saved else "" for each in shown], 6),
                Column("$/h", [money(each.per_hour) for each in shown], 3),
                Column("hours", [hours_of(each) for each in shown], 4),
                Column("machine", [each.machine for each in shown], 2, numbers=False),
                Column("job", names, 1, numbers=False),
            ],
            self.columns,
        )
        amount = dollars(sum(each.per_month or 0.0 for each in known[len(shown) :]))
        return [*lines, *self._more(more, "jobs", amount)]

    def gpu_hours(self, bill: Bill) -> list[str]:
        """The jobs whose dollars are not known, by what is: GPUs times hours; and by GPU where there are several."""
        jobs = of_unknown(bill)
        if not jobs:
            return []
        shown, more = self._first(jobs, MOST_JOBS)
        lines = table(
            [
                Column("GPU-hours a month", [number(each.gpu_hours or 0.0) for each in shown], 0),
                Column("cost", ["unknown"] * len(shown), 4),
                Column("hours", [hours_of(each) for each in shown], 3),
                Column("machine", [each.machine or f"{each.gpus} × GPU" for each in shown], 2, numbers=False),
                Column("job", [cut(called(each), self.columns - 23) for each in shown], 1, numbers=False),
            ],
            self.columns,
        )
        if more:
            left = in_words(sum(each.gpu_hours or 0.0 for each in jobs[len(shown) :]))
            lines += self.prose("", f"and {more:,} more jobs, {left} (--all shows them)")
        kinds = by_gpu(jobs)
        if len(kinds) > 1:
            lines += self.prose("", ", ".join(f"{number(hours)} of {name}" for name, hours, _ in kinds))
        return lines

    def groups(self, bill: Bill) -> list[list[str]]:
        """A block for each way to group them, where there is more than one group."""
        kinds = dict.fromkeys(each.by for each in bill.groups)
        made = ([each for each in bill.groups if each.by == by] for by in kinds)
        return [self._group(members, bill.per_month) for members in made if len(members) > 1]

    def _group(self, found: Sequence[BillGroup], total: float) -> list[str]:
        shown, more = self._first(found, MOST_GROUPS)
        lines = table(
            [
                Column("a month", [of_group(each) for each in shown], 0),
                Column(
                    "share", [percent(each.per_month / total) if each.per_month else "" for each in shown], 3
                ),
                Column("could save", [dollars(each.saved) if each.saved else "" for each in shown], 4),
                Column("jobs", [f"{each.jobs:,}" for each in shown], 2),
                Column(
                    found[0].by,
                    [cut(shown_name(each), self.columns - 13) for each in shown],
                    1,
                    numbers=False,
                ),
            ],
            self.columns,
        )
        return [*lines, *self._more(more, "more", of_groups(found[len(shown) :]))]

    def budgets(self, found: Iterable[BudgetLine]) -> list[str]:
        """What of each budget is used."""
        lines = []
        for each in found:
            of = f" of {each.by} {each.name}" if each.by else ""
            said = f"{dollars(each.per_month)} of {dollars(each.monthly)} a month{of}: {percent(each.used)}"
            left = f" ({plural(each.unknown, 'job')} of unknown cost not counted)" if each.unknown else ""
            lines += self.prose("budget", said + _reached(each) + left)
        return lines

    def reserved(self, found: Iterable[ReservedUse]) -> list[str]:
        """How full each reserved capacity is."""
        return [line for each in found for line in self.prose("reserved", reserved_in_words(each))]

    def savings(self, bill: Bill) -> list[str]:
        """The largest savings, with what to do."""
        shown, more = self._first(bill.steps, MOST_SAVINGS)
        lines = ["to save, a month"] if shown else []
        for job, step in shown:
            what = f"{job.path}:{step.line}: {step.code} {step.advice or step.message}"
            lines += self.prose(f"{dollars(step.adds):>9}", what)
        amount = dollars(sum(step.adds for _, step in bill.steps[len(shown) :]))
        return [*lines, *self._more(more, "more", amount)]

    def unknown(self, jobs: Iterable[JobBill]) -> list[str]:
        """What is not known, and of which jobs."""
        reasons: dict[str, list[str]] = {}
        for each in jobs:
            if each.per_month is None:
                for reason in each.unknown.split("; "):
                    reasons.setdefault(reason, []).append(called(each))
        lines = ["of unknown cost"] if reasons else []
        for reason, names in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
            shown, more = self._first(names, MOST_NAMED)
            listed = ", ".join(shown) + (f" and {more:,} more" if more else "")
            lines += self.prose(f"{plural(len(names), 'job')}:", f"{reason}: {listed}")
        return lines

    def listed(self, label: str, said: Sequence[str]) -> list[str]:
        """Sentences below a label."""
        return [label, *(line for each in said for line in self.prose("", each))] if said else []

    def prose(self, label: str, text: str) -> list[str]:
        """A sentence behind a label, in as many lines as it takes."""
        start = f"  {label} " if label else "  "
        return (start + self._style.wrap(text, width(start), 4)).split("\n")

    def _first(self, found: Sequence[_T], most: int) -> tuple[Sequence[_T], int]:
        """The first of them, and how many are left; one alone is not left out."""
        kept = found if self.everything or len(found) <= most + 1 else found[:most]
        return kept, len(found) - len(kept)

    def _more(self, number: int, what: str, amount: str) -> list[str]:
        if not number:
            return []
        of = "more" if what == "more" else f"more {what}"
        return self.prose("", f"and {number:,} {of}, {amount} a month (--all shows them)")


def at_most(job: JobBill) -> str:
    return ("≤ " if job.use.at_most else "") + money(job.per_month)


def hours_of(job: JobBill) -> str:
    """`730`; `20 × 1.5` of runs."""
    use = job.use
    if use.hours is None:
        return ""
    if use.runs is None or use.runs == 1 or use.hours_each is None:
        return figure(use.hours)
    return f"{figure(use.runs)} × {figure(use.hours_each)}"


def of_group(group: BillGroup) -> str:
    return of_groups([group])


def of_groups(groups: Sequence[BillGroup]) -> str:
    """What they cost together: `$12`; `$12 +` where that of some jobs is not known, `unknown` where it is of none."""
    unknown = sum(each.unknown for each in groups)
    if unknown == sum(each.jobs for each in groups):
        return "unknown"
    return dollars(sum(each.per_month for each in groups)) + (" +" if unknown else "")


def _reached(line: BudgetLine) -> str:
    if is_over(line):
        return f", {dollars(line.per_month - line.monthly)} over it"
    return f", {percent(line.reached)} is reached" if line.reached else ""


def cut(text: str, columns: int) -> str:
    """A name in so many columns: its end tells jobs apart, so that its beginning goes."""
    text = one_line(text)
    return text if width(text) <= columns else "…" + head(text[::-1], columns - 1)[::-1]
