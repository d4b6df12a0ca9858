"""A bill as JSON."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.planning.bill import Bill, BillGroup, BudgetLine, JobBill, MonthlyUse, SavingStep
from gpuspec.planning.reserved import ReservedUse
from gpuspec.version import __version__


def render(bill: Bill) -> str:
    """The bill as a JSON document."""
    return json_text(document(bill))


def document(bill: Bill) -> dict[str, Any]:
    """The bill in plain values. Dollars to the cent; null is unknown."""
    return {
        "version": __version__,
        "currency": "USD",
        "per_month": cents(bill.per_month),
        "saved_per_month": cents(bill.saved),
        "gpu_hours_per_month": _hours(bill.gpu_hours),
        "unknown_jobs": sum(each.per_month is None for each in bill.jobs),
        "jobs": list(map(_job, bill.jobs)),
        "groups": list(map(_group, bill.groups)),
        "budgets": list(map(_budget, bill.budgets)),
        "assumptions": list(bill.assumptions),
        "prices": bill.prices,
        "reserved": list(map(reserved_record, bill.reserved)),
        "skipped": [{"path": path, "reason": reason} for path, reason in bill.skipped],
    }


def _job(job: JobBill) -> dict[str, Any]:
    return {
        "path": job.path,
        "line": job.line,
        "job": job.job or None,
        "format": job.format,
        "task": job.task or None,
        "machine": job.machine or None,
        "cloud": job.cloud or None,
        "gpu": job.gpu or None,
        "gpus": job.gpus,
        "labels": dict(job.labels),
        **use_record(job.use),
        "gpu_hours_per_month": _hours(job.gpu_hours),
        "per_hour": job.per_hour,
        "per_run": cents(job.per_run),
        "per_month": cents(job.per_month),
        "share": job.share,
        "reserved": job.reserved,
        "saved_per_month": cents(job.saved),
        "savings": list(map(_saving, job.savings)),
        "unknown": job.unknown or None,
    }


def use_record(use: MonthlyUse) -> dict[str, Any]:
    """How much of a month a job is paid for, and who says so."""
    return {
        "hours_per_month": use.hours,
        "runs_per_month": use.runs,
        "hours_per_run": use.hours_each,
        "use": use.why,
        "assumed": use.assumed,
        "at_most": use.at_most,
    }


def _saving(step: SavingStep) -> dict[str, Any]:
    return {
        "code": step.code,
        "name": step.name,
        "message": step.message,
        "suggestion": step.advice or None,
        "line": step.line,
        "kind": step.kind,
        "alone_per_month": cents(step.alone),
        "adds_per_month": cents(step.adds),
    }


def _group(group: BillGroup) -> dict[str, Any]:
    return {
        "by": group.by,
        "name": group.name,
        "jobs": group.jobs,
        "unknown_jobs": group.unknown,
        # A group of which nothing is known does not cost nothing.
        "per_month": None if group.unknown == group.jobs else cents(group.per_month),
        "saved_per_month": cents(group.saved),
        "gpu_hours_per_month": _hours(group.gpu_hours),
    }


def _budget(line: BudgetLine) -> dict[str, Any]:
    return {
        "by": line.by or None,
        "name": line.name or None,
        "monthly": line.monthly,
        "per_month": cents(line.per_month),
        "used": line.used,
        "steps": list(line.steps),
        "reached": line.reached,
        "unknown_jobs": line.unknown,
    }


def reserved_record(use: ReservedUse) -> dict[str, Any]:
    """Reserved capacity, and how full it is."""
    reserved = use.reserved
    return {
        "cloud": reserved.cloud,
        "gpu": reserved.gpu,
        "count": reserved.number,
        "price": reserved.price,
        "per_month": cents(reserved.per_month),
        "gpu_hours": round(use.gpu_hours, 2),
        "used": use.share,
        "unused_per_month": cents(use.unused),
    }


def cents(amount: float | None) -> float | None:
    """Dollars to the cent."""
    return None if amount is None else round(amount, 2)


def _hours(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
