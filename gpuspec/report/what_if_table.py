"""What-ifs as text: a line each, with what it assumes and who says so."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.planning.what_if import APART, WhatIfs
from gpuspec.words import dollars


def what_if_lines(found: WhatIfs) -> Iterator[str]:
    """The lines, what is left of all of them, and tokens at several requests at once; nothing where none is known."""
    if not found.rows:
        return
    yield f"What if (of {dollars(found.rows[0].now)} a month for {found.requests:,.0f} requests; none of it is known)"
    for row in found.rows:
        change = f"{dollars(row.now)} → {dollars(row.then)}"
        change += "" if row.name in APART else f" (the work alone × {row.left:.2f})"
        yield f"  {row.name}: {change}, if {row.assumption}"
    if found.together is not None:
        yield (
            f"  together: {dollars(found.rows[0].now)} → {dollars(found.together)}: what each leaves is multiplied, "
            "not what it saves added"
        )
    if found.per_million:
        several = ", ".join(f"{dollars(price)} at {many}" for many, price in found.per_million)
        yield f"  $ per million tokens written, by requests answered at once: {several}"
    yield "  who says so: --json, docs/how-to/break-even.md; a share of your own: --what-if cascade=0.7"
