"""The machines that `gpuspec size` was asked about: a bar of the memory, what there is room for, what would fit."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.planning.judged import Instead, Judged
from gpuspec.planning.sized import Sized
from gpuspec.report.ranked_columns import Column, table
from gpuspec.report.size_machines import clouds, dollars, hourly, label
from gpuspec.report.speed_columns import speed_columns
from gpuspec.report.width import width
from gpuspec.sizing import Fit
from gpuspec.sizing.capacity import Capacity

BAR = 40
"""Columns of a bar at most."""
IN_FULL = 3
"""So many machines have a bar each; of more only those that do not hold the work."""

LEAST_SHORT = 0.05
"""GiB; less rounds to nothing."""


def cards(sized: Sized, columns: int) -> list[str]:
    """Each machine with its verdict; several side by side."""
    lines: list[str] = []
    few = len(sized.judged) <= IN_FULL
    for one in sized.judged if sized.by_option else ():
        if few or not one.holds:
            lines += [*_card(one, columns), ""]
    if len(sized.judged) > 1 or (sized.judged and not lines):
        lines += [*_side_by_side(sized.judged, columns), ""]
    return lines


def _side_by_side(judged: Sequence[Judged], columns: int) -> list[str]:
    offered = [one.machine.offered for one in judged]
    rows = [
        Column("machine", [label(one) for one in offered], 0, numbers=False),
        Column("", [_verdict(one) for one in judged], 1, numbers=False),
        Column("cloud", clouds(offered), 6, numbers=False),
        Column("$/h", hourly(offered), 2),
        *speed_columns([one.machine for one in judged], ranges=False, ranks=(4, 5, 3)),
    ]
    return table(rows, columns, indent=0)


def _verdict(one: Judged) -> str:
    if one.unshared:
        return "cannot be split"
    return one.fit.verdict if one.short < LEAST_SHORT else f"{one.short:.1f} GiB short"


def _card(one: Judged, columns: int) -> list[str]:
    found = one.fit
    over = f"{one.asked.gpu_count} × " if one.asked.gpu_count > 1 else ""
    short = "" if one.short < LEAST_SHORT else f", {one.short:.1f} GiB short"
    lines = [f"{over}{found.gpu.name}: {found.verdict}{short}{_reason(found)}"]
    if one.unshared:
        lines = [f"{over}{found.gpu.name}: {one.unshared} cannot be split evenly over {found.need.gpus} GPUs"]
    amount = f"{found.need.expected:.1f} of {found.usable:.1f} GiB usable"
    drawn = f"  [{_bar(found, min(BAR, columns - 5))}]"
    lines += [f"{drawn} {amount}"] if columns > len(drawn) + len(amount) else [drawn, f"  {amount}"]
    if one.holds:
        lines += _work(one)
    if one.room is not None:
        lines += _capacity(one.room, columns)
    if one.instead is not None:
        lines += _instead(one, one.instead)
    return lines


def _work(one: Judged) -> list[str]:
    """How fast it works and what that costs, under the titles of the table below; nothing where neither is known."""
    columns = speed_columns([one.machine], ranges=True, ranks=(0, 1, 2))
    known = [f"{column.title} {column.cells[0]}" for column in columns if column.cells[0]]
    offered = one.machine.offered
    if known and offered.price:
        known.append(f"at {dollars(offered)} ({offered.price.offer.cloud})")
    return [f"  {', '.join(known)}"] if known else []


def _instead(one: Judged, instead: Instead) -> list[str]:
    """What would make it fit, a line each."""
    users = one.room.longest.asked if one.room else 1
    found = []
    if instead.context:
        of = f" for each of {users:,} users" if users > 1 else ""
        found.append(f"{instead.context:,} tokens{of} in place of {_stated(one)}")
    if instead.users:
        found.append(f"{_counted(instead.users, 'user')} in place of {users:,}")
    if instead.scheme:
        found.append(f"{instead.scheme}: {instead.how}" if instead.how else instead.scheme)
    for other in (instead.more, instead.other):
        if other is not None:
            price = f", {dollars(other)} ({other.price.offer.cloud})" if other.price else ", no price known"
            found.append(f"{label(other)}{price}")
    return ["  would surely fit:", *(f"    {line}" for line in found)] if found else []


def _stated(one: Judged) -> str:
    (row,) = one.room.most if one.room and len(one.room.most) == 1 else (None,)
    return f"{row.asked:,}" if row else "the model's own"


def _reason(on_gpu: Fit) -> str:
    if on_gpu.verdict == "borderline":
        return f", least certain: {on_gpu.decided_by}"
    return f", no room for {on_gpu.decided_by}" if on_gpu.verdict == "does not fit" else ""


def _bar(on_gpu: Fit, cells_wide: int) -> str:
    scale = max(on_gpu.usable, on_gpu.gpu.vram_gib, on_gpu.need.high)

    def at(value: float) -> int:
        return round(cells_wide * value / scale)

    cells = "█" * at(on_gpu.need.expected)
    cells = f"{cells:▒<{at(on_gpu.need.high)}}"
    cells = f"{cells:·<{cells_wide}}"
    edge = min(max(at(on_gpu.usable), 1), cells_wide)
    return f"{cells[:edge]}|{cells[edge:]}"


def _capacity(capacity: Capacity, columns: int) -> list[str]:
    """The longest context and the most users that the GPU has room for."""
    users, longest = _counted(capacity.longest.asked, "user"), capacity.longest
    if longest.expected == 0:
        return [f"  no room for {users}"]
    rows = [(users, longest, "tokens each" if longest.asked != 1 else "tokens")]
    rows += [(f"{held.asked:,} tokens each", held, "users") for held in capacity.most]
    named = max(16, *(width(name) for name, *_ in rows))
    lines = [f"  {'room at once for':{named}} {'surely':>9} {'expected':>9}"]
    for name, held, unit in rows:
        lines.append(f"  {name:{named}} {_amount(held.surely):>9} {_amount(held.expected):>9} {unit}")
    if columns < len(lines[0]) + 12:
        lines = ["  room at once, surely to expected"]
        for name, held, unit in rows:
            span = " to ".join(dict.fromkeys(map(_amount, (held.surely, held.expected))))
            lines.append(f"    {name}: {span} {unit.removesuffix(' each')}")
    lines += [f"  {limit}" for limit in _limits(capacity)]
    return lines


def _limits(capacity: Capacity) -> list[str]:
    """The limits that rows have come to, and not for want of memory."""
    limits = []
    if capacity.own_context and capacity.longest.expected == capacity.own_context:
        limits.append(f"{capacity.own_context:,} tokens are the most that the model takes")
    if capacity.lets_in in (capacity.longest.asked, *(row.expected for row in capacity.most)):
        limits.append(f"{capacity.lets_in:,} sequences are the most that the server lets in at once")
    return limits


def _amount(number: int | None) -> str:
    return "any" if number is None else f"{number:,}"


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
