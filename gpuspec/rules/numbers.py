"""The arithmetic behind a finding about memory or money, line by line, for someone who checks it by hand."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint.finding import HOURS_PER_MONTH
from gpuspec.planning.alternatives import Alternative
from gpuspec.words import dollars, percent


def need_lines(way: Alternative) -> Iterator[tuple[str, str]]:
    """Each part of the Need (low – expected – high), their sum, what is usable, the assumptions."""
    if way.fit is None:
        return
    need = way.fit.need
    for part in need.parts:
        yield part.name, f"{part.low:.2f} – {part.expected:.2f} – {part.high:.2f} GiB: {part.why}"
    yield "need per GPU", f"{need.low:.2f} – {need.expected:.2f} – {need.high:.2f} GiB"
    yield f"usable on {way.gpu.name}", f"{way.fit.usable:.2f} GiB → {way.fit.verdict}"
    for assumption in need.assumptions:
        yield "assumed", assumption


def price_lines(chosen: Alternative, better: Alternative) -> Iterator[tuple[str, str]]:
    """Both prices with their offers, the waste, the saving."""
    for label, way in (("chosen", chosen), ("cheapest that fits", better)):
        if way.price is not None:
            offer = way.price.offer
            where = " ".join(part for part in (offer.cloud, offer.region, offer.instance) if part)
            yield f"{label}: {way.label}", f"{dollars(way.per_hour)}/h ({where}; prices: {offer.source})"
    saved = chosen.per_hour - better.per_hour
    share = percent(saved / chosen.per_hour)
    yield "waste", f"1 − {better.per_hour:.2f} ÷ {chosen.per_hour:.2f} = {share}"
    yield "saving", f"{dollars(saved)}/h × {HOURS_PER_MONTH} h = {dollars(saved * HOURS_PER_MONTH)} a month"
