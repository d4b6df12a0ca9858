"""What changed, for other tools."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.lint.result import Located
from gpuspec.planning.job_cost import JobCost
from gpuspec.report.bill_json import cents
from gpuspec.report.what_changed import Sum, WhatChanged
from gpuspec.version import __version__


def render(found: WhatChanged) -> str:
    """A JSON document; docs/reference/json.md explains every key."""
    return json_text(
        {
            "version": __version__,
            "base": found.base,
            "head": found.head,
            "new": [_finding(one) for one in found.new],
            "fixed": [_finding(one) for one in found.fixed],
            "as_before": found.kept,
            "silenced": found.silenced,
            "total": {
                "per_hour": _sum(found.per_hour, 4),
                "per_run": _sum(found.per_run, 2),
                "per_month": _sum(found.per_month, 2),
            },
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
            "budgets": [
                {
                    "by": each.line.by or None,
                    "name": each.line.name or None,
                    "monthly": each.line.monthly,
                    "before": cents(each.before),
                    "after": cents(each.line.per_month),
                }
                for each in found.budgets
            ],
            "exceeded": [{"limit": each.limit, "added": each.added} for each in found.exceeded],
            "prices": found.prices or None,
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


def _sum(sums: Sum, digits: int) -> dict[str, Any]:
    return {
        "before": round(sums.before, digits),
        "after": round(sums.after, digits),
        "unknown": sums.unknown,
        "unknown_changed": sums.unseen,
    }


def _cost(cost: JobCost) -> dict[str, Any]:
    bill = cost.bill
    return {
        "machine": bill.machine or None,
        "per_hour": _rounded(bill.per_hour, 4),
        "per_run": cents(bill.per_run),
        "per_month": cents(bill.per_month),
        "hours_per_month": _rounded(bill.use.hours, 4),
        "why": bill.use.why,
        "assumed": bill.use.assumed,
        "unknown": bill.unknown or None,
        "per_unit": _rounded(cost.per_unit, 6),
        "unit": cost.unit or None,
    }


def _rounded(amount: float | None, digits: int) -> float | None:
    return None if amount is None else round(amount, digits)
