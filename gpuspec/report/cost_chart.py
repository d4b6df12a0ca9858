"""Two costs over the number of requests, drawn with characters: both axes are logarithmic, as the API's cost is a
straight line then."""

from __future__ import annotations

import math
from collections.abc import Callable

HEIGHT = 12
WIDEST = 72
OWN, API, BOTH = "█", "·", "▓"
"""Marks of the two lines, and of a place that both go through."""


def cost_chart(
    own: Callable[[float], float], api: Callable[[float], float], low: float, high: float, columns: int
) -> list[str]:
    """The lines of a chart from `low` to `high` requests a month, no wider than so many columns."""
    room = max(12, min(columns, WIDEST) - MARGIN - 1)
    at = [low * (high / low) ** (i / (room - 1)) for i in range(room)]
    costs = [(max(own(n), CENT), max(api(n), CENT)) for n in at]
    least, most = min(map(min, costs)), max(map(max, costs))
    span = math.log(most / least) or 1.0

    def row(cost: float) -> int:
        return round((HEIGHT - 1) * math.log(cost / least) / span)

    grid = [[" "] * room for _ in range(HEIGHT)]
    for column, (mine, theirs) in enumerate(costs):
        before = row(costs[max(0, column - 1)][0])
        for step in range(min(before, row(mine)), max(before, row(mine)) + 1):
            grid[step][column] = OWN  # a machine more is a step up, drawn whole
        height = row(theirs)
        grid[height][column] = BOTH if grid[height][column] == OWN else API
    lines = []
    for height in range(HEIGHT - 1, -1, -1):
        value = least * math.exp(span * height / (HEIGHT - 1))
        label = f"${short(value)}" if height in (0, HEIGHT - 1, HEIGHT // 2) else ""
        lines.append(f"{label:>{MARGIN - 2}} │{''.join(grid[height])}".rstrip())
    lines.append(f"{'':{MARGIN - 2}} └{'─' * room}")
    lines.append(f"{'':{MARGIN}}{_ends(short(low), short(math.sqrt(low * high)), short(high), room)}")
    lines.append(f"{'':{MARGIN}}requests a month   {OWN} rented  {API} API")
    return lines


MARGIN = 9
"""Columns of the labels, with the line that is the axis."""
CENT = 0.01
"""What costs nothing has no logarithm."""


def _ends(left: str, middle: str, right: str, room: int) -> str:
    """Three labels: at the left end, in the middle, at the right end."""
    free = room - len(left) - len(middle) - len(right)
    if free < 4:
        return f"{left}{right:>{room - len(left)}}"
    before = max(2, (room - len(middle)) // 2 - len(left))
    return f"{left}{'':{before}}{middle}{right:>{room - len(left) - before - len(middle)}}"


def short(number: float) -> str:
    """`950`, `1.2k`, `35k`, `1.2M`: two figures, which is what a place on the chart says."""
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * size:
            value = number / size
            return f"{value:.1f}".removesuffix(".0") + unit if value < 9.95 else f"{value:,.0f}{unit}"
    return f"{number:.0f}" if number >= 9.95 else f"{number:.2g}"
