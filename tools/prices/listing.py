"""The rows of each list of prices, and what it becomes: a source and its offers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from gpuspec.catalog.offer import Offer, PriceSource
from gpuspec.catalog.sanitise import Sanitised


class Listing(NamedTuple):
    """One source, and what can be believed of its rows without looking at other lists."""

    source: PriceSource
    offers: tuple[Offer, ...]


def listing(
    name: str,
    found: Sanitised,
    *,
    origin: str,
    copied: str,
    as_of: str | None = None,
    rentable: bool = True,
) -> Listing:
    """The listing of what `sanitise` made of a list's rows. `as_of` is the day of the prices where the list says it,
    `copied` the day on which it was read; `rentable` is False where SkyPilot has no such cloud."""
    source = PriceSource(
        name=name,
        as_of=as_of,
        copied=copied,
        origin=origin,
        rentable=rentable,
        dropped=found.dropped,
        mended=found.mended,
        held=found.held,
    )
    return Listing(source, tuple(offer._replace(source=name) for offer in found.offers))


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a list as it was copied."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
