"""What-ifs as text: a line each, with what it assumes."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.planning.what_if import APART, WhatIfs
from gpuspec.report.summary import plural
from gpuspec.words import dollars, percent

HEAD = "What if … (assumptions, nothing known of your job)"


def what_if_lines(found: WhatIfs) -> Iterator[str]:
    """The lines, what is left of all of them, and tokens at several requests at once; nothing where none is known."""
    if not found.rows:
        return
    now = dollars(found.rows[0].now)
    if found.stated:
        rented = f"{plural(found.machines, 'machine')} rented all month, {now}"
        yield f"{HEAD}: {found.requests:,.0f} requests a month (now {rented}) would cost"
    else:
        yield f"{HEAD}: a request on a rented machine that is always full would cost"
    for row in found.rows:
        each = "" if row.name in APART else _change(row.left)
        if found.stated:
            yield f"  {row.name}: {dollars(row.then)}{f' (per request {each})' if each else ''}, if {row.assumption}"
        elif each:
            yield f"  {row.name}: {each}, if {row.assumption}"
    if found.together is not None:
        then = f"{dollars(found.together)} (per request {_change(found.left)})"
        then = then if found.stated else _change(found.left)
        yield f"  all together: {then}: what each leaves is multiplied, so 60 % less and 30 % less are 72 % less"
    if found.stated:
        yield "  per request: on full machines. You pay for whole ones, so the bill stays where one is needed anyway."
    if found.per_million:
        (many, price), *others = found.per_million
        rest = "".join(f", {dollars(cost)} with {at_once} at once" for at_once, cost in others)
        one = f"{many} request{'s' * (many != 1)}"
        yield f"  batches: always busy, a million tokens written cost {dollars(price)} with {one} at once{rest}"
    yield "  whose assumptions these are: docs/how-to/break-even.md; a share of your own: --what-if cascade=0.7"


def _change(left: float) -> str:
    """`45 % less`, `12 % more`."""
    return f"{percent(1 - left)} less" if left <= 1 else f"{percent(left - 1)} more"
