"""What-ifs as JSON: part of a plan's and of a break-even's."""

from __future__ import annotations

from typing import Any

from gpuspec.planning.what_if import WhatIfs


def what_if_record(found: WhatIfs) -> dict[str, Any]:
    """The lines of what-ifs."""
    return {
        "requests_per_month": round(found.requests),
        "rows": [
            {
                "name": row.name,
                "assumption": row.assumption,
                "source": row.source,
                "now": round(row.now, 2),
                "then": round(row.then, 2),
                "left": round(row.left, 4),
            }
            for row in found.rows
        ],
        "together": None if found.together is None else round(found.together, 2),
        "per_million": [{"at_once": many, "dollars": round(price, 4)} for many, price in found.per_million],
    }
