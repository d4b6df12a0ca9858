"""Writes the table of prices that ships: gpuspec/catalog/data/prices.tsv.

    python -m tools.prices FOLDER

FOLDER has the price lists as they were copied: `marketplaces.csv`, `hyperscalers.csv` and a folder with a `vms.csv`
for each cloud that these two lack. Each module of `READERS` turns its lists into listings; what is too cheap to be
believed beside the other lists is then held back, and all of it is written in one fixed order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gpuspec.catalog import Catalog
from gpuspec.catalog.held_back import BROKERS, held_back
from gpuspec.catalog.offer import Offer
from gpuspec.catalog.snapshot import parse, render
from tools.prices import hyperscalers, marketplaces, older_lists
from tools.prices.listing import Listing

TABLE = Path(__file__).parents[2] / "gpuspec" / "catalog" / "data" / "prices.tsv"
READERS: tuple[Callable[[Path, Catalog], list[Listing]], ...] = (
    hyperscalers.listings,
    marketplaces.listings,
    older_lists.listings,
)


def build(folder: Path, catalog: Catalog) -> str:
    """The text of the table."""
    listings = [one for read in READERS for one in read(folder, catalog)]
    offers = [offer for one in listings for offer in one.offers]
    believed, held = held_back(offers, catalog.gpus_by_name, brokers=BROKERS | marketplaces.BROKERS)
    alive = {offer.source for offer in believed}
    sources = [
        one.source._replace(held=(*one.source.held, *held.get(one.source.name, ())))
        for one in listings
        if one.source.name in alive or one.source.held or one.source.name in held
    ]
    return render(sorted(sources), sorted(believed, key=_order))


def _order(offer: Offer) -> tuple[object, ...]:
    return offer.cloud, offer.gpu, offer.gpu_count, offer.instance, offer.region or "", offer.price or 0.0


def main(arguments: Sequence[str]) -> None:
    """Build the table and say what is in it."""
    text = build(Path(arguments[0]), Catalog())
    sources, offers = parse(text)
    TABLE.write_text(text, encoding="utf-8")
    print(f"{len(offers):,} offers of {len(sources)} sources in {TABLE}")
    for source in sources:
        own = [offer for offer in offers if offer.source == source.name]
        dropped = sum(rows for _, rows in source.dropped)
        print(f"  {source.name}: {len(own)} offers, {dropped} rows dropped, {len(source.held)} held back")


if __name__ == "__main__":
    main(sys.argv[1:])
