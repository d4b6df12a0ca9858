"""What changed, for a terminal or a log: a line of the sum, then each job and each finding."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.printable import one_line
from gpuspec.report.diff_rows import NOTHING, cells, month_of
from gpuspec.report.what_changed import JobChange, WhatChanged, counts, money, unknown


def render(found: WhatChanged) -> str:
    """The whole of it. `+` is new, `-` gone, `~` changed."""
    out = [
        f"{found.base} → {found.head}",
        " · ".join(filter(None, (money(found), counts(found), unknown(found)))),
    ]
    out += [each.in_words for each in found.budgets if each.is_told]
    for job in found.jobs:
        out += _job(job)
    for sign, findings in (("+", found.new), ("-", found.fixed)):
        for one in findings:
            place = f"{one.path}:{one.place.line}:{one.place.column}"
            out.append(f"{sign} {place}: {one.finding.code} {one.finding.name} {one.finding.message}")
    return "".join(f"{one_line(line)}\n" for line in out)


def _job(job: JobChange) -> Iterator[str]:
    row = cells(job)
    sign = "+" if job.before is None else "-" if job.after is None else "~"
    name = " ".join(filter(None, (job.path, job.job, row.state and f"({row.state})")))
    yield " ".join(f"{sign} {name}: {row.machine}".split())
    for label, words in (("hour", row.per_hour), ("run", row.per_run), ("month", row.per_month)):
        why = month_of(job) if label == "month" else ""
        if words != NOTHING or (why and label == "month"):
            known = words if words != NOTHING else "unknown"
            yield f"    per {label:<6}{known}" + (f"  ({why})" if why else "")
    if row.per_unit != NOTHING:
        yield f"    per unit  {row.per_unit}"
