"""A Plan as one JSON document."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.planning.case import Case
from gpuspec.planning.plan import Candidate, Cost, Plan
from gpuspec.planning.spread import Spread
from gpuspec.sizing import Fit, Need, Unsized


def render(case: Case, plan: Plan, spread: Spread | None = None) -> str:
    """The whole plan: kept candidates first, and how the items stand against the deadline (`items` is null where
    there are none, or nothing is known of them). Memory is GiB, money US dollars; null is unknown."""
    dates, job = dict(plan.sources), case.job
    document = {
        "version": 1,
        "path": case.path,
        "name": job.name,
        "need": _need(plan.need),
        "choice": _candidate(plan.choice, dates) if plan.choice else None,
        "cost": _cost(plan.cost) if plan.cost else None,
        "budget": {
            "max_total": job.budget.max_total if job.budget else None,
            "max_hours": job.budget.max_hours if job.budget else None,
        },
        "keep_alive_minutes": plan.keep_alive_minutes,
        "max_hours": plan.max_hours,
        "items": _items(spread) if spread else None,
        "notes": list(plan.notes),
        "prices": [{"source": name, "as_of": date} for name, date in plan.sources],
        "candidates": [_candidate(candidate, dates) for candidate in plan.candidates],
    }
    return json_text(document)


def _items(spread: Spread) -> dict[str, Any]:
    each = spread.each
    return {
        "count": spread.items,
        "seconds_each": each.seconds if each else None,
        "measured": {"gpu": each.gpu, "gpu_count": each.gpu_count, "by": each.origin} if each else None,
        "deadline_hours": spread.deadline,
        "ways": [
            {
                "machines": option.number,
                "gpu": option.candidate.gpu.name,
                "gpu_count": option.candidate.offer.gpu_count,
                "price": option.candidate.price,
                "spot": option.candidate.spot,
                "hours": round(option.hours, 4),
                "total": round(option.total, 4),
                "worst": None if option.worst is None else round(option.worst, 4),
            }
            for option in spread.options
        ],
    }


def _need(need: Need | Unsized) -> dict[str, Any]:
    if isinstance(need, Unsized):
        return {"known": False, "reason": need.reason}
    return {
        "known": True,
        "gpus": need.gpus,
        "low_gib": round(need.low, 3),
        "expected_gib": round(need.expected, 3),
        "high_gib": round(need.high, 3),
        "engine": need.engine,
        "confidence": need.confidence,
        "assumptions": list(need.assumptions),
        "parts": [
            {
                "name": part.name,
                "low_gib": round(part.low, 3),
                "expected_gib": round(part.expected, 3),
                "high_gib": round(part.high, 3),
                "why": part.why,
            }
            for part in need.parts
        ],
    }


def _candidate(candidate: Candidate, dates: dict[str, str | None]) -> dict[str, Any]:
    offer = candidate.offer
    return {
        "cloud": offer.cloud,
        "region": offer.region,
        "instance": offer.instance,
        "gpu": offer.gpu,
        "gpu_count": offer.gpu_count,
        "vram_gb": candidate.gpu.vram_gb,
        "price": candidate.price,
        "spot": candidate.spot,
        "price_on_demand": offer.price,
        "price_spot": offer.spot_price,
        "source": offer.source,
        "prices_as_of": dates.get(offer.source),
        "fit": _fit(candidate.fit),
        "kept": candidate.kept,
        "limit": candidate.limit or None,
        "reason": candidate.reason or None,
    }


def _fit(fit: Fit | None) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {
        "verdict": fit.verdict,
        "usable_gib": round(fit.usable, 3),
        "need_gib": round(fit.need.expected, 3),
        "decides": fit.part,
    }


def _cost(cost: Cost) -> dict[str, Any]:
    rounded = {
        name: None if value is None else round(value, 4)
        for name, value in (
            ("hours", cost.hours),
            ("run", cost.run),
            ("idle", cost.idle),
            ("download", cost.download),
            ("disk", cost.disk),
            ("total", cost.total),
        )
    }
    return {**rounded, "arithmetic": [{"what": what, "value": value} for what, value in cost.lines]}
