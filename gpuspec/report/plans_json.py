"""The plans of several jobs as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gpuspec.json_text import json_text
from gpuspec.planning.planned_job import PlannedJob
from gpuspec.planning.reserved import ReservedUse
from gpuspec.report.bill_json import cents, reserved_record, use_record


def render(planned: Sequence[PlannedJob], reserved: Sequence[ReservedUse] = ()) -> str:
    """A JSON document: the jobs in the order in which they were found; null is unknown."""
    taken = [each.bill for each in planned if each.choice]
    return json_text(
        {
            "version": 1,
            "jobs": list(map(_job, planned)),
            "per_hour": round(sum(each.per_hour or 0.0 for each in taken), 4),
            "per_month": round(
                sum(each.per_month or 0.0 for each in taken) + sum(each.unused for each in reserved), 2
            ),
            "unknown_jobs": sum(each.per_month is None for each in taken),
            "reserved": list(map(reserved_record, reserved)),
            "without_machine": sum(not each.choice and not each.needs_nothing for each in planned),
        }
    )


def _job(each: PlannedJob) -> dict[str, Any]:
    bill, choice = each.bill, each.choice
    offer = choice.offer if choice else None
    return {
        "path": bill.path,
        "line": bill.line,
        "job": bill.job or None,
        "format": bill.format,
        "task": bill.task or None,
        "needs_machine": not each.needs_nothing,
        "machine": bill.machine if choice else None,
        "cloud": offer.cloud if offer else None,
        "region": offer.region if offer else None,
        "instance": offer.instance if offer else None,
        "gpu": offer.gpu if offer else None,
        "gpu_count": offer.gpu_count if offer else None,
        "price": choice.price if choice else None,
        "spot": choice.spot if choice else None,
        "per_hour": bill.per_hour if choice else None,
        **use_record(bill.use),
        "reserved": bill.reserved,
        "per_run": cents(bill.per_run) if choice else None,
        "per_month": cents(bill.per_month) if choice else None,
        "worst_case": cents(each.worst),
        "why_not": each.why_not or None,
    }
