"""Two states of a project, to what changed between them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gpuspec.cli.project_state import State
from gpuspec.lint.baseline import Baseline, entry_of
from gpuspec.lint.result import Located
from gpuspec.report.what_changed import JobChange, WhatChanged, differs, total

if TYPE_CHECKING:
    from gpuspec.planning.job_cost import JobCost

MOST_PAIRS = 10_000
"""Pairs of a file that is gone and a new one, of which it is looked whether the one became the other."""
ALIKE = 0.5
"""Share of lines in common, from which on git takes a file for one that was moved."""


def compared(base: State, head: State, *, prices: str) -> WhatChanged:
    """What changed from one state to another. Of rules that were run on one side alone, nothing is told."""
    became = _became(base, head)
    is_now = {old: new for new, old in became.items()}
    was = [entry_of(_in(is_now.get(each.path, each.path), each), os.getcwd()) for each in base.findings]
    known = Baseline(os.path.abspath("base"), Counter(was))
    was_there = known.known(head.findings, old=head.files)
    hidden = head.known()
    silenced = sum(known.known(head.silenced(), old=head.files))
    (mine, refused), (theirs, refused_there) = head.of_local_rules(), base.of_local_rules()
    unasked = (mine if refused_there else set[str]()) | (theirs if refused else set[str]())
    left, fixed = known.left(), []
    for each, entry in zip(base.findings, was, strict=True):
        if left[entry] > 0:
            left[entry] -= 1
            if each.finding.code not in unasked:
                fixed.append(each)
    jobs = list(_jobs(base, head, became))
    pairs = [(each.before, each.after) for each in jobs]
    return WhatChanged(
        base=base.said,
        head=head.said,
        new=tuple(
            each
            for at, each in enumerate(head.findings)
            if not was_there[at] and at not in hidden and each.finding.code not in unasked
        ),
        fixed=tuple(fixed),
        kept=sum(was_there),
        silenced=silenced,
        jobs=tuple(sorted((each for each in jobs if differs(each.before, each.after)), key=_by_money)),
        per_hour=total(pairs, lambda cost: cost.bill.per_hour),
        per_run=total(pairs, lambda cost: cost.bill.per_run),
        per_month=total(pairs, lambda cost: cost.bill.per_month),
        prices=prices,
    )


def _by_money(change: JobChange) -> tuple[float, float, str, str]:
    """What changes the month the most first, then the hour; where neither is known, by name."""
    month = total([(change.before, change.after)], lambda cost: cost.bill.per_month).more
    hour = total([(change.before, change.after)], lambda cost: cost.bill.per_hour).more
    return -abs(month), -abs(hour), change.path, change.job


def _in(path: str, found: Located) -> Located:
    return found._replace(path=os.path.abspath(path))


def _jobs(base: State, head: State, became: Mapping[str, str]) -> Iterator[JobChange]:
    """Every job as it was and as it is."""
    for path in sorted(head.costs):
        old = became.get(path, path)
        yield from _jobs_of(path, base.costs.get(old, {}), head.costs[path], was=became.get(path, ""))
    for path in sorted(base.costs.keys() - head.costs.keys() - set(became.values())):
        yield from _jobs_of(path, base.costs[path], {})


def _jobs_of(
    path: str, before: Mapping[str, JobCost], after: Mapping[str, JobCost], *, was: str = ""
) -> Iterator[JobChange]:
    for job in sorted({*before, *after}):
        one, other = before.get(job), after.get(job)
        yield JobChange(path, job, one, other, was if one and other else "")


def _became(base: State, head: State) -> dict[str, str]:
    """New files that are others which are gone, with half of the lines in common, as git tells a file that was moved;
    each is one other."""
    gone = [path for path in sorted(base.files.keys() - head.files.keys()) if base.is_small(path)]
    new = [path for path in sorted(head.files.keys() - base.files.keys()) if head.is_small(path)]
    if len(gone) * len(new) > MOST_PAIRS:
        return {}
    lines = {path: Counter(base.files[path].data.splitlines()) for path in gone}
    scores = []
    for path in new:
        mine = Counter(head.files[path].data.splitlines())
        for old in gone:
            common = 2 * (mine & lines[old]).total() / max(1, mine.total() + lines[old].total())
            if common >= ALIKE:
                scores.append((-common, os.path.basename(path) != os.path.basename(old), path, old))
    became: dict[str, str] = {}
    taken: set[str] = set()
    for _, _, path, old in sorted(scores):
        if path not in became and old not in taken:
            became[path] = old
            taken.add(old)
    return became
