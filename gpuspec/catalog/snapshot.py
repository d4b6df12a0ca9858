"""Price snapshots: the one that ships, and the user's own, in one plain format.

A snapshot is tab-separated text, one offer a line with all its regions; lines that start with "#" describe
the sources and count what was not believed. It is data: reading it executes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gpuspec.catalog.offer import Offer, PriceSource, Snapshot
from gpuspec.catalog.shipped import PRICES
from gpuspec.errors import UserError
from gpuspec.untrusted_file import in_words, read_file

HEADER = "# gpuspec prices 1"
COLUMNS = (
    "# cloud\tinstance\tgpu\tgpus\tvcpus\tram_gib\tdisk_gb\tprice\tspot_price\tregions\tsource\taccelerator"
)
LARGEST = 64 * 1024 * 1024
"""Bytes of a user's snapshot that are read at most: every cloud SkyPilot knows is under 10 MB."""


def load(path: str) -> Snapshot:
    """Sources and offers of a snapshot file. Raises OSError, and ValueError for one that is broken."""
    return parse(read_file(path, LARGEST).decode())


def parse(text: str) -> Snapshot:
    """Sources and offers of a snapshot. Raises ValueError with the line that is wrong."""
    lines = text.split("\n")
    if lines[0] != HEADER:
        raise ValueError(f"line 1 is not {HEADER!r}")
    sources: dict[str, PriceSource] = {}
    offers: list[Offer] = []
    for at, line in enumerate(lines, 1):
        try:
            if line.startswith("#"):
                _describe(line, sources)
            elif line:
                _extend(line, offers)
        except (ValueError, KeyError):
            raise ValueError(f"line {at} is not a line of prices: {line[:80]!r}") from None
    unknown = {offer.source for offer in offers} - set(sources)
    if unknown:
        raise ValueError(f"prices of an undescribed source: {', '.join(sorted(unknown))}")
    return tuple(sources.values()), tuple(offers)


def _describe(line: str, sources: dict[str, PriceSource]) -> None:
    kind, *fields = line[2:].split("\t")
    if kind == "source":
        name, as_of, catalog, origin, rentable = fields
        sources[name] = PriceSource(name, as_of or None, origin, rentable == "rentable", catalog)
    elif kind in ("dropped", "mended"):
        name, reason, rows = fields
        entries: Any = {kind: (*getattr(sources[name], kind), (reason, int(rows)))}
        sources[name] = sources[name]._replace(**entries)


def _extend(line: str, offers: list[Offer]) -> None:
    cloud, instance, gpu, gpus, vcpus, ram, disk, price, spot, regions, source, *name = line.split("\t")
    numbers = [float(each) if each else None for each in (vcpus, ram, disk, price, spot)]
    same: Any = (instance, gpu, int(gpus), *numbers, source, (name[0] if name else "") or None)
    offers += (Offer(cloud, region or None, *same) for region in regions.split("|"))


def render(sources: Iterable[PriceSource], offers: Iterable[Offer]) -> str:
    """The text of a snapshot; `parse` reads it back."""
    lines = [HEADER]
    for each in sources:
        rentable = "rentable" if each.rentable else "not rentable"
        lines.append(
            "\t".join(("# source", each.name, each.as_of or "", each.catalog, each.origin, rentable))
        )
        lines += [f"# dropped\t{each.name}\t{reason}\t{rows}" for reason, rows in each.dropped]
        lines += [f"# mended\t{each.name}\t{reason}\t{rows}" for reason, rows in each.mended]
    lines.append(COLUMNS)
    regions: dict[tuple[str, ...], list[str]] = {}
    for o in offers:
        numbers = (o.gpu_count, o.vcpus, o.ram_gib, o.disk_gb, o.price, o.spot_price)
        key = (o.cloud, o.instance, o.gpu, *("" if n is None else f"{n:.10g}" for n in numbers), o.source,
               o.accelerator or "")  # fmt: skip
        regions.setdefault(key, []).append(o.region or "")
    for key, names in regions.items():
        lines.append("\t".join((*key[:-2], "|".join(names), *key[-2:])))
    return "\n".join(lines) + "\n"


def read_own(snapshot: str | None) -> Snapshot:
    """The user's own snapshot; nothing where there is none. Raises UserError `price-snapshot-broken`."""
    try:
        return load(snapshot) if snapshot else ((), ())
    except FileNotFoundError:
        return (), ()
    except (OSError, ValueError) as error:
        raise UserError(
            "price-snapshot-broken",
            f"your price snapshot {snapshot} cannot be read: {in_words(error)}",
            "Run `gpuspec prices update` again, or delete the file to use the prices that ship with gpuspec.",
        ) from None


def in_force(own: Snapshot, added: Snapshot = ((), ())) -> Snapshot:
    """What ships, with the user's `own` prices in the place of those for the same cloud, and what was `added` in the
    place of both. Sources are sorted by name."""
    own = without(own, {offer.cloud for offer in added[1]})
    newer = (own[0] + added[0], own[1] + added[1])
    clouds = {offer.cloud for offer in newer[1]}
    lists = (*(without(load(path), clouds) for path in PRICES), newer)
    sources = {source.name: source for known, _ in lists for source in known}
    offers = tuple(offer for _, found in lists for offer in found)
    return tuple(sources[name] for name in sorted(sources)), offers


def without(prices: Snapshot, clouds: set[str]) -> Snapshot:
    """The prices of other clouds than these, and the sources that still have offers."""
    if not clouds:
        return prices
    kept = tuple(offer for offer in prices[1] if offer.cloud not in clouds)
    alive = {offer.source for offer in kept}
    return tuple(source for source in prices[0] if source.name in alive), kept
