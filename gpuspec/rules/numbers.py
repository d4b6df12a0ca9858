"""The arithmetic behind a finding about memory or money, line by line, for someone who checks it by hand."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Confidence
from gpuspec.planning.alternatives import Alternative
from gpuspec.words import HOURS_PER_MONTH, dollars, percent


def need_lines(machine: Alternative) -> Iterator[tuple[str, str]]:
    """Each phase where there are several, each part of the one that decides (low – expected – high), the Need, what
    is usable, the assumptions."""
    if machine.fit is None:
        return
    need = machine.fit.need
    for phase in need.phases if len(need.phases) > 1 else ():
        low, expected, high = phase.of()
        decides = ": it decides, and has" if phase is need.deciding else ""
        yield f"phase {phase.name}", f"{low:.2f} – {expected:.2f} – {high:.2f} GiB{decides}"
    for part in need.parts:
        yield part.name, f"{part.low:.2f} – {part.expected:.2f} – {part.high:.2f} GiB: {part.why}"
    yield "need per GPU", f"{need.low:.2f} – {need.expected:.2f} – {need.high:.2f} GiB"
    yield f"usable on {machine.gpu.name}", f"{machine.fit.usable:.2f} GiB → {machine.fit.verdict}"
    for assumption in need.assumptions:
        yield "assumed", assumption


def as_sure(most: Confidence, *machines: Alternative) -> Confidence:
    """How sure a rule may be that says something about machines: no surer than what the job needs of each."""
    known = [machine.fit.need.confidence for machine in machines if machine.fit]
    return min((most, *known), key=("low", "medium", "high").index)


def price_lines(chosen: Alternative, better: Alternative) -> Iterator[tuple[str, str]]:
    """Both prices with their offers, the waste, the saving."""
    for label, machine in (("chosen", chosen), ("cheapest that fits", better)):
        if machine.price is not None:
            offer = machine.price.offer
            where = " ".join(part for part in (offer.cloud, offer.region, offer.instance) if part)
            agreed = f"; {offer.agreed}" if offer.agreed and not machine.price.spot else ""
            yield (
                f"{label}: {machine.label}",
                f"{dollars(machine.per_hour)}/h ({where}; prices: {offer.source}{agreed})",
            )
    saved = chosen.per_hour - better.per_hour
    share = percent(saved / chosen.per_hour)
    yield "waste", f"1 − {better.per_hour:.2f} ÷ {chosen.per_hour:.2f} = {share}"
    yield "saving", f"{dollars(saved)}/h × {HOURS_PER_MONTH} h = {dollars(saved * HOURS_PER_MONTH)} a month"
