"""What `gpuspec size` found, as text: phases, parts of the one that decides, what holds them, what is next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.price_lists import Price
from gpuspec.printable import one_line
from gpuspec.report.sized import SHOWN, Sized
from gpuspec.report.text import Style
from gpuspec.report.width import width
from gpuspec.sizing import Fit, Need, Part
from gpuspec.sizing.inference.setup import scheme_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Range, dollars_per_million
from gpuspec.sizing.speed.starting import download_seconds, load_seconds
from gpuspec.sizing.weights import GIB

if TYPE_CHECKING:
    from gpuspec.sizing.capacity import Capacity

BAR = 40
NARROWEST_REASON = 28
"""Columns below which the reason of a figure stands below it."""
NARROWEST_TABLE = 48
"""Columns of a line with three figures; in fewer, each line has one figure and its range."""
LEAST_GIB = 0.005
"""What rounds to nothing is not shown."""

Figures = tuple[float, float, float]


def render(sized: Sized, *, columns: int) -> str:
    """Phases and parts, a bar of the GPU's memory and what it has room for, what can be rented, and the next step."""
    style = Style(columns=columns)
    lines = [
        *_head(sized),
        *_phases(sized.need, columns),
        *_parts(sized.need, style),
        *_cards(sized, columns),
        *_offers(sized, columns),
        *_ahead(sized),
    ]
    return "".join(f"{_within(line, style)}\n" for line in lines)


def _within(line: str, style: Style) -> str:
    """A line, on several where it is wider than allowed."""
    if style.columns is None or width(line) <= style.columns:
        return one_line(line)
    start = len(line) - len(line.lstrip())
    return " " * start + style.wrap(line, start, start + 2)


def _head(sized: Sized) -> list[str]:
    w, n = sized.workload, sized.need
    name = w.model.id if w.model else w.model_name or "the model"
    shape = shape_of(w)
    own = w.model.native_dtype if w.model else None
    scheme = scheme_of(w, shape) if isinstance(shape, Shape) else w.quantization or w.dtype or own or "bf16"
    what = f"{w.method or 'full'} training" if w.task == "train" else w.task or "serve"
    over = f", over {n.gpus} GPUs" if n.gpus > 1 else ""
    lines = [f"{name} · {what} · {scheme} · {n.engine}{over} · confidence {n.confidence}", ""]
    most = shape.max_context if isinstance(shape, Shape) and w.task != "train" else None
    if most and w.context and w.context > most:
        lines[1:] = [f"{w.context:,} tokens are more than the {most:,} that the model takes", ""]
    return lines


# -- phases and parts -------------------------------------------------------------------------------


def _phases(need: Need, columns: int) -> list[str]:
    """Each phase with its figures and a bar, the one that decides marked; nothing where there is one phase."""
    if len(need.phases) < 2:
        return []
    deciding, most = need.deciding, max(phase.of()[1] for phase in need.phases) or 1.0
    named = _wide(phase.name for phase in need.phases)
    lines = [_titles("Phase, GiB per GPU", named, columns)]
    room = min(columns - len(lines[0]) - 3, BAR)
    for phase in need.phases:
        line = _figures(phase.name, phase.of(), named, columns, mark=">" if phase is deciding else " ")
        bar = "█" * max(round(room * phase.of()[1] / most), 1)
        lines.append(f"{line}   {bar}" if columns >= NARROWEST_TABLE and room >= 8 else line)
    if any(most - own >= LEAST_GIB for most, own in zip(need.of(), deciding.of(), strict=True)):
        lines.append(_figures("the most of any", need.of(), named, columns))
    return [*lines, ""]


def _parts(need: Need, style: Style) -> list[str]:
    """The parts of the phase that decides."""
    columns = style.columns or 10_000
    shown = [part for part in need.parts if part.high >= LEAST_GIB]
    named = _wide(part.name for part in shown)
    several = len(need.phases) > 1
    title = f"In “{need.deciding.name}”, which decides" if several else "GiB per GPU"
    lines = [_titles("" if several else title, named, columns)]
    if several:
        lines = [title, *lines]
    for part in shown:
        lines += _part(part, named, style)
    lines.append(_figures("total", need.deciding.of(), named, columns))
    lines += [f"  assumed: {text}" for text in need.assumptions]
    return [*lines, ""]


def _part(part: Part, named: int, style: Style) -> list[str]:
    columns = style.columns or 10_000
    figures = _figures(part.name, (part.low, part.expected, part.high), named, columns)
    beside = columns >= len(figures) + 3 + NARROWEST_REASON
    indent = len(figures) + 3 if beside else 4
    first, *rest = style.wrap(part.why, indent, indent).split("\n")
    return [f"{figures}   {first}", *rest] if beside else [figures, f"    {first}", *rest]


def _wide(names: Iterable[str]) -> int:
    return max(16, *map(width, names))


def _titles(title: str, named: int, columns: int) -> str:
    if columns < NARROWEST_TABLE:
        return f"{title or 'GiB per GPU'}: expected (low–high)"
    return f"{title:{named + 2}} {'low':>8} {'expected':>9} {'high':>8}"


def _figures(name: str, figures: Figures, named: int, columns: int, *, mark: str = " ") -> str:
    low, expected, high = figures
    if columns < NARROWEST_TABLE:
        return f"{mark} {name}: {expected:.2f} ({low:.2f}–{high:.2f})"
    return f"{mark} {name:{named}} {low:8.2f} {expected:9.2f} {high:8.2f}"


# -- what holds it ----------------------------------------------------------------------------------


def _cards(sized: Sized, columns: int) -> list[str]:
    lines = []
    for on_gpu in sized.fits:
        over = f"{on_gpu.need.gpus} × " if on_gpu.need.gpus > 1 else ""
        lines.append(f"{over}{on_gpu.gpu.name}: {on_gpu.verdict}{_reason(on_gpu)}")
        amount = f"{on_gpu.need.expected:.1f} of {on_gpu.usable:.1f} GiB usable"
        drawn = f"  [{_bar(on_gpu, min(BAR, columns - 5))}]"
        lines += [f"{drawn} {amount}"] if columns > len(drawn) + len(amount) else [drawn, f"  {amount}"]
        for capacity in sized.capacities:
            if capacity.gpu is on_gpu.gpu:
                lines += _capacity(capacity, columns)
        lines.append("")
    return lines


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
    named = _wide(name for name, *_ in rows)
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


def _offers(sized: Sized, columns: int) -> list[str]:
    if not sized.rentable:
        *some, most = map(str, sized.counts)
        tried = f"{', '.join(some)} or {most}" if some else most
        return [f"No GPU in the price lists surely holds it ({tried} on one machine)."]
    shown = sized.rentable[:SHOWN]
    named = max(len(_machine(one)) for one in shown)
    clouds = max(len(_cloud(one.price)) for one in shown if one.price)
    lines, shares = [], []
    for one in shown:
        assert one.fit
        assert one.price
        price = f"${one.price.per_hour:6.2f}/h  {_cloud(one.price):{clouds}}"
        lines.append(f"  {_machine(one):{named}} {one.gpu.vram_gb:4.0f} GB  {price}")
        shares.append(f" {100 * one.fit.need.expected / one.fit.usable:3.0f} % of {one.fit.usable:.1f} GiB")
    room = columns - max(map(width, lines))
    if room < 0:
        lines = [f"  ${one.per_hour:.2f}/h: {_machine(one)}, {one.gpu.vram_gb:g} GB" for one in shown]
    elif room >= max(map(len, shares)):
        used = " in use" if room >= max(map(len, shares)) + len(" in use") else ""
        lines = [f"{line}{share}{used}" for line, share in zip(lines, shares, strict=True)]
    return [
        "Smallest that surely fit, by price",
        *map(str.rstrip, lines),
        *(f"  {line}" for line in sized.agreed),
    ]


def _cloud(price: Price) -> str:
    return f"{price.offer.cloud} spot" if price.spot else price.offer.cloud


def _machine(one: Alternative) -> str:
    return f"{one.gpu_count} × {one.gpu.name}"


# -- what is next -----------------------------------------------------------------------------------


def _ahead(sized: Sized) -> list[str]:
    lines = [""] if sized.steps or sized.speed else []
    for step in sized.steps:
        where = "fits nothing in the price lists"
        if step.fitting:
            where = f"cheapest {_machine(step.fitting)}, ${step.fitting.per_hour:.2f}/h"
        more = step.expected - sized.need.expected
        each = " per GPU" if sized.need.gpus > 1 else ""
        lines.append(f"{step.name} {step.value:,}: {more:+.2f} GiB{each}, {where}")
    return lines + _speed_lines(sized)


def _speed_lines(sized: Sized) -> list[str]:
    quick = sized.speed
    if quick is None or quick.decode is None:
        return []
    on = sized.fits[0].gpu.name if sized.fits else _machine(sized.rentable[0])
    lines = [f"speed on {on}: {_range(quick.decode)} tokens/s written ({quick.why})"]
    if quick.prefill:
        lines.append(f"  prompt: {_range(quick.prefill)} tokens/s")
    if sized.rentable and not sized.fits:
        cost = dollars_per_million(quick.decode, sized.rentable[0].per_hour)
        lines.append(f"  ${cost.low:.2f}–{cost.high:.2f} per million tokens written, always busy")
    size = sized.need.loaded * GIB / 1e9
    lines.append(
        f"  {size:.0f} GB to fetch: {_minutes(download_seconds(size))}; to load: {_minutes(load_seconds(size))}"
    )
    return lines


def _range(value: Range) -> str:
    return f"{value.low:,.0f}–{value.high:,.0f}"


def _minutes(value: Range) -> str:
    if value.high < 120:
        return f"{value.low:.0f}–{value.high:.0f} s"
    return f"{value.low / 60:.1f}–{value.high / 60:.0f} min"
