"""What `gpuspec breakeven` finds, as text: both prices, the break-even, a table, a chart, other circumstances."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.planning.breakeven import BreakEven
from gpuspec.planning.self_hosting import Comparison
from gpuspec.planning.traffic import DAYS_PER_MONTH
from gpuspec.planning.what_if import WhatIfs
from gpuspec.printable import one_line
from gpuspec.report.cost_chart import cost_chart
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
    tokens = f"{request.read:,.0f} tokens in, {request.written:,.0f} out a request"
    yield f"{name} · {tokens}{' (assumed)' * request.assumed}"
    api = found.api
    yield (
        f"API: {api.dated}: ${api.per_million_input:g} in and ${api.per_million_output:g} out a million tokens, "
        f"{_small(found.each)} a request"
    )
    hours = "" if usage.hours == HOURS_PER_MONTH else f" of {usage.hours:g} hours"
    where = f" ({host.machine.price.offer.cloud})" if host.machine.price else ""
    yield (
        f"Own: {host.label} at {dollars(host.machine.per_hour)}/h{where}, {dollars(found.own.per_month)} a "
        f"month{hours}; up to {host.per_hour:,.0f} requests an hour ({host.why})"
    )
    used = f"{percent(usage.utilization)} used on average"
    used = used if usage.utilization < 1 else "taken as always full, which favours renting (--utilization)"
    yield f"  {used}: {found.own.requests:,.0f} requests a month each, {_small(found.own.each)} a request"
    paid = (
        "nobody is paid for running it (--ops)"
        if not usage.ops
        else f"{dollars(usage.ops)} a month for running it"
    )
    yield f"  {paid}"
    if not host.keeps_slo:
        yield "  not even one request at a time keeps the job's slo on it"


def _verdict(found: Comparison) -> Iterator[str]:
    if found.at is None:
        yield from _never(found)
    else:
        yield f"Renting {found.host.label} costs less from {_requests(found.at.first)}{_how_long(found.at)}."
        if found.own.each > CLOSE * found.each:
            saved = percent(1 - found.own.each / found.each)
            yield f"  Even a full machine saves {saved} only, which is less than its speed is known to."
        if found.uncapped < found.at.first:
            yield f"  Without a limit to what a machine answers it would be {found.uncapped:,}: too few."
    if found.earlier:
        host, even = found.earlier
        month = dollars(found.usage.own(host).per_month)
        yield f"  Sooner on {host.label}, {month} a month: from {_requests(even.first)}{_how_long(even)}."
    if found.usage.requests:
        requests = found.usage.requests
        api, own = dollars(requests * found.each), dollars(found.own.cost(requests))
        yield f"  Yours, {requests:,.0f}, cost {api} a month through the API and {own} on machines of your own."
    if found.months:
        yield (
            f"  The {found.usage.requests:,.0f} requests of today get there in {found.months} months, at "
            f"{percent(found.usage.growth or 0)} growth a month."
        )
    elif found.months is None and found.usage.growth and found.at:
        yield "  Growth does not get there within ten years."


def _never(found: Comparison) -> Iterator[str]:
    yield (
        f"Renting {found.host.label} never costs less: a request costs {_small(found.own.each)} on a machine used as "
        f"much as that, and {_small(found.each)} through the API."
    )
    per_hour, even = found.quickest or (0.0, None)
    if even:
        yield f"  At the high end of its speed, {per_hour:,.0f} an hour, it would from {_requests(even.first)}."
    if not found.each:
        return
    if found.pays_above < 1:
        yield f"  It would above a mean use of {percent(found.pays_above)}."
        return
    most = found.each * found.host.per_hour * found.usage.utilization
    million = found.own.each / found.each
    yield (
        f"  It would below {_small(most)}/h for the machine, or were the API {figure(million)} × as dear"
        f"{'; not even a full machine is cheaper' if found.usage.utilization < 1 else ''}."
    )


def _how_long(even: BreakEven) -> str:
    if even.until is None:
        return ""
    return f" up to {even.until:,}, where the next machine is needed, and for good from {even.for_good:,}"


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
        less = "own" if own <= api * (1 + 1e-9) else "API"  # at the break-even they are the same
        cells = (f"{requests:,.0f}", dollars(api), dollars(own), f"{found.own.machines(requests):,}")
        rows.append((*cells, f"{less} is cheaper{', ' * bool(what)}{what}"))
    if columns < NARROWEST:
        for number, api_cost, own_cost, machines, last in rows:
            yield f"{number} requests a month: API {api_cost}, own {own_cost} on {machines}; {last}"
        return
    rows.insert(0, ("requests a month", "API", "own", "machines", ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *figures, last in rows:
        yield "  ".join(
            [*(cell.rjust(room) for cell, room in zip(figures, widths, strict=False)), last]
        ).rstrip()


def _otherwise(found: Comparison) -> Iterator[str]:
    yield "Otherwise"
    told: dict[str, list[str]] = {}
    for one in found.others:
        when = f"from {_requests(one.at.first)}{_how_long(one.at)}" if one.at else "never"
        told.setdefault(when, []).append(one.what)
    for when, each in told.items():
        yield f"  {', '.join(each)}: {when}"
    if found.mix and found.usage.requests:
        mix, api = found.mix, found.usage.requests * found.each
        if mix.machines:
            yield (
                f"  mixed, for your {found.usage.requests:,.0f} requests: {mix.machines:,} of one's own for "
                f"{percent(mix.own / found.usage.requests)} of them and the API for the rest, {dollars(mix.cost)} "
                f"a month (all by API {dollars(api)}, all own {dollars(found.own.cost(found.usage.requests))})"
            )
        else:
            yield f"  mixed, for your requests: no machine earns its price, all by API costs {dollars(api)}"
    if not found.usage.ops:
        yield "  an engineer costs 5,000 to 10,000 dollars a month (chapter “LLM Compute Planning”): --ops 5000"


def _small(amount: float) -> str:
    """Dollars with three figures: prices of one request are parts of a cent."""
    return f"${figure(amount)}"
