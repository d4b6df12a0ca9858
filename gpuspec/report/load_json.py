"""A service under its declared load, as JSON."""

from __future__ import annotations

from typing import Any

from gpuspec.planning.answering import AnswerPace
from gpuspec.planning.under_load import Later, UnderLoad


def load_json(found: UnderLoad) -> dict[str, Any]:
    """Requests a second, seconds, tokens a second, dollars; null is unknown, or does not apply."""
    replicas, counted, demand = found.replicas, found.replicas.counted, found.replicas.demand
    growth, mix, quiet, slo = found.growth, found.mix, found.quiet, found.slo
    return {
        "requests_per_second": _rounded(demand.mean) if demand.mean else None,
        "peak_requests_per_second": _rounded(demand.peak),
        "users": demand.users or None,
        "sequences": _rounded(replicas.sequences),
        "one_machine": {
            **_pace(counted.best),
            "requests_per_second": _rounded(counted.best.per_second) or None,
        },
        "at_peak": {**_pace(replicas.at_peak), "wait_seconds": _rounded(replicas.wait)},
        "machines": {"mean": counted.mean, "peak": counted.peak, "paid": _rounded(counted.paid)},
        "busy": {
            "mean": _rounded(replicas.busy(demand.mean, max(1.0, counted.paid))),
            "peak": _rounded(replicas.busy(demand.busiest, counted.peak)),
        },
        "hours_per_month": replicas.hours,
        "per_month": _rounded(replicas.per_month),
        "per_thousand_requests": _rounded(replicas.per_thousand),
        "per_million_tokens": _rounded(replicas.per_million),
        "reserve_per_month": _rounded(replicas.cost_of(1)),
        "autoscaled_machines": _rounded(found.varying),
        "slo": slo
        and {
            "met": counted.met,
            "misses": replicas.misses or None,
            "without": {
                "gpu": slo.candidate.gpu.name,
                "gpu_count": slo.candidate.offer.gpu_count,
                "machines": _rounded(slo.machines),
                "per_month": _rounded(slo.per_month),
            },
        },
        "growth": growth
        and {
            "per_month": growth.per_month,
            "next": growth.next and _later(growth.next),
            "later": [_later(one) for one in growth.later],
        },
        "spot_mix": mix
        and {
            "on_demand": mix.on_demand,
            "spot": mix.spot,
            "price": mix.price,
            "per_month": _rounded(mix.per_month),
        },
        "quiet": quiet
        and {
            "idle_minutes": quiet.idle_minutes,
            "up": _rounded(quiet.up),
            "to_zero_per_month": _rounded(quiet.to_zero),
            "start_seconds": _rounded(quiet.start.expected) if quiet.start else None,
            "night_hours": _rounded(quiet.night),
            "batch_per_month": _rounded(quiet.batch),
        },
    }


def _pace(pace: AnswerPace) -> dict[str, Any]:
    return {
        "sequences": pace.sequences,
        "first_token_seconds": _rounded(pace.ttft),
        "tokens_per_second_each": _rounded(1 / pace.token),
    }


def _later(later: Later) -> dict[str, Any]:
    return {
        "months": later.months,
        "times": _rounded(later.times),
        "machines": later.machines,
        "per_month": _rounded(later.per_month),
    }


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
