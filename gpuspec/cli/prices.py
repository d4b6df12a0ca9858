"""`gpuspec prices`: which prices are in force, how old they are, and what was not believed of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import click

from gpuspec.catalog import Catalog, HeldBack, Offer, PriceSource
from gpuspec.cli.columns import fitted, wrapped
from gpuspec.cli.gpu_rates import price_held
from gpuspec.cli.open_case import CaseOptions
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.report.summary import plural

OLD_DAYS = 90
"""Days from which `gpuspec prices` says what makes prices new. Rule GS507 has a limit of its own."""

cloud_option = click.option(
    "--cloud", "clouds", multiple=True, metavar="CLOUD", help="Only this cloud. May be repeated."
)


@click.group("prices", invoke_without_command=True)
@cloud_option
@click.option("--held", is_flag=True, help="List the rows that are not believed, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, clouds: tuple[str, ...], held: bool, as_json: bool) -> None:
    """Show the price lists in force: how old they are and what they hold.

    With --cloud, all of a cloud's list: its GPUs, its regions, what was left out or not believed, and why.
    """
    if context.invoked_subcommand is not None:
        return
    catalog = installed_catalog()
    sources = _sources(catalog, clouds)
    if as_json:
        say_document(json_text([_record(catalog, source) for source in sources]))
    elif held:
        _print_held(sources, {name.lower() for name in clouds})
    elif clouds:
        _print_each(catalog, sources)
    else:
        _print_sources(catalog, sources)


@command.command("apis")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def apis_command(names: tuple[str, ...], as_json: bool) -> None:
    """Show what a million tokens cost through APIs, and since when.

    NAME is a provider, a model of one, or an open model that it hosts. `gpuspec breakeven` and rule GS508 compare
    machines with these.
    """
    from gpuspec.cli.api_rows import print_apis

    print_apis(names, as_json=as_json)


@command.command("update")
@cloud_option
@click.option(
    "--accept-moves",
    is_flag=True,
    help="Also take prices that moved more than five-fold, and lists that lost half of their GPUs.",
)
@click.option("--offline", is_flag=True, help="Read the files SkyPilot already has in ~/.sky; fetch nothing.")
def update_command(clouds: tuple[str, ...], accept_moves: bool, offline: bool) -> int:
    """Refresh prices through the installed SkyPilot's catalogue.

    They replace the shipped ones of the same cloud, for you only. A cloud whose new prices cannot be had, or are not
    believable, keeps those it has; where that is so of a cloud you name, the exit status is 1.
    """
    from gpuspec.catalog.clouds import CLOUDS
    from gpuspec.catalog.refresh import by_reason, update
    from gpuspec.catalog.skypilot_files import fresh_files, kept_files

    named = [name.lower() for name in clouds]
    unknown = [name for name in named if name not in CLOUDS]
    if unknown:
        there_are = f"There are: {', '.join(CLOUDS)}."
        raise UserError("unknown-cloud", f"there is no cloud {unknown[0]!r}", there_are)
    wanted = named or sorted(CLOUDS)
    if offline:
        result = update(installed_catalog(), kept_files(wanted), accept_moves=accept_moves)
    else:
        with fresh_files(wanted) as files:
            result = update(installed_catalog(), files, accept_moves=accept_moves)
    for move in result.moves:
        kind = "spot price" if move.spot else "price"
        taken = "taken" if accept_moves else "NOT taken; --accept-moves takes it"
        where = f"{move.cloud} {move.instance} {move.region or ''}".rstrip()
        say(f"{where}: {kind} moved ${move.before:.2f} → ${move.after:.2f}/h ({taken})")
    _print_sources(installed_catalog(), result.sources)
    for why, refused in by_reason(result.refused).items():
        say(f"not refreshed: {', '.join(refused)}: {why}", err=True)
    say(f"{result.offers:,} offers written to {result.path}")
    return int(bool(named and result.refused))


@command.command("export")
@cloud_option
@click.option("--out", metavar="FILE", help="Write to this file instead of standard output.")
def export_command(clouds: tuple[str, ...], out: str | None) -> None:
    """Write the prices in force as one file, for a team to commit.

    `prices = "prices.tsv"` in gpuspec.toml, or `--prices prices.tsv`, then makes every command plan by it, whatever
    else is in force on that machine. It holds list prices: `discounts` of the settings come on top.
    """
    from gpuspec.catalog.snapshot import render
    from gpuspec.cli.run_lint import write
    from gpuspec.printable import one_line

    catalog = installed_catalog()
    wanted = {name.lower() for name in clouds}
    offers = catalog.offers(clouds=tuple(sorted(wanted)))
    if missing := sorted(wanted - {offer.cloud for offer in offers}):
        raise _no_prices(missing[0], (offer.cloud for offer in catalog.offers()))
    names = {offer.source for offer in offers}
    sources = [source for source in catalog.price_sources if source.name in names]
    text = render(sources, offers)
    if (
        not text.replace("\t", "").replace("\n", "").isprintable()
    ):  # a plugin, or a file, may name anything so
        text = "\n".join("\t".join(map(one_line, line.split("\t"))) for line in text.split("\n"))
    write(text, out)


def _sources(catalog: Catalog, clouds: Sequence[str]) -> list[PriceSource]:
    """The price sources that say anything of these clouds (none: all). UserError `unknown-cloud` where none does."""
    said = {
        source: {offer.cloud for offer in catalog.offers(source.name)} | {held.cloud for held in source.held}
        for source in catalog.price_sources
    }
    wanted = {name.lower() for name in clouds}
    known = {cloud for of_source in said.values() for cloud in of_source}
    if missing := sorted(wanted - known):
        raise _no_prices(missing[0], known)
    return [source for source, of_source in said.items() if not wanted or wanted & of_source]


def _no_prices(cloud: str, known: Iterable[str]) -> UserError:
    there_are = f"There are: {', '.join(sorted(set(known)))}."
    return UserError("unknown-cloud", f"no prices of a cloud {cloud!r} are known", there_are)


def _print_sources(catalog: Catalog, sources: Sequence[PriceSource]) -> None:
    """A line a list, and what is behind their numbers."""
    rented = [source for source in sources if source.rentable]
    head = ("CLOUD", "PRICES OF", "OFFERS", "GPUS", "REGIONS", "KINDS", "LIST")
    say(*fitted([head, *(_row(catalog.offers(source.name), source) for source in rented)]))
    say("")
    if compared := [source.name for source in sources if not source.rentable]:
        say(*wrapped(f"For comparison only, nothing is rented by them: {', '.join(compared)}."))
    dropped = sum(rows for source in rented for _, rows in source.dropped)
    why = "`gpuspec prices --cloud CLOUD` says why, and lists its regions."
    say(*wrapped(f"{plural(dropped, 'row')} of these lists left out as no offer of a whole GPU: {why}"))
    _print_footer(rented)
    if chosen := CaseOptions().settings_for(".").job.prices:
        say(*wrapped(f"In this folder commands count with {chosen} alone (`prices` of the settings)."))


def _row(offers: Sequence[Offer], source: PriceSource) -> tuple[str, ...]:
    clouds = {offer.cloud for offer in offers} or {held.cloud for held in source.held}
    return (
        ", ".join(sorted(clouds)) or "-",
        source.dated,
        f"{len(offers):,}",
        f"{len({offer.gpu for offer in offers}):,}",
        f"{len({offer.region for offer in offers if offer.region}):,}",
        ", ".join(_kinds(offers)) or "none believed",
        source.name,
    )


def _print_each(catalog: Catalog, sources: Iterable[PriceSource]) -> None:
    """All that is known of some lists."""
    shown = list(sources)
    for source in shown:
        say(*wrapped(f"{source.name}: {source.dated}{_in_days(_age(source))}"))
        say(*(row for line in _about(catalog.offers(source.name), source) for row in wrapped(f"  {line}")))
    _print_footer(shown)


def _print_footer(sources: Iterable[PriceSource]) -> None:
    """Where the rows are that are not believed, and what makes prices new."""
    shown = list(sources)
    if held := sum(len(source.held) for source in shown):
        say(*wrapped(f"{plural(held, 'row')} not believed (`gpuspec prices --held`)."))
    oldest = max((_age(source) or 0 for source in shown if source.rentable), default=0)
    update = "`gpuspec prices update` reads fresh prices from the installed SkyPilot."
    say(*wrapped(f"The oldest prices are {oldest} days old. {update}" if oldest > OLD_DAYS else update))


def _about(offers: Sequence[Offer], source: PriceSource) -> Iterator[str]:
    """What a price list holds, a line each."""
    if not source.rentable:
        yield "for comparison only: nothing can be rented from it"
    gpus, regions = {offer.gpu for offer in offers}, {offer.region for offer in offers if offer.region}
    yield f"{plural(len(offers), 'offer')}, {plural(len(gpus), 'GPU')}, {plural(len(regions), 'region')}"
    if offers:
        yield ", ".join(f"{rows:,} {kind}" for kind, rows in _kinds(offers).items())
    for what, names in (("GPUs", gpus), ("regions", regions)):
        if names:
            yield f"{what}: {', '.join(sorted(names))}"
    for what, reasons in (("dropped", source.dropped), ("left out in", source.mended)):
        for reason, rows in reasons:
            yield f"{what} {rows:,}: {reason}"
    if source.held:
        yield f"held back {len(source.held):,}: not believed"
    yield f"from {source.origin}"


def _kinds(offers: Iterable[Offer]) -> dict[str, int]:
    """Kind of price → offers that have it. Community is what strangers ask for their machines."""
    found: Counter[str] = Counter()
    for offer in offers:
        found["community" if offer.hosts == "community" else "on demand"] += offer.price is not None
        found["spot"] += offer.spot_price is not None
        found["bid"] += offer.bid is not None
    return {kind: rows for kind, rows in found.items() if rows}


def _print_held(sources: Iterable[PriceSource], clouds: set[str]) -> None:
    """The rows, those of a cloud that have one reason together."""
    rows = [held for source in sources for held in source.held if not clouds or held.cloud in clouds]
    groups: dict[tuple[str, str], list[HeldBack]] = {}
    for held in rows:
        groups.setdefault((held.cloud, held.reason), []).append(held)
    for (cloud, reason), group in groups.items():
        say(*wrapped(f"{cloud}: {reason}"))
        for held in group:
            say(*wrapped(f"  {held.instance}: {held.gpu_count} × {held.gpu} at {price_held(held)}"))
    paid = "A launch pays what the cloud asks then, whatever a list says."
    say(*wrapped(f"{plural(len(rows), 'row')} held back. {paid}"))


def _age(source: PriceSource) -> int | None:
    """Days since the latest day its prices can be of."""
    return max(0, (date.today() - date.fromisoformat(source.latest)).days) if source.latest else None


def _in_days(days: int | None) -> str:
    return "" if days is None else ", of today" if days == 0 else f", {plural(days, 'day')} old"


def _record(catalog: Catalog, source: PriceSource) -> dict[str, Any]:
    found = catalog.offers(source.name)
    return {
        "name": source.name,
        "as_of": source.as_of,
        "copied": source.copied,
        "origin": source.origin,
        "rentable": source.rentable,
        "offers": len(found),
        "gpus": sorted({offer.gpu for offer in found}),
        "regions": len({offer.region for offer in found}),
        "kinds": _kinds(found),
        "dropped": dict(source.dropped),
        "mended": dict(source.mended),
        "held": [held._asdict() for held in source.held],
    }
