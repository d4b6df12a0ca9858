"""The offers that a plan keeps, as a table as wide as the page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.units import SOLD, unit_price
from gpuspec.report.width import head, shown, width

ROWS = 8
"""Kept candidates shown without --all: beyond these nobody reads on."""


class Column(NamedTuple):
    """A column of the table: its heading, the columns of the page that it takes at most, and at least where there is
    no room for all of it. `turn` is its place among those left out where not even that helps; 0: it stays."""

    heading: str
    widest: int
    narrowest: int
    turn: int = 0
    right: bool = False


_BEFORE = (
    Column("", 3, 3, right=True),
    Column("GPU", 20, 14),
    Column("VRAM", 6, 6, turn=1, right=True),
    Column("cloud", 11, 8, turn=5),
    Column("region", 14, 8, turn=2),
    Column("instance", 22, 10, turn=3),
    Column("$/h", 8, 8, right=True),
)
_SPOT = Column("spot", 8, 8, turn=4, right=True)
_MEASURES = {"job": Column("job", 8, 8, right=True), "token": Column("$/M tok", 8, 8, right=True)}
_SHRINK = ("instance", "region", "cloud", "GPU")
"""Which columns give up room, in this order."""


def rows(plan: Plan, *, everything: bool, columns: int) -> list[str]:
    """The kept candidates, those that differ only in their region in one line; none where nothing is kept."""
    groups = alike(plan.kept, same_machine)
    if not groups:
        return []
    measure = _measure(plan)
    layout = [*_BEFORE, *([measure] if measure else []), _SPOT]
    cells = [tuple(column.heading for column in layout)]
    for number, group in enumerate(groups if everything else groups[:ROWS], start=1):
        cells.append(_row(number, group, [_cost(plan, group[0])] if measure else []))
    lines = _table(layout, cells, columns)
    left = len(groups) - len(cells) + 1
    if left > 0:
        after = "more at higher prices" if plan.by == "hour" else "more after these"
        lines.append(f"  … {left} {after} (--all shows them)")
    if measure and plan.by == "job" and plan.unit is None:
        lines.append("  job: cost of the job next to the first")
    return lines


def _measure(plan: Plan) -> Column | None:
    """The column of what the plan ranks by: None for the hour, and where all is one machine, whose price says it."""
    if plan.by == "job" and plan.unit:
        return _MEASURES["job"]._replace(heading=SOLD[plan.unit].column)
    machines = {(one.gpu.name, one.offer.gpu_count) for one in plan.kept}
    return None if plan.by == "job" and len(machines) == 1 else _MEASURES.get(plan.by)


def alike(candidates: Sequence[Candidate], common: Callable[[Candidate], Hashable]) -> list[list[Candidate]]:
    """Candidates that have the same in `common`, together; in the plan's order."""
    groups: dict[Hashable, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(common(candidate), []).append(candidate)
    return list(groups.values())


def same_machine(candidate: Candidate) -> tuple[object, ...]:
    """What candidates have in common that differ only in their region."""
    offer = candidate.offer
    return offer.cloud, offer.instance, offer.gpu, offer.gpu_count, offer.price, offer.spot_price


def _row(number: int, group: list[Candidate], cost: list[str]) -> tuple[str, ...]:
    offer = group[0].offer
    regions = list(dict.fromkeys(candidate.offer.region or "any" for candidate in group))
    region = regions[0] if len(regions) == 1 else f"{len(regions)} regions"
    return (
        str(number),
        f"{offer.gpu_count} × {offer.gpu}",
        f"{group[0].gpu.vram_gb:g}",
        offer.cloud,
        region,
        offer.instance,
        "–" if offer.price is None else f"{offer.price:.2f}",
        *cost,
        "–" if offer.spot_price is None else f"{offer.spot_price:.2f}",
    )


def _cost(plan: Plan, candidate: Candidate) -> str:
    """Dollars per unit of the work, or how many times what the job costs on the choice."""
    cost, least = candidate.unit_cost, plan.choice.unit_cost if plan.choice else None
    if cost is None:
        return "?"
    if plan.by == "token" or plan.unit:
        return unit_price(cost).removeprefix("$")
    return f"{cost / least:.2f}×" if least else "–"


def _table(layout: Sequence[Column], cells: Sequence[tuple[str, ...]], columns: int) -> list[str]:
    clean = [tuple(shown(cell) for cell in row) for row in cells]
    natural = [min(column.widest, max(width(row[at]) for row in clean)) for at, column in enumerate(layout)]
    wide = _fitted(layout, natural, columns)
    lines = []
    for row in clean:
        printed = []
        for at, room in wide.items():
            cell = row[at] if width(row[at]) <= room else head(row[at], room - 1) + "…"
            pad = " " * (room - width(cell))
            printed.append(pad + cell if layout[at].right else cell + pad)
        lines.append(" ".join(printed).rstrip())
    return lines


def _fitted(layout: Sequence[Column], natural: Sequence[int], columns: int) -> dict[int, int]:
    """Which columns are printed, and how wide each is, so that a line has room on the page."""
    kept = dict(enumerate(natural))
    while True:
        wide = dict(kept)
        for heading in _SHRINK:
            over = sum(wide.values()) + len(wide) - 1 - columns
            at = next((at for at in wide if layout[at].heading == heading), None)
            if over > 0 and at is not None:
                wide[at] = min(wide[at], max(layout[at].narrowest, wide[at] - over))
        turns = [(layout[at].turn, at) for at in kept if layout[at].turn]
        if sum(wide.values()) + len(wide) - 1 <= columns or not turns:
            return wide
        del kept[min(turns)[1]]
