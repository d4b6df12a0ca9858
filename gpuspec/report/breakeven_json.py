"""What `gpuspec breakeven` finds, as JSON."""

from __future__ import annotations

from typing import Any

from gpuspec.catalog.api_prices import ApiPrice
from gpuspec.json_text import json_text
from gpuspec.planning.breakeven import BreakEven
from gpuspec.planning.self_hosting import Comparison
from gpuspec.planning.what_if import WhatIfs
from gpuspec.report.what_if_json import what_if_record


def render(found: Comparison, what_ifs: WhatIfs) -> str:
    """Everything, for programs."""
    usage, host, own = found.usage, found.host, found.own
    document: dict[str, Any] = {
        "model": found.workload.model.id if found.workload.model else found.workload.model_name,
        "tokens": {
            "input": usage.request.read,
            "output": usage.request.written,
            "assumed": usage.request.assumed,
        },
        "requests_per_month": usage.requests,
        "utilization": round(usage.utilization, 4),
        "ops_per_month": usage.ops,
        "api": {**api_record(found.api), "per_request": _rounded(found.each)},
        "machine": {
            "gpu": host.machine.gpu.name,
            "gpu_count": host.machine.gpu_count,
            "cloud": host.machine.price.offer.cloud if host.machine.price else None,
            "per_hour": round(host.machine.per_hour, 4),
            "per_month": round(own.per_month, 2),
            "requests_per_hour": round(host.per_hour, 1),
            "requests_per_month": round(own.requests),
            "per_request": _rounded(own.each),
            "why": host.why,
            "keeps_slo": host.keeps_slo,
        },
        "break_even": _even(found.at),
        "quickest": found.quickest
        and {"requests_per_hour": round(found.quickest[0], 1), "break_even": _even(found.quickest[1])},
        "without_capacity": found.uncapped,
        "pays_above_utilization": _rounded(found.pays_above) if found.each else None,
        "earlier": found.earlier
        and {
            "gpu": found.earlier[0].machine.gpu.name,
            "gpu_count": found.earlier[0].machine.gpu_count,
            **(_even(found.earlier[1]) or {}),
        },
        "hybrid": found.mix
        and {
            "machines": found.mix.machines,
            "own_requests": round(found.mix.own),
            "api_requests": round(found.mix.api),
            "cost": round(found.mix.cost, 2),
        },
        "months_until": found.months,
        "otherwise": [{"what": one.what, "break_even": _even(one.at)} for one in found.others],
        "what_if": what_if_record(what_ifs),
    }
    return json_text(document)


def api_record(price: ApiPrice) -> dict[str, Any]:
    """One row of the table of API prices."""
    return {
        "provider": price.provider,
        "model": price.model,
        "hosts": price.hosts or None,
        "input": price.per_million_input,
        "cached_input": price.per_million_cached,
        "output": price.per_million_output,
        "batch_discount": price.batch_discount,
        "as_of": price.as_of or None,
        "source": price.source,
    }


def _even(found: BreakEven | None) -> dict[str, Any] | None:
    return found and found._asdict()


def _rounded(amount: float) -> float:
    """Six figures: a request costs parts of a cent."""
    return float(f"{amount:.6g}")
