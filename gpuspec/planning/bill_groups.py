"""A bill made of the bills of its jobs: shares, groups, what is assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gpuspec.planning.bill import BillGroup, JobBill, gpu_hours_of

UNNAMED = "none"
"""What jobs are grouped under that do not say."""


def with_shares(jobs: Iterable[JobBill]) -> tuple[JobBill, ...]:
    """The dearest first, those without a known cost last, of these the most GPU-hours first; each with its share of
    all that is known."""
    listed = sorted(jobs, key=_order)
    total = sum(each.per_month or 0.0 for each in listed)
    return tuple(
        each if each.per_month is None or not total else each._replace(share=each.per_month / total)
        for each in listed
    )


def _order(job: JobBill) -> tuple[bool, float, float, str, int, str]:
    unpriced = (job.gpu_hours or 0.0) if job.per_month is None else 0.0
    return job.per_month is None, -(job.per_month or 0.0), -unpriced, job.path, job.line, job.job


def group_of(job: JobBill, by: str) -> str:
    """The value by which a job is grouped; "none" where it has none."""
    if by == "folder":
        return job.path.rpartition("/")[0] or "."
    if by == "cloud":
        return job.cloud or UNNAMED
    if by == "gpu":
        return job.gpu or UNNAMED
    return job.labels.get(by) or UNNAMED


def shown_name(group: BillGroup) -> str:
    """A group, for people: "this folder" for what lies in none."""
    return "this folder" if (group.by, group.name) == ("folder", ".") else group.name


def groups(jobs: Sequence[JobBill], kinds: Iterable[str]) -> tuple[BillGroup, ...]:
    """The jobs by each of these: "folder", "cloud", "gpu", or the key of a label; the dearest group of each first."""
    found: list[BillGroup] = []
    for by in kinds:
        named: dict[str, list[JobBill]] = {}
        for job in jobs:
            named.setdefault(group_of(job, by), []).append(job)
        made = (_group(by, name, members) for name, members in named.items())
        found += sorted(made, key=lambda each: (-each.per_month, -(each.gpu_hours or 0.0), each.name))
    return tuple(found)


def _group(by: str, name: str, jobs: Sequence[JobBill]) -> BillGroup:
    return BillGroup(
        by,
        name,
        len(jobs),
        sum(each.per_month or 0.0 for each in jobs),
        sum(each.saved for each in jobs),
        sum(each.per_month is None for each in jobs),
        gpu_hours_of(jobs),
    )


def assumptions(jobs: Iterable[JobBill]) -> tuple[str, ...]:
    """The defaults that nobody wrote, and for how many jobs; which costs are limits; what is not counted."""
    jobs = tuple(jobs)
    defaults = Counter(
        each.use.why.partition(",")[0].partition(";")[0]
        for each in jobs
        if each.use.assumed and each.use.hours
    )
    said = [f"{why}: assumed of {_jobs(number)}" for why, number in sorted(defaults.items())]
    limits = sum(each.use.at_most and each.per_month is not None for each in jobs)
    if limits:
        said.append(f"{_jobs(limits)} counted as if every run took all of its time limit: at most that much")
    if not jobs:
        return ()
    return (*said, "machines alone are counted: no disks, no traffic between clouds, no idle minutes")


def _jobs(number: int) -> str:
    return f"{number:,} job{'s' * (number != 1)}"
