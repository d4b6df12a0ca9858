"""Which group of the bill's first grouping a job belongs to, and the colour that the group has all over the page."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import commonpath

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import Bill, BillGroup, JobBill
from gpuspec.planning.bill_groups import UNNAMED, group_of

COLOURS = 7
"""Groups with a colour of their own; those after them share a grey, which is the colour of number 7."""
NO_LABELS = ("folder", "cloud", "gpu")
"""Groupings that are not by a label."""


class ColouredGroup(NamedTuple):
    """A group as it is drawn. `jobs` are those with a known cost, the dearest first; `unknown` how many others it
    has; `colour` is its number."""

    name: str
    jobs: tuple[JobBill, ...]
    unknown: int
    per_month: float
    saved: float
    colour: int


def groupings(bill: Bill) -> dict[str, list[BillGroup]]:
    """Groups by what they are grouped by, in the order of the bill; the dearest group first. Folders are named as
    seen from the folder that all of them are in."""
    above = common_folder(bill)
    found: dict[str, list[BillGroup]] = {}
    for group in bill.groups:
        shown = group._replace(name=inside(group.name, above)) if group.by == "folder" else group
        found.setdefault(group.by, []).append(shown)
    return {by: sorted(groups, key=lambda each: -each.per_month) for by, groups in found.items()}


def common_folder(bill: Bill) -> str:
    """The folder that all folders are in; "" where there is none but the current one."""
    names = [group.name for group in bill.groups if group.by == "folder"]
    if len(names) < 2 or len({name.startswith("/") for name in names}) > 1:
        return ""
    return commonpath(names)


def inside(name: str, above: str) -> str:
    """A folder as it is seen from one above it; that one itself by its own name."""
    return name[len(above) :].lstrip("/") or name if above else name


def first_grouping(bill: Bill) -> str:
    """What the page is coloured by: the label that says who pays for most of it, else the folder."""
    found = groupings(bill)
    labels = [by for by in found if by not in NO_LABELS]
    for by in labels:
        said = sum(group.per_month for group in found[by] if group.name != UNNAMED)
        if said > bill.per_month / 2:
            return by
    return "folder" if "folder" in found else next(iter(found), "folder")


def coloured(bill: Bill) -> tuple[ColouredGroup, ...]:
    """The groups of the first grouping, the dearest first; those beyond the number of colours are one."""
    by = first_grouping(bill)
    above = common_folder(bill) if by == "folder" else ""
    members: dict[str, list[JobBill]] = {}
    for job in bill.jobs:
        members.setdefault(inside(group_of(job, by), above), []).append(job)
    found = [_group(name, jobs, 0) for name, jobs in members.items()]
    found.sort(key=lambda each: (-each.per_month, each.name))
    own = COLOURS if len(found) <= COLOURS else COLOURS - 1
    shown = [each._replace(colour=at) for at, each in enumerate(found[:own])]
    rest = [job for name in (each.name for each in found[own:]) for job in members[name]]
    if rest:
        shown.append(_group(f"{len(found) - own} more", rest, COLOURS))
    return tuple(shown)


def _group(name: str, jobs: Sequence[JobBill], colour: int) -> ColouredGroup:
    known = sorted(
        (job for job in jobs if job.per_month is not None), key=lambda job: -(job.per_month or 0.0)
    )
    cost, saved = sum(job.per_month or 0.0 for job in known), sum(job.saved for job in known)
    return ColouredGroup(name, tuple(known), len(jobs) - len(known), cost, saved, colour)
