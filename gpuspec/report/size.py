"""What `gpuspec size` found, as text and as JSON."""

from __future__ import annotations

from typing import Any, NamedTuple

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.planning.alternatives import COUNTS, Alternative
from gpuspec.planning.case import Case
from gpuspec.planning.price_lists import Price
from gpuspec.printable import one_line
from gpuspec.report.text import Style
from gpuspec.report.width import width
from gpuspec.sizing import Fit, Need, Unsized, fit
from gpuspec.sizing.inference.setup import cache_on_each
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed import Range, Speed, dollars_per_million, download_seconds, load_seconds
from gpuspec.sizing.weights import GIB
from gpuspec.workload import Workload

SHOWN = 8
BAR = 40
NARROWEST_REASON = 28
"""Columns below which the reason of a figure stands below it."""


class NextStep(NamedTuple):
    """A larger setting: what it is, the memory it takes, and the cheapest that holds it."""

    name: str
    value: int
    expected: float
    fitting: Alternative | None


class Sized(NamedTuple):
    """A workload, its Need, the GPUs asked about, how many on one machine were tried, and what can be rented,
    cheapest first."""

    workload: Workload
    need: Need
    fits: tuple[Fit, ...]
    counts: tuple[int, ...]
    rentable: tuple[Alternative, ...]
    agreed: tuple[str, ...]
    """What was agreed on with the clouds that rent them, in words."""
    speed: Speed | None
    steps: tuple[NextStep, ...]

    @classmethod
    def of(cls, case: Case, gpu_count: int | None, names: tuple[str, ...]) -> Sized:
        """Size a job; UserError `cannot-size` where a fact is missing."""
        workload = case.workload
        answer = case.need(gpu_count or 1)
        if isinstance(answer, Unsized):
            hint = "`gpuspec lint` shows where it stands" if workload.beyond else answer.hint
            raise UserError("cannot-size", answer.reason, hint)
        known = case.catalog.gpus_by_name
        fits = tuple(fit(answer, known[name], workload.memory_utilization) for name in names)
        counts = (gpu_count,) if gpu_count else COUNTS
        rentable = _rentable(case, counts)
        gpu = fits[0].gpu if fits else rentable[0].gpu if rentable else None
        many = answer.gpus if fits or not rentable else rentable[0].gpu_count
        quick = case.speed(gpu, many) if gpu and _writes_text(workload) else None
        fast = quick if isinstance(quick, Speed) else None
        return cls(
            workload=workload, need=answer, fits=fits, counts=counts, rentable=rentable,
            agreed=case.agreed_prices({one.price.offer.cloud for one in rentable[:SHOWN] if one.price}),
            speed=fast, steps=_steps(case, answer, counts),
        )  # fmt: skip


def _writes_text(workload: Workload) -> bool:
    return workload.task != "train" and workload.modality in (None, "text")


def _rentable(case: Case, counts: tuple[int, ...]) -> tuple[Alternative, ...]:
    """The cheapest count of each GPU that surely holds the workload, cheapest first."""
    found: dict[str, Alternative] = {}
    for one in case.market.fitting(counts):
        found.setdefault(one.gpu.name, one)
    # "A100 80GB" stands for the PCIe and the SXM4 card: where those are listed, it says nothing more.
    return tuple(one for one in found.values() if not any(name in found for name in one.gpu.variants))


def _steps(case: Case, answer: Need, counts: tuple[int, ...]) -> tuple[NextStep, ...]:
    """Twice the context (or sequence), and twice the sequences where memory depends on them."""
    workload = case.workload
    if workload.modality not in (None, "text"):
        return ()
    training = workload.task == "train"
    doubled = {"sequence": workload.sequence or 2048} if training else {"context": workload.context or 4096}
    if training:
        doubled["batch"] = workload.batch or 1
    elif not engine_of(answer.engine).memory.queues:
        doubled["concurrency"] = workload.concurrency or 1
    steps = []
    for name, value in doubled.items():
        change: dict[str, Any] = {name: 2 * value}
        larger = case.instead(workload=workload._replace(**change))
        more = larger.need(answer.gpus)
        if isinstance(more, Need):
            found = _rentable(larger, counts)
            steps.append(NextStep(name, 2 * value, more.expected, found[0] if found else None))
    return tuple(steps)


def sequences_that_fit(sized: Sized, gpu: Gpu) -> int | None:
    """How many sequences of the full context an engine's cache holds on a GPU at once, expected figures."""
    shape = shape_of(sized.workload)
    if not isinstance(shape, Shape) or not _writes_text(sized.workload):
        return None
    context = sized.workload.context or 4096
    one = cache_on_each(sized.workload, shape, context, 1, sized.need.gpus) / GIB
    on_gpu = fit(sized.need, gpu, sized.workload.memory_utilization)
    rest = sum(part.expected for part in sized.need.parts if part.name not in ("KV cache", "fragmentation"))
    return max(int((on_gpu.usable - rest) / one), 0) if one > 0 else None


def as_text(sized: Sized, columns: int) -> str:
    """The table of parts, a bar of the GPU's memory, what can be rented, and the next step."""
    style = Style(columns=columns)
    lines = [*_head(sized), *_parts(sized, style), *_cards(sized), *_offers(sized), *_ahead(sized)]
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
    own = shape.native if isinstance(shape, Shape) else w.model.native_dtype if w.model else None
    scheme = w.quantization or w.dtype or own or "bf16"
    what = f"{w.method or 'full'} training" if w.task == "train" else w.task or "serve"
    over = f", over {n.gpus} GPUs" if n.gpus > 1 else ""
    return [f"{name} · {what} · {scheme} · {n.engine}{over} · confidence {n.confidence}", ""]


def _parts(sized: Sized, style: Style) -> list[str]:
    n = sized.need
    lines = [f"{'GiB per GPU':18} {'low':>8} {'expected':>9} {'high':>8}"]
    for part in n.parts:
        if part.high < 0.005:
            continue
        figures = f"  {part.name:16} {part.low:8.2f} {part.expected:9.2f} {part.high:8.2f}"
        beside = style.columns is None or style.columns >= len(figures) + 3 + NARROWEST_REASON
        indent = len(figures) + 3 if beside else 4
        why = style.wrap(part.why, indent, indent).split("\n")
        lines += [f"{figures}   {why[0]}"] if beside else [figures, f"    {why[0]}"]
        lines += why[1:]
    lines.append(f"  {'total':16} {n.low:8.2f} {n.expected:9.2f} {n.high:8.2f}")
    lines += [f"  assumed: {text}" for text in n.assumptions]
    return [*lines, ""]


def _bar(on_gpu: Fit) -> str:
    scale = max(on_gpu.usable, on_gpu.gpu.vram_gib, on_gpu.need.high)

    def at(value: float) -> int:
        return round(BAR * value / scale)

    cells = "█" * at(on_gpu.need.expected)
    cells = f"{cells:▒<{at(on_gpu.need.high)}}"
    cells = f"{cells:·<{BAR}}"
    edge = min(max(at(on_gpu.usable), 1), BAR)
    return f"{cells[:edge]}|{cells[edge:]}"


def _cards(sized: Sized) -> list[str]:
    lines = []
    for on_gpu in sized.fits:
        over = f"{on_gpu.need.gpus} × " if on_gpu.need.gpus > 1 else ""
        lines.append(f"{over}{on_gpu.gpu.name}: {on_gpu.verdict} ({on_gpu.part} decides)")
        lines.append(f"  [{_bar(on_gpu)}] {on_gpu.need.expected:.1f} of {on_gpu.usable:.1f} GiB usable")
        many = sequences_that_fit(sized, on_gpu.gpu)
        if many:
            context = sized.workload.context or 4096
            lines.append(f"  room for about {many:,} sequences of {context:,} tokens at once")
    return [*lines, ""] if lines else []


def _offers(sized: Sized) -> list[str]:
    if not sized.rentable:
        *some, most = map(str, sized.counts)
        tried = f"{', '.join(some)} or {most}" if some else most
        return [f"No GPU in the price lists surely holds it ({tried} on one machine)."]
    lines = ["Smallest that surely fit, by price"]
    shown = sized.rentable[:SHOWN]
    wide = max(len(_counted(one)) for one in shown)
    clouds = max(len(_cloud(one.price)) for one in shown if one.price)
    for one in shown:
        assert one.fit
        assert one.price
        share = one.fit.need.expected / one.fit.usable
        price = f"${one.price.per_hour:6.2f}/h  {_cloud(one.price):{clouds}}"
        in_use = f"{100 * share:3.0f} % of {one.fit.usable:.1f} GiB in use"
        lines.append(f"  {_counted(one):{wide}} {one.gpu.vram_gb:4.0f} GB  {price} {in_use}")
    return [*lines, *(f"  {line}" for line in sized.agreed)]


def _cloud(price: Price) -> str:
    return f"{price.offer.cloud} spot" if price.spot else price.offer.cloud


def _counted(one: Alternative) -> str:
    return f"{one.gpu_count} × {one.gpu.name}"


def _ahead(sized: Sized) -> list[str]:
    lines = [""] if sized.steps or sized.speed else []
    for step in sized.steps:
        where = "fits nothing in the price lists"
        if step.fitting:
            where = f"cheapest {_counted(step.fitting)}, ${step.fitting.per_hour:.2f}/h"
        more = step.expected - sized.need.expected
        lines.append(f"{step.name} {step.value:,}: {more:+.2f} GiB, {where}")
    return lines + _speed_lines(sized)


def _speed_lines(sized: Sized) -> list[str]:
    quick = sized.speed
    if quick is None or quick.decode is None:
        return []
    on = sized.fits[0].gpu.name if sized.fits else _counted(sized.rentable[0])
    lines = [f"speed on {on}: {_range(quick.decode)} tokens/s written ({quick.why})"]
    if quick.prefill:
        lines.append(f"  prompt: {_range(quick.prefill)} tokens/s")
    if sized.rentable and not sized.fits:
        cost = dollars_per_million(quick.decode, sized.rentable[0].per_hour)
        lines.append(f"  ${cost.low:.2f}–{cost.high:.2f} per million tokens written, always busy")
    size = weights_gb(sized.need)
    lines.append(
        f"  {size:.0f} GB to fetch: {_minutes(download_seconds(size))}; to load: {_minutes(load_seconds(size))}"
    )
    return lines


def weights_gb(answer: Need) -> float:
    """GB (10^9 bytes) of weights over all GPUs."""
    names = ("weights", "denoiser", "text encoders")
    weights = sum(part.expected for part in answer.parts if part.name in names)
    return weights * answer.gpus * GIB / 1e9


def _range(value: Range) -> str:
    return f"{value.low:,.0f}–{value.high:,.0f}"


def _minutes(value: Range) -> str:
    if value.high < 120:
        return f"{value.low:.0f}–{value.high:.0f} s"
    return f"{value.low / 60:.1f}–{value.high / 60:.0f} min"


def as_json(sized: Sized) -> str:
    """Everything, for programs."""
    n = sized.need
    document: dict[str, Any] = {
        "model": sized.workload.model.id if sized.workload.model else sized.workload.model_name,
        "engine": n.engine,
        "gpus": n.gpus,
        "confidence": n.confidence,
        "gib_per_gpu": {"low": n.low, "expected": n.expected, "high": n.high},
        "parts": [part._asdict() for part in n.parts],
        "assumptions": list(n.assumptions),
        "on": [
            {"gpu": f.gpu.name, "verdict": f.verdict, "usable_gib": f.usable, "part": f.part}
            for f in sized.fits
        ],
        "rentable": [_rented(one) for one in sized.rentable],
        "next": [
            {
                "name": step.name,
                "value": step.value,
                "gib_per_gpu": step.expected,
                "cheapest": _rented(step.fitting) if step.fitting else None,
            }
            for step in sized.steps
        ],
        "speed": _speed_json(sized.speed),
        "weights_gb": weights_gb(n),
    }
    return json_text(document)


def _rented(one: Alternative) -> dict[str, Any]:
    assert one.fit
    assert one.price
    return {
        "gpu": one.gpu.name,
        "gpu_count": one.gpu_count,
        "cloud": one.price.offer.cloud,
        "price": one.price.per_hour,
        "list_price": one.price.list_price,
        "spot": one.price.spot,
        "usable_gib": one.fit.usable,
    }


def _speed_json(quick: Speed | None) -> dict[str, Any] | None:
    if quick is None:
        return None
    named = {"decode": quick.decode, "each": quick.each, "prefill": quick.prefill}
    rates = {name: value._asdict() if value else None for name, value in named.items()}
    return {**rates, "assumptions": list(quick.assumptions)}
