"""Rectangles whose areas are amounts, as near to squares as can be (Bruls, Huizing, van Wijk: Squarified Treemaps,
2000, https://vanwijk.win.tue.nl/stm.pdf)."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.named_tuple import NamedTuple


class Box(NamedTuple):
    """A rectangle; the origin is the upper left corner."""

    left: float
    top: float
    width: float
    height: float


def squarified(amounts: Sequence[float], within: Box) -> list[Box]:
    """A box for each amount; they fill `within` in the order given: give the largest first. Amounts are above 0."""
    boxes: list[Box] = []
    scale = within.width * within.height / sum(amounts) if amounts else 0.0
    areas = [amount * scale for amount in amounts]
    at = 0
    while at < len(areas):
        short = min(within.width, within.height)
        end = at + 1
        worst = _worst(areas[at:end], short)
        while end < len(areas):  # one more into the row, as long as that makes no box of it longer
            wider = _worst(areas[at : end + 1], short)
            if wider > worst:
                break
            worst, end = wider, end + 1
        row, within = _row(areas[at:end], within)
        boxes += row
        at = end
    return boxes


def _worst(areas: Sequence[float], short: float) -> float:
    """How many times as long as wide the longest box of a row is, if the row lies along the short side."""
    thick = sum(areas) / short if short else 0.0
    return max(max(area, thick * thick) / min(area, thick * thick) for area in areas) if thick else 0.0


def _row(areas: Sequence[float], within: Box) -> tuple[list[Box], Box]:
    """Boxes along the short side, and what is left beside them."""
    total = sum(areas)
    left, top, width, height = within
    boxes: list[Box] = []
    if width >= height:
        thick = total / height if height else 0.0
        for area in areas:
            boxes.append(Box(left, top, thick, area / thick if thick else 0.0))
            top += boxes[-1].height
        return boxes, Box(left + thick, within.top, max(0.0, width - thick), height)
    thick = total / width if width else 0.0
    for area in areas:
        boxes.append(Box(left, top, area / thick if thick else 0.0, thick))
        left += boxes[-1].width
    return boxes, Box(within.left, top + thick, width, max(0.0, height - thick))
