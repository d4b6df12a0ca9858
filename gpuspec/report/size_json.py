"""What `gpuspec size` found, as JSON."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.planning.alternatives import Alternative
from gpuspec.report.sized import Sized
from gpuspec.sizing import Fit
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
        "on": [_on(one) for one in sized.fits],
        "room": [_capacity(one, need.gpus) for one in sized.capacities],
        "rentable": [_rented(one) for one in sized.rentable],
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
        "weights_gb": need.loaded * GIB / 1e9,
    }
    return json_text(document)


def _range(figures: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("low", "expected", "high"), figures, strict=True))


def _on(one: Fit) -> dict[str, Any]:
    return {
        "gpu": one.gpu.name,
        "verdict": one.verdict,
        "usable_gib": one.usable,
        "part": one.part,
        "phase": one.phase or None,
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
