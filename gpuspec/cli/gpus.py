"""`gpuspec gpus`: GPUs with memory, speed and the cheapest price in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import click

from gpuspec.catalog import Catalog, Gpu, Offer, PriceSource
from gpuspec.cli.columns import fitted
from gpuspec.cli.open_case import CaseOptions, case_options, case_without_file
from gpuspec.cli.options import Amount
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.planning.case import Case
from gpuspec.planning.cost import exceeds
from gpuspec.planning.places import notes_on_settings


class Rate(NamedTuple):
    """What one GPU costs, $/h, in the machine where it costs least."""

    per_hour: float
    offer: Offer


class Line(NamedTuple):
    """A GPU with what it costs at least, on demand and on spot."""

    gpu: Gpu
    demand: Rate | None
    spot: Rate | None


SORTS = {
    "vram": lambda line: (line.gpu.vram_gb, line.gpu.name),
    "price": lambda line: (line.demand is None, line.demand and line.demand.per_hour, line.gpu.name),
    "bandwidth": lambda line: (-(line.gpu.bandwidth_gbs or 0), line.gpu.name),
    "fp16": lambda line: (-(line.gpu.fp16_tflops or 0), line.gpu.name),
    "name": lambda line: line.gpu.name,
}


@click.command("gpus")
@click.argument("name", required=False)
@click.option("--min-vram", type=Amount(100_000, zero=True), metavar="GB", help="At least this much memory.")
@click.option(
    "--max-price", type=Amount(100_000, zero=True), metavar="USD", help="At most this per GPU and hour."
)
@case_options
@click.option("--sort", type=click.Choice(sorted(SORTS)), default="vram", show_default=True, help="Order.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    name: str | None,
    min_vram: float | None,
    max_price: float | None,
    given: CaseOptions,
    sort: str,
    as_json: bool,
) -> None:
    """List GPUs with memory, speed and price, or show the one called NAME.

    NAME may be any spelling: "A100-80GB", "NVIDIA GeForce RTX 4090", "p4d.24xlarge". Prices are the cheapest
    of one GPU, whatever the machine's size, as the settings of this folder have them.
    """
    case = case_without_file(".", given.settings_for("."))
    catalog, cloud = case.catalog, bool(given.job.clouds)
    wanted = _wanted(catalog, name)
    lines = [line for line in _lines(case.offers, wanted) if _shown(line, min_vram, max_price, cloud)]
    lines.sort(key=SORTS[sort])
    if as_json:
        say_document(json_text([_record(line) for line in lines]))
    elif name is not None:
        for line in lines:
            _print_one(line)
    else:
        _print_table(case, lines)


def _wanted(catalog: Catalog, name: str | None) -> tuple[Gpu, ...]:
    if name is None:
        return tuple(gpu for gpu in catalog.gpus if not gpu.variants)
    match = catalog.resolve_gpu(name)
    if match.note:
        raise UserError("unknown-gpu", f"{name!r} is {match.note}", "`gpuspec gpus` lists whole GPUs.")
    if match.gpu is None and not match.ambiguous:
        near = ", ".join(match.suggestions)
        hint = f"Did you mean {near}?" if near else "`gpuspec gpus` lists all."
        raise UserError("unknown-gpu", f"there is no GPU called {name!r}", hint)
    if match.gpu is not None and not match.gpu.variants:
        return (match.gpu,)
    accepted = set(match.accepts)
    return tuple(gpu for gpu in catalog.gpus if gpu.name in accepted and not gpu.variants)


def _lines(offers: Sequence[Offer], wanted: tuple[Gpu, ...]) -> list[Line]:
    demand = _cheapest((offer, offer.price) for offer in offers)
    spot = _cheapest((offer, offer.spot_price) for offer in offers)
    return [Line(gpu, demand.get(gpu.name), spot.get(gpu.name)) for gpu in wanted]


def _cheapest(prices: Iterable[tuple[Offer, float | None]]) -> dict[str, Rate]:
    found: dict[str, Rate] = {}
    for offer, price in prices:
        if price is not None:
            rate = Rate(price / offer.gpu_count, offer)
            if offer.gpu not in found or rate.per_hour < found[offer.gpu].per_hour:
                found[offer.gpu] = rate
    return found


def _shown(line: Line, min_vram: float | None, max_price: float | None, cloud: bool) -> bool:
    if min_vram is not None and line.gpu.vram_gb < min_vram:
        return False
    rates = [rate.per_hour for rate in (line.demand, line.spot) if rate]
    if max_price is not None:
        return any(not exceeds(rate, max_price) for rate in rates)
    return not cloud or bool(rates)


def _features(gpu: Gpu) -> str:
    named = (("bf16", gpu.bf16), ("fp8", gpu.fp8), ("fp4", gpu.fp4))
    return " ".join(name for name, has in named if has)


def _money(rate: Rate | None) -> str:
    return f"${rate.per_hour:.2f} {rate.offer.cloud}" if rate else "-"


def _agreed(rate: Rate | None) -> str:
    agreed = rate.offer.agreed if rate else ""
    return f"{_money(rate)} ({agreed})" if agreed else _money(rate)


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _print_table(case: Case, lines: list[Line]) -> None:
    if not lines:
        say("No GPU matches.")
        return
    rows: list[tuple[str, ...]] = [("GPU", "VRAM GB", "$/h", "SPOT $/h", "GB/s", "FP16 TFLOPS", "FEATURES")]
    for line in lines:
        gpu = line.gpu
        prices = (_money(line.demand), _money(line.spot))
        speeds = (_number(gpu.bandwidth_gbs), _number(gpu.fp16_tflops))
        rows.append((gpu.name, f"{gpu.vram_gb:g}", *prices, *speeds, _features(gpu)))
    say(*fitted(rows))
    known = [source for source in case.catalog.price_sources if source.rentable or source.name == case.prices]
    used = {offer.source for offer in case.offers}
    named = {source.name for source in known}
    dates = dates_of_prices([source for source in known if source.name in used])
    say("", f"Prices per GPU: {'; '.join([*sorted(used - named), *dates]) or 'none'}.")
    say(*case.agreed_prices({offer.cloud for offer in case.offers}))
    say(*notes_on_settings(case.clouds, case.regions, case.price_book))


def dates_of_prices(sources: Iterable[PriceSource]) -> list[str]:
    """ "lambda, vast 2026-11-20": the clouds whose prices are of one day, for each day."""
    by_date: dict[str, list[str]] = {}
    for source in sources:
        by_date.setdefault(source.dated, []).append(source.name.removeprefix("skypilot-"))
    return [f"{', '.join(names)} {date}" for date, names in by_date.items()]


def _print_one(line: Line) -> None:
    gpu = line.gpu
    say(f"{gpu.name}  ({gpu.vendor} {gpu.architecture})")
    visible = f", {gpu.vram_gib:.1f} GiB visible" if gpu.vram_gib != gpu.vram_gb else ""
    speeds = (("FP16", gpu.fp16_tflops), ("FP8", gpu.fp8_tflops), ("FP4", gpu.fp4_tflops))
    facts = (
        ("memory", f"{gpu.vram_gb:g} GB{visible}"),
        ("bandwidth", f"{_number(gpu.bandwidth_gbs)} GB/s"),
        ("dense TFLOPS", ", ".join(f"{name} {_number(speed)}" for name, speed in speeds)),
        ("features", _features(gpu) or "none of bf16, fp8, fp4"),
        ("compute capability", gpu.compute_capability or "unknown"),
        ("form", gpu.form_factor or "unknown"),
        ("NVLink", {True: "yes", False: "no", None: "unknown"}[gpu.nvlink]),
        ("on demand", _agreed(line.demand)),
        ("spot", _money(line.spot)),
        ("also called", ", ".join(dict.fromkeys(name for _, name in gpu.aliases)) or "-"),
        ("note", gpu.note),
    )
    for what, value in facts:
        if value:
            say(f"  {what:<19} {value}")
    for source in gpu.sources:
        say(f"  source              {source}")


def _record(line: Line) -> dict[str, Any]:
    record = {key: value for key, value in line.gpu._asdict().items() if key != "aliases"}
    record["vram_gib"] = line.gpu.vram_gib
    record["aliases"] = [{"vocabulary": where, "name": name} for where, name in line.gpu.aliases]
    record["on_demand"] = line.demand and _rate(line.demand, line.demand.offer.list_price)
    record["spot"] = line.spot and _rate(line.spot, None)
    return record


def _rate(rate: Rate, list_price: float | None) -> dict[str, Any]:
    """`list_price`: of the machine for everybody, where another was agreed on."""
    offer = rate.offer
    return {
        "per_hour": rate.per_hour,
        "list_per_hour": rate.per_hour if list_price is None else list_price / offer.gpu_count,
        "agreed": None if list_price is None else offer.agreed,
        "cloud": offer.cloud,
        "instance": offer.instance,
        "source": offer.source,
    }
