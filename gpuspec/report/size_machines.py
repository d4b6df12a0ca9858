"""The machines that `gpuspec size` found, as tables: those that hold the work, and the cheapest in each precision."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.machines import PricedMachine, writes_text
from gpuspec.planning.precisions import InScheme
from gpuspec.planning.sized import SHOWN, Sized
from gpuspec.quantization import find_scheme
from gpuspec.quantization.quality import in_brief
from gpuspec.report.ranked_columns import Column, able, table
from gpuspec.report.speed_columns import shown_as, speed_columns
from gpuspec.words import percent

LAST = 9
"""Rank of a column that has no place beside precisions."""
NARROW = 48
"""Columns below which no line is indented."""


def offers(sized: Sized, columns: int) -> list[str]:
    """What surely holds the work, with prices and speeds."""
    if sized.unshared:
        return []
    if not sized.rentable:
        *some, most = map(str, sized.counts)
        tried = f"{', '.join(some)} or {most}" if some else most
        return [f"No GPU in the price lists surely holds it ({tried} on one machine)."]
    rows = sized.rentable[:SHOWN]
    shown = machines(rows, columns, served=bool(sized.workload.users))
    lines = [_title(sized), *shown]
    least = sized.least
    if least and all(one.offered.per_hour > least.per_hour for one in rows):
        lines.append(f"  cheapest an hour: {label(least)} at {dollars(least)} (--by hour)")
    titles = {title.strip() for title in shown[0].split("  ")}
    return [*lines, *_legend(sized, rows, titles), *(f"  {line}" for line in sized.agreed)]


def _title(sized: Sized) -> str:
    work = sized.workload
    if work.users is None or not writes_text(work):
        return "Smallest that surely fit, by price" + (" per token" if sized.by == "token" else "")
    length = f", {work.context:,} tokens each" if work.context else ""
    users = f"{work.users:,} user{'s' * (work.users != 1)}"
    let_in = max(one.offered.fit.need.sequences for one in sized.rentable[:SHOWN] if one.offered.fit)
    if let_in < work.users:
        users = f"{let_in:,} of {users}, the most that the server lets in,"
    return f"Cheapest that serve {users} at once{length}, by $ per {sized.by}"


def _legend(sized: Sized, rows: Sequence[PricedMachine], titles: Collection[str]) -> list[str]:
    """What the columns of speed and cost mean, of those that have room."""
    shown = shown_as(rows)
    each = "user" if sized.workload.users else "sequence"
    what = [f"{shown.speed}: of each {each}"] if shown.speed in titles and sized.request else []
    if shown.cost in titles:
        what.append(f"{shown.cost}: for {shown.words}, {_busy(rows)}")
    if not what:
        return []
    if sized.request:
        read, written = sized.request
        what.append(f"of each answer {read:,.0f} tokens are read and {written:,.0f} written")
    return [f"  {'; '.join(what)}"]


def _busy(rows: Sequence[PricedMachine]) -> str:
    """With how many at once a machine is paid for."""
    numbers = [one.sequences for one in rows if one.each]
    if not numbers:
        return "always busy"
    least, most = min(numbers), max(numbers)
    if least < most:
        return f"as many at once as have room, up to {most:,}"
    return "one at a time" if most == 1 else f"all {most:,} busy"


def machines(rows: Sequence[PricedMachine], columns: int, *, served: bool) -> list[str]:
    """A row for each machine. Where there is room speeds are ranges, else what is expected."""
    indent = 2 if columns >= NARROW else 0
    ranges = _columns(rows, served=served, ranges=True)
    wanted = [one for one in ranges if one.rank <= 4 and any(one.cells)]
    if all(one in able(ranges, columns, indent) for one in wanted):
        return table(ranges, columns, indent=indent)
    return table(_columns(rows, served=served, ranges=False), columns, indent=indent)


def _columns(rows: Sequence[PricedMachine], *, served: bool, ranges: bool) -> list[Column]:
    offered = [one.offered for one in rows]
    return [
        Column("machine", [label(one) for one in offered], 0, numbers=False),
        Column("in use", [_in_use(one) for one in offered], 8 if served else 5),
        Column("cloud", clouds(offered), 6 if served else 4, numbers=False),
        Column("$/h", hourly(offered), 1),
        Column("$/month", [money(one.per_month) for one in rows], 7),
        *speed_columns(rows, ranges=ranges, ranks=(3, 4 if served else 6, 2)),
    ]


def _in_use(one: Alternative) -> str:
    if one.fit is None:
        return ""
    return f"{percent(one.fit.need.expected / one.fit.usable)} of {one.fit.usable:.1f} GiB"


def label(one: Alternative) -> str:
    """ "2 × A40", "1 × L4"."""
    return f"{one.gpu_count} × {one.gpu.name}"


def clouds(offered: Sequence[Alternative]) -> list[str]:
    """Whose machines they are; "" where nobody offers one."""
    return [one.price.offer.cloud if one.price else "" for one in offered]


def hourly(offered: Sequence[Alternative | None]) -> list[str]:
    """$ an hour, "spot" before those of spot machines: this column stays where that of the clouds has no room."""
    return [f"{'spot ' * one.price.spot}{one.per_hour:,.2f}" if one and one.price else "" for one in offered]


def dollars(one: Alternative) -> str:
    """ "$0.24/h", "$0.24/h spot"."""
    return f"${one.per_hour:,.2f}/h{' spot' if one.price and one.price.spot else ''}"


def money(amount: float | None) -> str:
    """Whole dollars, without a sign; "" where not known."""
    return "" if amount is None else f"{amount:,.0f}"


# -- precisions -------------------------------------------------------------------------------------


def in_precisions(sized: Sized, columns: int) -> list[str]:
    """A row for each precision: the weights, the cheapest machine, what it does, how to get it, what it costs in
    quality."""
    found = sized.precisions
    if not found or sized.unshared:
        return []
    cheapest = [one.machine for one in found]
    offered = [one.offered if one else None for one in cheapest]
    rows = [
        Column("scheme", [one.scheme for one in found], 0, numbers=False),
        Column("weights", [f"{one.weights:,.0f} GiB" for one in found], 7),
        Column("cheapest", [label(one) if one else "none" for one in offered], 1, numbers=False),
        Column("$/h", hourly(offered), 2),
        *(one for one in speed_columns(cheapest, ranges=False, ranks=(4, LAST, 3)) if one.rank != LAST),
        Column("", [_how(one) for one in found], 5, numbers=False),
        Column("quality", [_quality(one, sized) for one in found], 6, numbers=False),
    ]
    return ["", *table(rows, columns, indent=0)]


def _how(one: InScheme) -> str:
    return "as above" if one.asked else one.how.removesuffix(" of the model")


def _quality(one: InScheme, sized: Sized) -> str:
    return in_brief(find_scheme(one.scheme)) if writes_text(sized.workload) else ""
