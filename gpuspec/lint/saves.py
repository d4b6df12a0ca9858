"""What the findings of one job save, ready to be stacked."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any, get_args

from gpuspec.lint.finding import Saving
from gpuspec.lint.result import Located
from gpuspec.planning.bill import SavingKind
from gpuspec.planning.market import Market
from gpuspec.planning.stacked import Saves

KINDS = get_args(SavingKind)


def saves(findings: Iterable[Located], per_hour: float | None, market: Market) -> list[Saves]:
    """The findings of a job that name money, each as a share of what the job costs: of the dollars an hour of all its
    machines, `per_hour`, where the rule does not say of what. `market` is the job's: it knows what a lower price
    saves on the machines that other findings propose. What a plugin's rule fills in wrongly counts for nothing."""
    found = [
        (one, one.finding.saving)
        for one in findings
        if one.finding.saving and _is_number(one.finding.saving.per_hour)
    ]
    proposed = {_machine(saving) for _, saving in found} - {None}
    elsewhere = {machine: _spot(market, *machine) for machine in proposed if machine}
    return [
        Saves(
            code=one.finding.code,
            name=one.finding.name,
            message=one.finding.message,
            line=one.place.line,
            kind=saving.kind if saving.kind in KINDS else "machine",
            share=_share(saving, per_hour),
            machine=_machine(saving),
            elsewhere=elsewhere if saving.kind == "price" else {},
            advice=one.finding.suggestion or (one.finding.fix.title if one.finding.fix else ""),
        )
        for one, saving in found
        if saving.per_hour > 0
    ]


def _share(saving: Saving, per_hour: float | None) -> float:
    if saving.share is None:
        return saving.per_hour / per_hour if per_hour else 0.0
    return saving.share if _is_number(saving.share) else 0.0


def _machine(saving: Saving) -> tuple[str, int] | None:
    match saving.machine:
        case (str() as gpu, int() as number):
            return gpu, number
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _spot(market: Market, gpu: str, number: int) -> float:
    """The share of a machine's price that spot saves; 0 where nobody offers it so."""
    now, spot = market.cheapest(gpu, number), market.cheapest(gpu, number, spot="only")
    return max(0.0, 1 - spot.per_hour / now.per_hour) if now and spot and now.per_hour else 0.0
