"""`gpuspec prices`: which prices are in force, how old they are, and what was not believed of them."""

from __future__ import annotations

from typing import Any

import click

from gpuspec.catalog import Catalog, PriceSource
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.plugin.installed_catalog import installed_catalog


@click.group("prices", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Show the price sources in force: dates, coverage, and rows kept or dropped with the reason."""
    if context.invoked_subcommand is not None:
        return
    catalog = installed_catalog()
    if as_json:
        say_document(json_text([_record(catalog, source) for source in catalog.price_sources]))
        return
    for source in catalog.price_sources:
        _print_source(catalog, source)
    say("`gpuspec prices update` reads fresh prices from the installed SkyPilot.")


@command.command("update")
@click.option("--cloud", "clouds", multiple=True, metavar="CLOUD", help="Only this cloud. May be repeated.")
@click.option("--accept-moves", is_flag=True, help="Take prices that moved more than five-fold, too.")
@click.option("--offline", is_flag=True, help="Read the files SkyPilot already has in ~/.sky; fetch nothing.")
def update_command(clouds: tuple[str, ...], accept_moves: bool, offline: bool) -> None:
    """Refresh prices through the installed SkyPilot's catalogue.

    They replace the shipped ones of the same cloud, for you only. Nothing changes when the new prices are
    not believable.
    """
    from datetime import date

    from gpuspec.catalog.clouds import CLOUDS
    from gpuspec.catalog.refresh import fetch, update

    wanted = [name.lower() for name in clouds]
    unknown = [name for name in wanted if name not in CLOUDS]
    if unknown:
        there_are = f"There are: {', '.join(CLOUDS)}."
        raise UserError("unknown-cloud", f"there is no cloud {unknown[0]!r}", there_are)
    for failure in [] if offline else fetch(wanted or sorted(CLOUDS)):
        say(f"not fetched: {failure}", err=True)
    result = update(installed_catalog(), wanted, today=date.today().isoformat(), accept_moves=accept_moves)
    for move in result.moves:
        kind = "spot price" if move.spot else "price"
        taken = "taken" if accept_moves else "NOT taken; --accept-moves takes it"
        where = f"{move.cloud} {move.instance} {move.region or ''}".rstrip()
        say(f"{where}: {kind} moved ${move.before:.2f} → ${move.after:.2f}/h ({taken})")
    refreshed = installed_catalog()
    for source in result.sources:
        _print_source(refreshed, source)
    if wanted and result.missing:
        say(f"no catalogue for: {', '.join(result.missing)}")
    say(f"{result.offers} offers written to {result.path}")


def _print_source(catalog: Catalog, source: PriceSource) -> None:
    found = catalog.offers(source.name)
    regions = {offer.region for offer in found}
    gpus = {offer.gpu for offer in found}
    spot = sum(offer.spot_price is not None for offer in found)
    rent = "" if source.rentable else ", for comparison only: nothing can be rented from it"
    say(f"{source.name}: {source.dated}{rent}")
    say(f"  {len(found)} offers, {len(gpus)} GPUs, {len(regions)} regions, {spot} with a spot price")
    for what, reasons in (("dropped", source.dropped), ("left out in", source.mended)):
        for reason, rows in reasons:
            say(f"  {what} {rows}: {reason}")
    say(f"  from {source.origin}")


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
        "dropped": dict(source.dropped),
        "mended": dict(source.mended),
    }
