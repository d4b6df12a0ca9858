"""What changed between two states of a project: findings that are new or gone, and what its jobs cost."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.lint.result import Located
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.job_cost import JobCost
from gpuspec.planning.units import unit_price
from gpuspec.printable import escape, one_line
from gpuspec.printable import markdown as plain
from gpuspec.report.markdown import what, where
from gpuspec.report.summary import plural
from gpuspec.version import __version__
from gpuspec.words import dollars

FORMATS = ("text", "markdown", "json")
MOST_ROWS = 50
"""Jobs, or findings, that a table holds; a comment may not be longer than 65,536 characters."""
SAME = 0.005
"""A share of a price: what differs by less is the same."""


class JobChange(NamedTuple):
    """A job of which something that costs changed. `before` None: it is new; `after` None: it is gone. `was` is where
    its file was, if it was moved."""

    path: str
    job: str
    before: JobCost | None
    after: JobCost | None
    was: str = ""


class WhatChanged(NamedTuple):
    """`new` findings are shown and were not there before, `fixed` ones are gone, `kept` counts those that were there
    before, `silenced` those of them that a comment silences now."""

    new: tuple[Located, ...]
    fixed: tuple[Located, ...]
    kept: int
    silenced: int
    jobs: tuple[JobChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.new or self.fixed or self.silenced or self.jobs)


def render(format: str, comparison: WhatChanged) -> str:
    """A comparison in one of FORMATS."""
    return {"text": _text, "markdown": _markdown, "json": _json}[format](comparison)


def summary(found: WhatChanged) -> str:
    """`2 new findings, 1 fixed, 3 as before · +$1.20/hour`; one line."""
    parts = [plural(len(found.new), "new finding")]
    if found.fixed:
        parts.append(f"{len(found.fixed):,} fixed")
    if found.silenced:
        parts.append(f"{found.silenced:,} silenced")
    if found.kept:
        parts.append(f"{found.kept:,} as before")
    money = _sum(found)
    return ", ".join(parts) + (f" · {money}" if money else "")


def _sum(found: WhatChanged) -> str:
    """What an hour of all jobs costs more or less, in words; "" where nothing does, or where a price is missing."""
    before = [each.before.per_hour if each.before else 0.0 for each in found.jobs]
    after = [each.after.per_hour if each.after else 0.0 for each in found.jobs]
    if not found.jobs or None in before or None in after:
        return ""
    more = sum(each or 0.0 for each in after) - sum(each or 0.0 for each in before)
    if abs(more) < 0.005:
        return ""
    return f"{'+' if more > 0 else '−'}{dollars(abs(more))}/hour"


def differs(before: JobCost | None, after: JobCost | None) -> bool:
    """Whether two costs are told as a change."""
    if before is None or after is None:
        return before is not after
    numbers = ((before.per_hour, after.per_hour), (before.per_unit, after.per_unit))
    return before.machine != after.machine or any(_differ(one, other) for one, other in numbers)


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > SAME * max(abs(one), abs(other))


def _change(each: JobChange, before: str | None, after: str | None) -> str:
    """`$2.50 → $3.00`, or one of them where nothing changed, or the job is new or gone."""
    if each.before is None or each.after is None or before == after:
        return after or before or "–"
    return f"{before or 'unknown'} → {after or 'unknown'}"


def _cells(each: JobChange) -> tuple[str, str, str, str]:
    """(what happened, machine, $/h, $ per unit), as text."""
    before, after = each.before, each.after
    state = "new" if before is None else "gone" if after is None else each.was and f"was {each.was}"
    hours = [
        None if one is None or one.per_hour is None else dollars(one.per_hour) for one in (before, after)
    ]
    units = [
        None if one is None or one.per_unit is None else unit_price(one.per_unit) for one in (before, after)
    ]
    share = ""
    if before and after and before.per_hour and after.per_hour and _differ(before.per_hour, after.per_hour):
        share = f" ({(after.per_hour / before.per_hour - 1) * 100:+.0f} %)".replace("-", "−")
    unit = (after and after.unit) or (before.unit if before else "")
    if before and after and before.unit != after.unit and before.per_unit and after.per_unit:
        units = [f"{units[0]} per {before.unit}", f"{units[1]}"]
    per_unit = _change(each, *units)
    return (
        state,
        _change(each, before and before.machine, after and after.machine),
        _change(each, *hours) + share,
        f"{per_unit} per {unit}" if unit and per_unit != "–" else per_unit,
    )


def _text(found: WhatChanged) -> str:
    out = [summary(found)]
    for each in found.jobs:
        state, machine, hour, unit = _cells(each)
        name = " ".join(filter(None, (each.path, each.job, state and f"({state})")))
        out.append(f"{name}: {machine}, {hour}/hour" + (f", {unit}" if unit != "–" else ""))
    for sign, findings in (("+", found.new), ("-", found.fixed)):
        for one in findings:
            place = f"{one.path}:{one.place.line}:{one.place.column}"
            out.append(f"{sign} {place}: {one.finding.code} {one.finding.name} {one.finding.message}")
    return "".join(f"{one_line(' '.join(line.split()))}\n" for line in out)


def _markdown(found: WhatChanged) -> str:
    """Markdown for a comment; a single line where there is nothing to tell."""
    if found.is_empty:
        before = f" ({plural(found.kept, 'finding')} as before)" if found.kept else ""
        return f"gpuspec: this changes no finding and no cost{before}.\n"
    out = ["### gpuspec", "", plain(summary(found))]
    if found.jobs:
        out += ["", "| job | machine | per hour | per unit of work |", "|---|---|---:|---:|"]
        out += [_row(each) for each in found.jobs[:MOST_ROWS]]
        out += _left(len(found.jobs), "job")
    if found.new:
        out += ["", "| where | new |", "|---|---|"]
        out += [f"| {where(one)} | {what(one)} |" for one in found.new[:MOST_ROWS]]
        out += _left(len(found.new), "finding")
    if found.fixed:
        out += ["", f"<details><summary>{len(found.fixed):,} fixed</summary>", ""]
        out += ["| where it was | fixed |", "|---|---|"]
        for one in found.fixed[:MOST_ROWS]:
            out.append(f"| {where(one)} | ✅ {plain(one.finding.code)} {plain(one.finding.name)} |")
        out += [*_left(len(found.fixed), "finding"), "", "</details>"]
    return "\n".join(out) + "\n"


def _left(number: int, of: str) -> list[str]:
    return ["", f"… and {plural(number - MOST_ROWS, of)} more."] if number > MOST_ROWS else []


def _row(each: JobChange) -> str:
    state, machine, hour, unit = _cells(each)
    label = _code(f"{each.path} {each.job}")
    if each.was:
        label += f" was {_code(each.was)}"
    elif state:
        label += f" {state}"
    return f"| {label} | {plain(machine)} | {plain(hour)} | {plain(unit)} |"


def _code(text: str) -> str:
    text = one_line(" ".join(text.split())).replace("|", escape("|")).replace("`", escape("`"))
    return f"`{text}`"


def _json(found: WhatChanged) -> str:
    return json_text(
        {
            "version": __version__,
            "new": [_finding(one) for one in found.new],
            "fixed": [_finding(one) for one in found.fixed],
            "as_before": found.kept,
            "silenced": found.silenced,
            "jobs": [
                {
                    "path": each.path,
                    "job": each.job,
                    "was": each.was or None,
                    "before": each.before and _cost(each.before),
                    "after": each.after and _cost(each.after),
                }
                for each in found.jobs
            ],
        }
    )


def _finding(one: Located) -> dict[str, Any]:
    finding = one.finding
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "path": one.path,
        "line": one.place.line,
        "column": one.place.column,
        "pointer": finding.pointer,
    }


def _cost(cost: JobCost) -> dict[str, Any]:
    return {
        "machine": cost.machine,
        "per_hour": None if cost.per_hour is None else round(cost.per_hour, 4),
        "per_unit": None if cost.per_unit is None else round(cost.per_unit, 6),
        "unit": cost.unit or None,
    }
