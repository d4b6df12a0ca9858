"""A bill in which reserved capacity is filled first: what jobs cost in it and beside it, and what nobody uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuspec.planning.bill import JobBill, MonthlyUse
from gpuspec.planning.cost import machines
from gpuspec.planning.reserved import Placed, ReservedGpus, ReservedUse, Wanted, filled, per_month
from gpuspec.words import HOURS_PER_MONTH, dollars, figure, percent

if TYPE_CHECKING:
    from gpuspec.planning.case import Case

UNUSED = "reserved"
"""The `format` of the row for what nobody uses: it is no job, and sums are right with it."""
LEAST = 0.005
"""Dollars that are worth a row."""


class Pools:
    """What is reserved by the settings of all files that are looked at, each once."""

    def __init__(self) -> None:
        self.all: list[ReservedGpus] = []
        self._of_file: dict[str, range] = {}
        self.wanted: list[Wanted] = []
        """What each job would take, as they were added."""

    def add(self, case: Case, reserved: Sequence[ReservedGpus], bill: JobBill) -> None:
        """A job, the capacity that the settings of its folder reserve, and its bill without it."""
        places = self._places(reserved)
        clouds = {*(name.lower() for name in case.job.clouds), *case.clouds}
        may = [
            at
            for at in places
            if bill.gpu in self.all[at].gpus and (not clouds or self.all[at].cloud in clouds)
        ]
        known = bill.per_hour is not None and bill.use.hours and bill.machines
        self.wanted.append(
            Wanted(
                gpus=bill.gpus_each,
                machines=bill.machines,
                hours=bill.use.hours or 0.0,
                price=(bill.per_hour or 0.0) / bill.machines if known else 0.0,
                together=machines(case.job),
                into=tuple(may) if known else (),
            )
        )

    def _places(self, reserved: Sequence[ReservedGpus]) -> range:
        if not reserved:
            return range(0)
        file = reserved[0].file
        if file not in self._of_file:
            self._of_file[file] = range(len(self.all), len(self.all) + len(reserved))
            self.all += reserved
        return self._of_file[file]

    def fill(self, jobs: Sequence[JobBill]) -> tuple[list[JobBill], list[ReservedUse]]:
        """The bills of the jobs that were added, with their parts of what is reserved, and how full that is."""
        if not self.all:
            return list(jobs), []
        placed, uses = filled(self.all, self.wanted)
        parts = zip(jobs, self.wanted, placed, strict=True)
        return [_placed(job, want, place, self.all) for job, want, place in parts], uses


def _placed(job: JobBill, want: Wanted, placed: Placed, reserved: Sequence[ReservedGpus]) -> JobBill:
    """A job of which a part is in reserved capacity: what an hour of it costs is the mean of both. A change of that
    part saves nothing that is paid: savings count for the rest."""
    if not placed.hours or not job.per_month:
        return job
    share = min(1.0, placed.hours / (want.machines * want.hours))
    month = per_month(want, placed, reserved)
    rest, paid = 1 - share, month / job.per_month
    part = "all" if share > 0.999 else percent(share)
    return job._replace(
        per_hour=None if job.per_hour is None else job.per_hour * paid,
        per_run=None if job.per_run is None else job.per_run * paid,
        per_month=month,
        use=job.use._replace(why=f"{job.use.why}; {part} of it in reserved capacity"),
        reserved=share,
        savings=tuple(each._replace(alone=each.alone * rest, adds=each.adds * rest) for each in job.savings),
    )


def unused(uses: Sequence[ReservedUse]) -> list[JobBill]:
    """A row for each capacity of which something is paid for nothing."""
    return [_unused(each) for each in uses if each.unused >= LEAST]


def _unused(use: ReservedUse) -> JobBill:
    reserved = use.reserved
    idle = reserved.number * (1 - use.share)
    return JobBill(
        path=reserved.shown,
        line=1,
        job=f"unused: {figure(idle)} of {reserved.number:,} × {reserved.gpu}",
        format=UNUSED,
        task="",
        machine=f"{figure(idle)} × {reserved.gpu}",
        cloud=reserved.cloud,
        gpu=reserved.gpus[0] if len(reserved.gpus) == 1 else reserved.gpu,
        gpus=0,
        labels={},
        use=MonthlyUse(HOURS_PER_MONTH, None, None, "reserved capacity that no job takes"),
        per_hour=use.unused / HOURS_PER_MONTH,
        per_run=None,
        per_month=use.unused,
        reserved=1.0,
    )


def in_words(use: ReservedUse) -> str:
    """`8 × A100-80GB of gcp at $2.10 each: 76 % used, $2,943 of $12,264 a month for nothing`."""
    reserved = use.reserved
    what = (
        f"{reserved.number:,} × {reserved.gpu} of {reserved.cloud} at {dollars(reserved.price)} an hour each"
    )
    left = (
        ""
        if use.unused < LEAST
        else f", {dollars(use.unused)} of {dollars(reserved.per_month)} a month for nothing"
    )
    return f"{what}: {percent(use.share)} used{left}"
