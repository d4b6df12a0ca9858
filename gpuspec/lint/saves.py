"""What the findings of one job save, ready to be stacked."""

from __future__ import annotations

from collections.abc import Iterable

from gpuspec.lint.result import Located
from gpuspec.planning.market import Market
from gpuspec.planning.stacked import Saves


def saves(findings: Iterable[Located], per_hour: float | None, market: Market) -> list[Saves]:
    """The findings of a job that name money, each as a share of what the job costs: of the dollars an hour of all its
    machines, `per_hour`, where the rule does not say of what. `market` is the job's: it knows what a lower price
    saves on the machines that other findings propose."""
    found = [one for one in findings if one.finding.saving and one.finding.saving.per_hour > 0]
    machines = {one.finding.saving.machine for one in found if one.finding.saving} - {None}
    elsewhere = {machine: _spot(market, *machine) for machine in machines if machine}
    made = []
    for one in found:
        finding, saving = one.finding, one.finding.saving
        assert saving
        share = saving.share
        if share is None:
            share = saving.per_hour / per_hour if per_hour else 0.0
        made.append(
            Saves(
                code=finding.code,
                name=finding.name,
                message=finding.message,
                line=one.place.line,
                kind=saving.kind,
                share=share,
                machine=saving.machine,
                elsewhere=elsewhere if saving.kind == "price" else {},
                advice=finding.suggestion or "",
            )
        )
    return made


def _spot(market: Market, gpu: str, number: int) -> float:
    """The share of a machine's price that spot saves; 0 where nobody offers it so."""
    now, spot = market.cheapest(gpu, number), market.cheapest(gpu, number, spot="only")
    return max(0.0, 1 - spot.per_hour / now.per_hour) if now and spot and now.per_hour else 0.0
