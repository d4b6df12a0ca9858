"""The arithmetic behind a finding about memory or money, line by line, for someone who checks it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpuspec.lint import Confidence, Facts
from gpuspec.planning.alternatives import Alternative
from gpuspec.words import dollars, percent

if TYPE_CHECKING:
    from gpuspec.planning.compare import Compared
    from gpuspec.sizing.speed.rates import WorkRate


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


def price_lines(facts: Facts, chosen: Alternative, found: Compared) -> Iterator[tuple[str, str]]:
    """Both prices with their offers, both speeds, the waste, the saving."""
    better, (now, then) = found.machine, found.machines
    for label, machine in (("chosen", chosen), ("cheapest that fits", better)):
        if machine.price is not None:
            offer = machine.price.offer
            where = " ".join(part for part in (offer.cloud, offer.region, offer.instance) if part)
            agreed = f"; {offer.agreed}" if offer.agreed and not machine.price.spot else ""
            yield (
                f"{label}: {machine.label}",
                f"{dollars(machine.per_hour)}/h ({where}; prices: {offer.source}{agreed})",
            )
    if found.now and found.then:
        yield f"speed of {chosen.label}", _speed(found.now)
        yield f"speed of {better.label}", _speed(found.then)
    hours = f"1 − {better.per_hour * then:.2f} ÷ {chosen.per_hour * now:.2f}"
    share = percent(found.waste)
    if abs(found.cost - better.per_hour * then / (chosen.per_hour * now)) < 1e-9 or not found.speed:
        yield "waste", f"{hours} = {share}"
    else:
        yield "waste", f"{hours} ÷ {found.speed:.3g} (of the speed) = {share}"
    yield "saving", saving_line(facts, chosen.per_hour * now * found.waste)


def saving_line(facts: Facts, per_hour: float) -> str:
    """The saving by the hour, and by the month or the run where that is known."""
    from gpuspec.planning.job_length import hours_of_case

    hours = hours_of_case(facts.case)
    said = f"{dollars(per_hour)} for each hour that it runs"
    if hours.a_month is not None:
        said += f" × {hours.a_month:,.4g} h = {dollars(per_hour * hours.a_month)} a month"
    elif hours.a_run is not None:
        said += f" × {hours.a_run:.3g} h = {dollars(per_hour * hours.a_run)} a run"
    return said


def _speed(rate: WorkRate) -> str:
    low, expected, high = rate.per_second
    return f"{low:,.3g} – {expected:,.3g} – {high:,.3g} {rate.unit} a second: {rate.why}"
