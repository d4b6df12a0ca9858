"""What `gpuspec breakeven` finds, as text: both prices, the break-even, a table, a chart, other circumstances."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.planning.breakeven import BreakEven, Hybrid
from gpuspec.planning.self_hosting import BUSY, Comparison
from gpuspec.planning.traffic import DAYS_PER_MONTH
from gpuspec.planning.what_if import WhatIfs
from gpuspec.printable import one_line
from gpuspec.report.cost_chart import cost_chart
from gpuspec.report.summary import plural
from gpuspec.report.text import Style
from gpuspec.report.what_if_table import what_if_lines
from gpuspec.words import HOURS_PER_MONTH, dollars, figure, percent

SPAN = 12.0
"""How far the table and the chart look to both sides of what they are about."""
CLOSE = 0.8
"""The share of the API's price from which a full machine's is too close to it to be sure: speeds are known to a third
or so."""
NARROWEST = 60
"""Columns below which each row of the table is a line of words."""


def render(found: Comparison, what_ifs: WhatIfs, *, columns: int) -> str:
    """All of it, no line wider than so many columns."""
    style = Style(columns=columns)
    blocks = [
        [*_head(found)],
        [*_verdict(found)],
        [*_table(found, columns)],
        cost_chart(found.own.cost, lambda n: n * found.each, *_span(found), columns) if found.each else [],
        [*_otherwise(found)],
        [*what_if_lines(what_ifs)],
    ]
    text = "\n\n".join("\n".join(_within(line, style) for line in block) for block in blocks if block)
    return f"{text}\n"


def _within(line: str, style: Style) -> str:
    start = len(line) - len(line.lstrip())
    if style.columns is None or len(line) <= style.columns:
        return one_line(line)
    return " " * start + style.wrap(line, start, start + 2)


def _head(found: Comparison) -> Iterator[str]:
    work, request, host, usage = found.workload, found.usage.request, found.host, found.usage
    name = work.model.id if work.model else work.model_name or "the model"
    tokens = f"each request reads {request.read:,.0f} tokens and writes {request.written:,.0f}"
    yield f"{name} · {tokens}{' (assumed: --input-tokens, --output-tokens)' * request.assumed}"
    api = found.api
    yield (
        f"API: {api.dated}: ${api.per_million_input:g} per million tokens read, ${api.per_million_output:g} per "
        f"million written = {_small(found.each)} per request"
    )
    hours = "" if usage.hours == HOURS_PER_MONTH else f" of {usage.hours:g} hours"
    where = f" ({host.machine.price.offer.cloud})" if host.machine.price else ""
    yield (
        f"Rented: {host.label} at {dollars(host.machine.per_hour)}/h{where} = {dollars(found.own.per_month)} a "
        f"month{hours}; answers at most {host.per_hour:,.0f} requests an hour: {host.why}"
    )
    used = f"busy {percent(usage.utilization)} of the time on average"
    if usage.utilization == 1:
        used = (
            "taken to be busy day and night, the best case for renting (--utilization 0.5: half of the time)"
        )
    yield (
        f"  {used}: {found.own.requests:,.0f} requests a month per machine, {_small(found.own.each)} per request"
    )
    if usage.ops:
        yield f"  people who run it: {dollars(usage.ops)} a month (--ops)"
    else:
        yield (
            "  people who run it: not counted (--ops 5000 adds $5,000 a month; an engineer costs $5,000 to $10,000, "
            "says the chapter “LLM Compute Planning”)"
        )
    if not host.keeps_slo:
        yield "  too slow for the job's slo, even with one request at a time"


def _verdict(found: Comparison) -> Iterator[str]:
    if found.at is None:
        yield from _never(found)
    else:
        yield f"Renting {found.host.label} costs less from {_requests(found.at.first)}{_how_long(found.at)}."
        if found.own.each > CLOSE * found.each:
            saved = percent(1 - found.own.each / found.each)
            yield (
                f"  Even a full machine costs only {saved} less than the API: do not count on it, its speed is not "
                "known that well."
            )
        if found.uncapped < found.at.first:
            yield (
                f"  A sum that forgets that one machine answers only so many requests would say {found.uncapped:,}: "
                "too few."
            )
    if found.earlier:
        host, even = found.earlier
        month = dollars(found.usage.own(host).per_month)
        yield (
            f"  {host.label}, {month} a month, costs less than the API sooner: from {_requests(even.first)}"
            f"{_how_long(even)}."
        )
    if found.usage.requests:
        requests = found.usage.requests
        api, own = dollars(requests * found.each), dollars(found.own.cost(requests))
        yield f"  Your {requests:,.0f} requests a month cost {api} through the API and {own} on rented machines."
    if found.usage.growth and not found.usage.requests:
        yield "  Growth counts from the requests of today: --requests N (a day)."
    elif found.months == 0:
        yield "  They are there today."
    elif found.months:
        yield (
            f"  At {percent(found.usage.growth or 0)} growth a month, your {found.usage.requests:,.0f} requests get "
            f"there in {plural(found.months, 'month')}."
        )
    elif found.usage.growth and found.at:
        yield "  At this growth your requests do not get there within ten years."


def _never(found: Comparison) -> Iterator[str]:
    usage, full = found.usage, found.usage.utilization == 1
    busy = "busy day and night" if full else f"busy {percent(usage.utilization)} of the time"
    yield (
        f"Renting {found.host.label} never costs less than the API, however many requests come: {busy}, it costs "
        f"{_small(found.own.each)} per request, the API {_small(found.each)}."
    )
    per_hour, even = found.quickest or (0.0, None)
    if even:
        yield (
            f"  If it is as fast as the high end of the estimate, {per_hour:,.0f} requests an hour, renting costs "
            f"less from {_requests(even.first)}."
        )
    if not found.each:
        return
    if found.pays_above < 1:
        yield f"  It would cost less on a machine that is busy more than {percent(found.pays_above)} of the time."
        return
    most = found.each * found.host.per_hour * usage.utilization
    times = found.own.each / found.each
    yield (
        f"  It would cost less if the machine were had for less than {_small(most)}/h (now "
        f"{dollars(found.host.machine.per_hour)}/h), or if the API cost {figure(times)} times as much as now"
        f"{'' if full else '. Being busier is not enough'}."
    )


def _how_long(even: BreakEven) -> str:
    if even.until is None:
        return ""
    return f" to {even.until:,}; above that it takes one more machine, which pays from {even.for_good:,} on"


def _requests(number: float) -> str:
    return f"{number:,.0f} requests a month ({number / DAYS_PER_MONTH:,.0f} a day)"


def _span(found: Comparison) -> tuple[float, float]:
    middle = found.at.first if found.at else found.looked_at
    yours = found.usage.requests or middle
    return max(1.0, min(middle / SPAN, yours / 2)), max(middle * SPAN, yours * 2)


def _points(found: Comparison) -> list[tuple[float, str]]:
    """The requests that the table shows, and what they are."""
    middle = found.at.first if found.at else found.looked_at
    rows = [(middle * times, "") for times in (0.5, 1, 2, 10)]
    if found.at:
        rows[1] = (middle, "break-even")
    if found.usage.requests:
        rows = [row for row in rows if abs(row[0] / found.usage.requests - 1) > 0.01]
        rows.append((found.usage.requests, "yours"))
    return sorted(rows)


def _table(found: Comparison, columns: int) -> Iterator[str]:
    rows: list[tuple[str, ...]] = []
    for requests, what in _points(found):
        api, own = requests * found.each, found.own.cost(requests)
        less = "rented" if own <= api * (1 + 1e-9) else "API"  # at the break-even they are the same
        cells = (f"{requests:,.0f}", dollars(api), dollars(own), f"{found.own.machines(requests):,}")
        rows.append((*cells, f"{less} is cheaper{', ' * bool(what)}{what}"))
    if columns < NARROWEST:
        for number, api_cost, own_cost, machines, last in rows:
            yield f"{number} requests a month: API {api_cost}, rented {own_cost} ({machines}); {last}"
        return
    rows.insert(0, ("requests a month", "API", "rented", "machines", ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *figures, last in rows:
        yield "  ".join(
            [*(cell.rjust(room) for cell, room in zip(figures, widths, strict=False)), last]
        ).rstrip()


def _otherwise(found: Comparison) -> Iterator[str]:
    yield "From how many requests does renting cost less, if"
    told: dict[str, list[str]] = {}
    for one in found.others:
        when = f"from {_requests(one.at.first)}{_how_long(one.at)}" if one.at else "never"
        told.setdefault(when, []).append(one.what)
    for when, each in told.items():
        yield f"  {', or '.join(_folded(each))}: {when}"
    if found.mix and found.usage.requests:
        yield from _mixed(found.mix, found, found.usage.requests)


def _folded(circumstances: list[str]) -> Iterator[str]:
    """Those that differ in a share alone are one: `the machine is busy 25, 50 or 75 % of the time`."""
    busy = [one.removeprefix(BUSY) for one in circumstances if one.startswith(BUSY)]
    if busy:
        shares = [one.split()[0] for one in busy]
        several = " or ".join(part for part in (", ".join(shares[:-1]), shares[-1]) if part)
        yield f"{BUSY}{several} % of the time"
    yield from (one for one in circumstances if not one.startswith(BUSY))


def _mixed(mix: Hybrid, found: Comparison, requests: float) -> Iterator[str]:
    """Own machines for most hours and the API for the peaks, for the requests there are."""
    api = dollars(requests * found.each)
    if mix.machines:
        yield (
            f"  Both: {plural(mix.machines, 'rented machine')} for {percent(mix.own / requests)} of your "
            f"{requests:,.0f} requests, and the API for what comes on top: {dollars(mix.cost)} a month (API alone "
            f"{api}, rented alone {dollars(found.own.cost(requests))})"
        )
    else:
        yield f"  Both, rented machines and the API for peaks: no; for your requests the API alone is cheapest, {api}"


def _small(amount: float) -> str:
    """Dollars with three figures: prices of one request are parts of a cent."""
    return f"${figure(amount)}"
