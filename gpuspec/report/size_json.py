"""What `gpuspec size` found, as JSON."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.judged import Instead, Judged
from gpuspec.planning.machines import PricedMachine
from gpuspec.planning.precisions import InScheme
from gpuspec.planning.sized import Sized
from gpuspec.report.plan_json import measured_record
from gpuspec.sizing.capacity import Capacity, Held
from gpuspec.sizing.memory import SIZES
from gpuspec.sizing.speed.rates import Speed
from gpuspec.sizing.weights import GIB


def render(sized: Sized) -> str:
    """Everything, for programs."""
    need = sized.need
    document: dict[str, Any] = {
        "model": sized.workload.model.id if sized.workload.model else sized.workload.model_name,
        "engine": need.engine,
        "gpus": need.gpus,
        "confidence": need.confidence,
        "gib_per_gpu": _range(need.of()),
        "sizes": {size: _range(need.of(size)) for size in SIZES},
        "decides": need.deciding.name,
        "parts": [part._asdict() for part in need.parts],
        "phases": [
            {
                "name": phase.name,
                "gib_per_gpu": _range(phase.of()),
                "parts": [part._asdict() for part in phase.parts],
            }
            for phase in need.phases
        ],
        "assumptions": list(need.assumptions),
        "on": [_on(one) for one in sized.judged],
        "room": [_capacity(one.room, one.asked.gpu_count) for one in sized.judged if one.room],
        "by": sized.by,
        "rentable": [{**_rented(one.offered), **_does(one)} for one in sized.rentable],
        "quantizations": [_precision(one) for one in sized.precisions],
        "next": [
            {
                "name": step.name,
                "value": step.value,
                "gib_per_gpu": step.expected,
                "cheapest": _rented(step.fitting) if step.fitting else None,
            }
            for step in sized.steps
        ],
        "speed": _speed(sized.speed),
        "second_opinion": _opinion(sized),
        "measured": [measured_record(each) for each in sized.measured],
        "weights_gb": need.loaded * GIB / 1e9,
    }
    return json_text(document)


def _opinion(sized: Sized) -> dict[str, Any] | None:
    if sized.opinion is None:
        return None
    from gpuspec.report.size_second_opinion import document

    return document(sized.opinion)


def _range(figures: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("low", "expected", "high"), figures, strict=True))


def _on(one: Judged) -> dict[str, Any]:
    fit, price = one.fit, one.machine.offered.price
    return {
        "asked": one.asked.written,
        "gpu": fit.gpu.name,
        "gpu_count": one.asked.gpu_count,
        "verdict": fit.verdict,
        "usable_gib": fit.usable,
        "need_gib": fit.need.expected,
        "short_gib": one.short,
        "unshared": one.unshared or None,
        "part": fit.part,
        "phase": fit.phase or None,
        "cloud": price.offer.cloud if price else None,
        "price": price.per_hour if price else None,
        **_does(one.machine),
        "instead": _instead(one.instead) if one.instead else None,
    }


def _instead(found: Instead) -> dict[str, Any]:
    machines = (one for one in (found.more, found.other) if one)
    return {
        "context": found.context,
        "users": found.users,
        "quantization": found.scheme,
        "machines": [_rented(one) for one in machines if one.price],
    }


def _does(one: PricedMachine) -> dict[str, Any]:
    rates = (one.each, one.ttft, one.per_million)
    names = ("tokens_per_second_each", "first_token_s", "dollars_per_million")
    found = {name: rate._asdict() if rate else None for name, rate in zip(names, rates, strict=True)}
    work = {**one.done._asdict(), "per_second": one.done.per_second._asdict()} if one.done else None
    return {**found, "work": work, "per_month": one.per_month}


def _precision(one: InScheme) -> dict[str, Any]:
    return {
        "scheme": one.scheme,
        "bits": one.bits,
        "asked": one.asked,
        "how": one.how or None,
        "on_the_fly": one.on_the_fly,
        "weights_gib": one.weights,
        "cheapest": {**_rented(one.machine.offered), **_does(one.machine)} if one.machine else None,
    }


def _capacity(one: Capacity, gpus: int) -> dict[str, Any]:
    def held(row: Held, asked: str) -> dict[str, Any]:
        return {asked: row.asked, "surely": row.surely, "expected": row.expected}

    return {
        "gpu": one.gpu.name,
        "gpu_count": gpus,
        "longest_context": held(one.longest, "users"),
        "most_users": [held(row, "context") for row in one.most],
        "own_context": one.own_context,
        "lets_in": one.lets_in,
    }


def _rented(one: Alternative) -> dict[str, Any]:
    assert one.fit
    assert one.price
    return {
        "gpu": one.gpu.name,
        "gpu_count": one.gpu_count,
        "cloud": one.price.offer.cloud,
        "price": one.price.per_hour,
        "list_price": one.price.list_price,
        "spot": one.price.spot,
        "usable_gib": one.fit.usable,
    }


def _speed(quick: Speed | None) -> dict[str, Any] | None:
    if quick is None:
        return None
    named = {"decode": quick.decode, "each": quick.each, "prefill": quick.prefill}
    rates = {name: value._asdict() if value else None for name, value in named.items()}
    return {**rates, "assumptions": list(quick.assumptions)}
