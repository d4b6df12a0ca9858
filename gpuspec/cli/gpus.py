"""`gpuspec gpus`: GPUs with memory, speed and what they cost, by kind of price."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import click

from gpuspec.catalog import Catalog, Gpu, PriceSource
from gpuspec.cli.columns import fitted, labelled, terminal_columns, wrapped
from gpuspec.cli.gpu_rates import KINDS, ByKind, Rates, by_cloud, by_gpu, why_no_price
from gpuspec.cli.open_case import CaseOptions, case_options, case_without_file
from gpuspec.cli.options import Amount
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case
from gpuspec.planning.cost import exceeds
from gpuspec.planning.places import notes_on_settings
from gpuspec.words import HOURS_PER_MONTH


class Line(NamedTuple):
    """A GPU with what it costs, by kind of price."""

    gpu: Gpu
    rates: ByKind

    @property
    def demand(self) -> float | None:
        """The least on demand, $/h for one GPU."""
        return self.rates["on demand"].least if "on demand" in self.rates else None


NAME_COLUMNS = 22
"""Longer names stand on a line of their own, and leave the columns their room."""

SORTS = {
    "vram": lambda line: (line.gpu.vram_gb, line.gpu.name),
    "price": lambda line: (line.demand is None, line.demand, line.gpu.name),
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

    NAME may be any spelling: "A100-80GB", "NVIDIA GeForce RTX 4090", "p4d.24xlarge"; each cloud is listed then.
    Prices are of one GPU, whatever the machine's size, as the settings of this folder have them. A community
    machine is a stranger's, and a bid the least that an auction takes: jobs get neither unless they ask for it.
    """
    case = case_without_file(".", given.settings_for("."))
    catalog, cloud = case.catalog, bool(given.job.clouds)
    rates = by_gpu(case.offers)
    wanted = (gpu for gpu in _wanted(catalog, name) if not gpu.variants or gpu.name in rates)
    every = (Line(gpu, rates.get(gpu.name, {})) for gpu in wanted)
    lines = [line for line in every if _shown(line, min_vram, max_price, cloud and name is None)]
    lines.sort(key=SORTS[sort])
    if as_json:
        say_document(json_text([_record(case, line) for line in lines]))
    elif name is None or not lines:
        _print_table(case, lines)
    else:
        for at, line in enumerate(lines):
            say(*[""] * bool(at))
            _print_one(case, line)
        say(
            *(
                row
                for note in notes_on_settings(case.clouds, case.regions, case.price_book)
                for row in wrapped(note)
            )
        )


def _wanted(catalog: Catalog, name: str | None) -> tuple[Gpu, ...]:
    """The GPUs asked for. Among them are names that stand for several ("A100 80GB", PCIe or SXM): clouds that do not
    say which rent out such a one."""
    if name is None:
        return catalog.gpus
    match = catalog.resolve_gpu(name)
    if match.note:
        raise UserError("unknown-gpu", f"{name!r} is {match.note}", "`gpuspec gpus` lists whole GPUs.")
    if match.gpu is None and not match.ambiguous:
        near = ", ".join(match.suggestions)
        hint = f"Did you mean {near}?" if near else "`gpuspec gpus` lists all."
        raise UserError("unknown-gpu", f"there is no GPU called {name!r}", hint)
    accepted = {*match.accepts, *([match.gpu.name] if match.gpu else [])}
    return tuple(gpu for gpu in catalog.gpus if gpu.name in accepted)


def _shown(line: Line, min_vram: float | None, max_price: float | None, cloud: bool) -> bool:
    if min_vram is not None and line.gpu.vram_gb < min_vram:
        return False
    if max_price is not None:
        paid = [rates.least for kind, rates in line.rates.items() if kind != "bid"]
        return any(not exceeds(rate, max_price) for rate in paid)
    return not cloud or bool(line.rates)


def _features(gpu: Gpu) -> str:
    named = (("bf16", gpu.bf16), ("fp8", gpu.fp8), ("fp4", gpu.fp4))
    return " ".join(name for name, has in named if has)


def _demand(line: Line) -> str:
    found = line.rates.get("on demand")
    if found is None:
        return "-" if line.rates else "no price"
    least, most = (f"{price:.2f}" for price in found[:2])
    return f"${least} {found.offer.cloud}" + f" – {most}" * (most != least)


def _rest(rates: ByKind) -> tuple[str, str, str]:
    """Spot, community and bid: of the last two only where they begin matters."""
    spot, strange, bid = (rates.get(kind) for kind in KINDS[1:])
    return str(spot or "-"), f"${strange.least:.2f}" if strange else "-", f"${bid.least:.2f}" if bid else "-"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _print_table(case: Case, lines: list[Line]) -> None:
    if not lines:
        say("No GPU matches.")
        return
    head = ("GPU", "$/h ON DEMAND", "GB", "SPOT", "COMMUNITY", "BID", "GB/s", "FP16 TFLOPS", "FEATURES")
    rows: list[tuple[str, ...]] = [head]
    for line in lines:
        gpu = line.gpu
        speeds = (_number(gpu.bandwidth_gbs), _number(gpu.fp16_tflops))
        prices = (_demand(line), f"{gpu.vram_gb:g}", *_rest(line.rates))
        rows.append((gpu.name, *prices, *speeds, _features(gpu)))
    say(*fitted(rows, first_column=NAME_COLUMNS))
    known = [source for source in case.catalog.price_sources if source.rentable or source.name == case.prices]
    used = {offer.source for offer in case.offers}
    named = {source.name for source in known}
    dates = dates_of_prices([source for source in known if source.name in used])
    unsaid = [line.gpu.name for line in lines if line.gpu.variants]
    notes = (
        *[f"{', '.join(unsaid)}: which form or model it is, these clouds do not say."] * bool(unsaid),
        f"Prices per GPU: {'; '.join([*sorted(used - named), *dates]) or 'none'}.",
        *case.agreed_prices({offer.cloud for offer in case.offers}),
        *notes_on_settings(case.clouds, case.regions, case.price_book),
    )
    say("", *(row for note in notes for row in wrapped(note)))


def dates_of_prices(sources: Iterable[PriceSource]) -> list[str]:
    """ "lambda, vast 2026-11-20": the clouds whose prices are of one day, for each day."""
    by_date: dict[str, list[str]] = {}
    for source in sources:
        by_date.setdefault(source.dated, []).append(
            source.name.removeprefix("skypilot-").removeprefix("karpenter-")
        )
    return [f"{', '.join(names)} {date}" for date, names in by_date.items()]


def _print_one(case: Case, line: Line) -> None:
    gpu = line.gpu
    say(f"{gpu.name}  ({gpu.vendor} {gpu.architecture})")
    visible = f", {gpu.vram_gib:.1f} GiB visible" if gpu.vram_gib != gpu.vram_gb else ""
    speeds = (("FP16", gpu.fp16_tflops), ("FP8", gpu.fp8_tflops), ("FP4", gpu.fp4_tflops))
    facts: list[tuple[str, str]] = [
        ("memory", f"{gpu.vram_gb:g} GB{visible}"),
        ("bandwidth", f"{_number(gpu.bandwidth_gbs)} GB/s"),
        ("dense TFLOPS", ", ".join(f"{name} {_number(speed)}" for name, speed in speeds)),
        ("features", _features(gpu) or "none of bf16, fp8, fp4"),
        ("compute capability", gpu.compute_capability or "unknown"),
        ("form", gpu.form_factor or "unknown"),
        ("NVLink", {True: "yes", False: "no", None: "unknown"}[gpu.nvlink]),
        ("power", _power(gpu)),
        (
            "stands for",
            " or ".join(gpu.variants) and f"{' or '.join(gpu.variants)}: these clouds do not say which",
        ),
        ("also called", ", ".join(dict.fromkeys(name for _, name in gpu.aliases)) or "-"),
        ("note", gpu.note),
        ("no price", "" if line.rates else why_no_price(case, gpu)),
    ]
    for what, value in facts:
        if value:
            say(*labelled(f"  {what:<19} ", value))
    if line.rates:
        _print_clouds(case, gpu)
    say("", *wrapped(f"Sources of {gpu.name}: {'; '.join(gpu.sources)}."))


def _power(gpu: Gpu) -> str:
    """What it draws at most, and in a month at that; "" where it is not known. Grams of carbon are the grid's."""
    if not gpu.tdp_w:
        return ""
    month = gpu.tdp_w * HOURS_PER_MONTH / 1000
    return f"{gpu.tdp_w} W at most: {month:.0f} kWh in a month of work, of the card alone"


def _print_clouds(case: Case, gpu: Gpu) -> None:
    """The clouds that have a GPU, the cheapest first, with the kinds of price that any of them has."""
    dated = {source.name: source.dated for source in case.catalog.price_sources}
    clouds = by_cloud(offer for offer in case.offers if offer.gpu == gpu.name)
    kinds = [kind for kind in KINDS if any(kind in rates for rates in clouds.values())]
    rows = [("CLOUD", *(f"$/h {kind.upper()}" for kind in kinds), "PRICES OF", "CHEAPEST")]
    for cloud, rates in sorted(clouds.items(), key=_cheapest_first):
        sources = sorted({dated.get(each.offer.source, each.offer.source) for each in rates.values()})
        cells = (str(rates[kind]) if kind in rates else "-" for kind in kinds)
        offer = next(rates[kind] for kind in KINDS if kind in rates).offer
        where = " ".join(part for part in (offer.region, offer.instance) if part)
        rows.append((cloud, *cells, ", ".join(sources), where))
    say("", *_by_cloud(rows, kinds))
    for cloud, rates in sorted(clouds.items()):
        if agreed := _agreed(case, rates):
            say(*wrapped(f"  {cloud}: {agreed}"))


def _by_cloud(rows: list[tuple[str, ...]], kinds: list[str]) -> list[str]:
    """A row a cloud, or its prices one after the other where the page has no room for all their columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][: 1 + len(kinds)]
    if sum(widths) + 2 * len(kinds) <= terminal_columns():
        return fitted(rows)
    said = []
    for cloud, *cells in rows[1:]:
        priced = (f"{cell}/h {kind}" for cell, kind in zip(cells, kinds, strict=False) if cell != "-")
        said += wrapped(f"{cloud}: {', '.join(priced)}")
    return said


def _agreed(case: Case, rates: ByKind) -> str | None:
    """How the price of one GPU on demand comes from its list price, where another one was agreed on."""
    found, prices = rates.get("on demand"), case.catalog.agreed
    listed = found.offer.list_price if found else None
    if found is None or prices is None or listed is None:
        return None
    return prices.of(found.offer._replace(price=listed / found.offer.gpu_count, gpu_count=1)).agreed


def _cheapest_first(entry: tuple[str, ByKind]) -> tuple[float, float, str]:
    """By the price on demand; clouds that have none come after those that have one."""
    cloud, rates = entry
    demand = rates.get("on demand")
    return demand.least if demand else inf, min(each.least for each in rates.values()), cloud


def _record(case: Case, line: Line) -> dict[str, Any]:
    record = {key: value for key, value in line.gpu._asdict().items() if key != "aliases"}
    record["vram_gib"] = line.gpu.vram_gib
    record["aliases"] = [{"vocabulary": where, "name": name} for where, name in line.gpu.aliases]
    record |= _kinds(line.rates)
    clouds = by_cloud(offer for offer in case.offers if offer.gpu == line.gpu.name)
    record["clouds"] = {cloud: _kinds(rates) for cloud, rates in sorted(clouds.items())}
    record["no_price"] = None if line.rates else why_no_price(case, line.gpu)
    return record


def _kinds(rates: ByKind) -> dict[str, Any]:
    return {kind.replace(" ", "_"): _rate(kind, rates[kind]) if kind in rates else None for kind in KINDS}


def _rate(kind: str, rates: Rates) -> dict[str, Any]:
    """`list_per_hour`: for everybody, where another price was agreed on."""
    offer = rates.offer
    listed = None if kind == "spot" else offer.list_price
    return {
        "per_hour": rates.least,
        "highest": rates.most,
        "list_per_hour": rates.least if listed is None else listed / offer.gpu_count,
        "agreed": None if listed is None else offer.agreed,
        "cloud": offer.cloud,
        "instance": offer.instance,
        "source": offer.source,
    }
