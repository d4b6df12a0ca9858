"""A Plan as one JSON document."""

from __future__ import annotations

from typing import Any

from gpuspec.job.job import Budget
from gpuspec.json_text import json_text
from gpuspec.planning.case import Case
from gpuspec.planning.measured import Measured
from gpuspec.planning.plan import Candidate, Cost, Plan
from gpuspec.planning.spread import Spread
from gpuspec.planning.units import SOLD
from gpuspec.planning.what_if import WhatIfs
from gpuspec.report.left_out import notes, unreadable_limits
from gpuspec.report.what_if_json import what_if_record
from gpuspec.sizing import Need, Phase, Unsized


def render(case: Case, plan: Plan, spread: Spread | None = None, what_ifs: WhatIfs | None = None) -> str:
    """The whole plan: kept candidates first, and how the items stand against the deadline (`items` is null where
    there are none, or nothing is known of them). Memory is GiB, money US dollars; null is unknown."""
    dates, budget = dict(plan.sources), case.job.budget or Budget()
    known = not unreadable_limits(case.left_out)
    document = {
        "version": 1,
        "path": case.path,
        "name": case.job.name,
        "need": _need(plan.need),
        "by": plan.by,
        "unit": plan.unit and SOLD[plan.unit].per,
        "why": plan.why or None,
        "choice": _candidate(plan.choice, dates) if plan.choice else None,
        "cost": _cost(plan.cost, dates) if plan.cost and known else None,
        "choice_cost": _cost(plan.choice_cost, dates) if plan.choice_cost and known else None,
        "budget": {"max_total": budget.max_total, "max_hours": budget.max_hours},
        "keep_alive_minutes": plan.keep_alive_minutes,
        "max_hours": plan.max_hours,
        "length": _length(case, plan),
        "measured": [measured_record(each) for each in case.measured],
        "load": _load(case, plan),
        "items": _items(spread) if spread else None,
        "what_if": what_if_record(what_ifs) if what_ifs else None,
        "notes": [*notes(case), *plan.notes],
        "agreed_prices": list(case.agreed_prices({candidate.offer.cloud for candidate in plan.candidates})),
        "prices": [{"source": name, "as_of": date} for name, date in plan.sources],
        "candidates": [_candidate(candidate, dates) for candidate in plan.candidates],
    }
    return json_text(document)


def measured_record(each: Measured) -> dict[str, Any]:
    """What the last runs of the job took on one kind of machine."""
    low, expected, high = each.hours or (None, None, None)
    return {
        "gpu": each.gpu or None,
        "gpu_count": each.gpus,
        "runs": [run.id for run in each.runs],
        "sources": list(dict.fromkeys(run.source for run in each.runs)),
        "peak_gib": _rounded(each.peak_gib),
        "low_hours": _rounded(low),
        "expected_hours": _rounded(expected),
        "high_hours": _rounded(high),
        "gpu_utilization": _rounded(each.gpu_utilization),
    }


def _length(case: Case, plan: Plan) -> dict[str, Any] | None:
    """Hours that the job takes on the choice."""
    from gpuspec.planning.job_length import length_on

    found = length_on(case.market, plan)
    if found is None:
        return None
    low, expected, high, why = found.length
    hours = {"low_hours": _rounded(low), "expected_hours": _rounded(expected), "high_hours": _rounded(high)}
    return {**hours, "why": why, "total": _rounded(found.total)}


def _load(case: Case, plan: Plan) -> dict[str, Any] | None:
    """The choice under the load that the job declares."""
    if not case.job.traffic and not case.job.users:
        return None
    from gpuspec.planning.under_load import under_load
    from gpuspec.report.load_json import load_json

    found = under_load(case.market, plan)
    return load_json(found) if found else None


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
                "worst": _rounded(option.worst),
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
        **_gib(need.of()),
        "engine": need.engine,
        "confidence": need.confidence,
        "assumptions": list(need.assumptions),
        "decides": need.deciding.name,
        "parts": _parts(need.deciding),
        "phases": [{"name": phase.name, **_gib(phase.of()), "parts": _parts(phase)} for phase in need.phases],
    }


def _parts(phase: Phase) -> list[dict[str, Any]]:
    return [
        {"name": part.name, **_gib((part.low, part.expected, part.high)), "why": part.why}
        for part in phase.parts
    ]


def _gib(figures: tuple[float, float, float]) -> dict[str, float]:
    low, expected, high = (round(figure, 3) for figure in figures)
    return {"low_gib": low, "expected_gib": expected, "high_gib": high}


def _candidate(candidate: Candidate, dates: dict[str, str | None]) -> dict[str, Any]:
    offer, fit = candidate.offer, candidate.fit
    return {
        "cloud": offer.cloud,
        "region": offer.region,
        "instance": offer.instance,
        "gpu": offer.gpu,
        "gpu_count": offer.gpu_count,
        "vram_gb": candidate.gpu.vram_gb,
        "price": None if candidate.only_bid else candidate.price,
        "spot": candidate.spot,
        "unit_cost": candidate.unit_cost,
        "price_on_demand": offer.price,
        "list_price": offer.price if offer.list_price is None else offer.list_price,
        "agreed": offer.agreed or None,
        "price_spot": offer.spot_price,
        "bid": offer.bid,
        "hosts": offer.hosts,
        "source": offer.source,
        "prices_as_of": dates.get(offer.source),
        "fit": fit
        and {
            "verdict": fit.verdict,
            "usable_gib": round(fit.usable, 3),
            "need_gib": round(fit.need.expected, 3),
            "decides": fit.part,
            "phase": fit.phase or None,
        },
        "kept": candidate.kept,
        "limit": candidate.limit or None,
        "reason": candidate.reason or None,
    }


def _cost(cost: Cost, dates: dict[str, str | None]) -> dict[str, Any]:
    words = ("lines", "not_counted", "candidate")
    amounts = {name: _rounded(getattr(cost, name)) for name in Cost._fields if name not in words}
    return {
        **amounts,
        "arithmetic": [{"what": what, "value": value} for what, value in cost.lines],
        "not_counted": list(cost.not_counted),
        "on": _candidate(cost.candidate, dates),
    }


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
