"""What `gpuspec size` found, as text: phases, parts of the one that decides, what holds them, what is next."""

from __future__ import annotations

from collections.abc import Iterable

from gpuspec.engines import engine_of
from gpuspec.planning.precisions import own_scheme
from gpuspec.planning.sized import Sized
from gpuspec.printable import one_line
from gpuspec.report.size_cards import BAR, cards
from gpuspec.report.size_machines import dollars, in_precisions, label, offers
from gpuspec.report.text import Style
from gpuspec.report.width import width
from gpuspec.sizing import Need, Part
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.speed.starting import download_seconds, load_seconds
from gpuspec.sizing.weights import GIB
from gpuspec.workload.even_split import even_numbers

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
        *_ran(sized),
        *cards(sized, columns),
        *offers(sized, columns),
        *in_precisions(sized, columns),
        *_ahead(sized),
        *_opinions(sized),
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
    what = f"{w.method or 'full'} training" if w.task == "train" else w.task or "serve"
    over = f", over {n.gpus} GPUs" if n.gpus > 1 else ""
    lines = [f"{name} · {what} · {own_scheme(w)} · {n.engine}{over} · confidence {n.confidence}", ""]
    if sized.unshared:
        lines[-1:] = [
            f"{sized.unshared} cannot be split evenly over {n.gpus} GPUs: {n.engine} stops at start{_even(sized)}",
            "",
        ]
    most = shape.max_context if isinstance(shape, Shape) and w.task != "train" else None
    if most and w.context and w.context > most:
        lines[-1:] = [f"{w.context:,} tokens are more than the {most:,} that the model takes", ""]
    return lines


def _even(sized: Sized) -> str:
    if sized.workload.model is None:
        return ""
    able = even_numbers(sized.workload.model, engine_of(sized.need.engine), sized.need.gpus)
    return f"; over {' or '.join(map(str, able))} it can be" if able else ""


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


def _ran(sized: Sized) -> list[str]:
    """What its last runs took: beside the estimate, whichever is more."""
    lines = []
    for each in sized.measured:
        said = each.in_words()
        if each.peak_gib is not None and each.gpus == sized.need.gpus:
            from gpuspec.planning.measured import beside_estimate

            said += f": {beside_estimate(each.peak_gib, sized.need.expected)}"
        lines.append(said)
    return [*lines, ""] if lines else []


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


# -- what is next -----------------------------------------------------------------------------------


def _ahead(sized: Sized) -> list[str]:
    lines = [""] if sized.steps or sized.speed else []
    for step in sized.steps:
        where = "fits nothing in the price lists"
        if step.fitting:
            where = f"cheapest {label(step.fitting)}, {dollars(step.fitting)}"
        more = step.expected - sized.need.expected
        each = " per GPU" if sized.need.gpus > 1 else ""
        lines.append(f"{step.name} {step.value:,}: {more:+.2f} GiB{each}, {where}")
    return lines + _speed_lines(sized)


def _speed_lines(sized: Sized) -> list[str]:
    quick = sized.speed
    if quick is None or quick.decode is None:
        return []
    on = label(sized.judged[0].machine.offered if sized.judged else sized.rentable[0].offered)
    together = " by all together, between prompts" if (quick.sequences or 1) > 1 else ""
    lines = [f"speed on {on}: {_range(quick.decode)} tokens/s written{together} ({quick.why})"]
    if quick.prefill:
        lines.append(f"  prompt: {_range(quick.prefill)} tokens/s")
    size = sized.need.loaded * GIB / 1e9
    lines.append(
        f"  {size:.0f} GB to fetch: {_minutes(download_seconds(size))}; to load: {_minutes(load_seconds(size))}"
    )
    return lines


def _opinions(sized: Sized) -> list[str]:
    if sized.opinion is None:
        return []
    from gpuspec.report.size_second_opinion import lines

    return lines(sized.opinion)


def _range(value: Range) -> str:
    return f"{value.low:,.0f}–{value.high:,.0f}"


def _minutes(value: Range) -> str:
    if value.high < 120:
        return f"{value.low:.0f}–{value.high:.0f} s"
    return f"{value.low / 60:.1f}–{value.high / 60:.0f} min"
