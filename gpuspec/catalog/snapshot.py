"""Price snapshots: the one that ships, and the user's own, in one plain format.

A snapshot is tab-separated text, one offer a line with all its regions; lines that start with "#" describe
the sources and count what was not believed. It is data: reading it executes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gpuspec.catalog.offer import HeldBack, Offer, PriceSource, Snapshot
from gpuspec.errors import UserError
from gpuspec.untrusted_file import in_words, read_file

HEADER = "# gpuspec prices 2"
OLD_HEADER = "# gpuspec prices 1"
"""Of snapshots that gpuspec 0.1 wrote: without the columns bid and hosts, and with the name of a catalogue before the
day on which it was read. They are still read."""
COLUMNS = (
    "# cloud\tinstance\tgpu\tgpus\tvcpus\tram_gib\tdisk_gb\tprice\tspot_price\tbid\thosts\tregions\tsource"
    "\taccelerator"
)
LARGEST = 64 * 1024 * 1024
"""Bytes of a user's snapshot that are read at most: every cloud SkyPilot knows is under 10 MB."""


def load(path: str) -> Snapshot:
    """Sources and offers of a snapshot file. Raises OSError, and ValueError for one that is broken."""
    return parse(read_file(path, LARGEST).decode())


def parse(text: str) -> Snapshot:
    """Sources and offers of a snapshot. Raises ValueError with the line that is wrong."""
    lines = text.split("\n")
    if lines[0] not in (HEADER, OLD_HEADER):
        raise ValueError(f"line 1 is not {HEADER!r}")
    extend = _extend if lines[0] == HEADER else _extend_old
    sources: dict[str, PriceSource] = {}
    offers: list[Offer] = []
    for at, line in enumerate(lines, 1):
        try:
            if line.startswith("#"):
                _describe(line, sources)
            elif line:
                extend(line, offers)
        except (ValueError, KeyError):
            raise ValueError(f"line {at} is not a line of prices: {line[:80]!r}") from None
    unknown = {offer.source for offer in offers} - set(sources)
    if unknown:
        raise ValueError(f"prices of an undescribed source: {', '.join(sorted(unknown))}")
    return tuple(sources.values()), tuple(offers)


def _describe(line: str, sources: dict[str, PriceSource]) -> None:
    kind, *fields = line[2:].split("\t")
    if kind == "source":
        name, as_of, copied, origin, rentable = fields
        day = copied.rpartition(" ")[2]  # "SkyPilot catalog v8, copied 2026-11-20" in the old format
        known = day if day[4:5] == day[7:8] == "-" else None
        sources[name] = PriceSource(name, as_of or None, origin, rentable == "rentable", known)
    elif kind == "held":
        name, cloud, instance, gpu, gpus, price, reason = fields
        held = HeldBack(cloud, instance, gpu, int(gpus), float(price), reason)
        sources[name] = sources[name]._replace(held=(*sources[name].held, held))
    elif kind in ("dropped", "mended"):
        name, reason, rows = fields
        entries: Any = {kind: (*getattr(sources[name], kind), (reason, int(rows)))}
        sources[name] = sources[name]._replace(**entries)


def _extend(line: str, offers: list[Offer]) -> None:
    cells = line.split("\t")
    cloud, instance, gpu, gpus, vcpus, ram, disk, price, spot, bid, hosts, regions, source, name = cells
    numbers = [float(each) if each else None for each in (vcpus, ram, disk, price, spot)]
    least = float(bid) if bid else None
    same: Any = (
        instance,
        gpu,
        int(gpus),
        *numbers,
        source,
        name or None,
        "skypilot",
        False,
        least,
        hosts or "secure",
    )
    offers += (Offer(cloud, region or None, *same) for region in regions.split("|"))


def _extend_old(line: str, offers: list[Offer]) -> None:
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
            "\t".join(("# source", each.name, each.as_of or "", each.copied or "", each.origin, rentable))
        )
        lines += [f"# dropped\t{each.name}\t{reason}\t{rows}" for reason, rows in each.dropped]
        lines += [f"# mended\t{each.name}\t{reason}\t{rows}" for reason, rows in each.mended]
        lines += ["\t".join(("# held", each.name, *_cells(held))) for held in each.held]
    lines.append(COLUMNS)
    regions: dict[tuple[str, ...], list[str]] = {}
    for o in offers:
        numbers = (o.gpu_count, o.vcpus, o.ram_gib, o.disk_gb, o.price, o.spot_price, o.bid)
        hosts = "" if o.hosts == "secure" else o.hosts
        key = (*_cells((o.cloud, o.instance, o.gpu, *numbers)), hosts, o.source, o.accelerator or "")
        regions.setdefault(key, []).append(o.region or "")
    for key, names in regions.items():
        lines.append("\t".join((*key[:-2], "|".join(names), *key[-2:])))
    return "\n".join(lines) + "\n"


def _cells(values: Iterable[str | float | None]) -> tuple[str, ...]:
    return tuple("" if each is None else each if isinstance(each, str) else f"{each:.10g}" for each in values)


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


def sources_in_force(shipped: Sequence[str], newer: Snapshot) -> tuple[PriceSource, ...]:
    """The sources of the tables that ship, but for those of which `newer` prices of the same clouds leave nothing,
    and the sources of these; by name."""
    clouds = {offer.cloud for offer in newer[1]}
    found: dict[str, PriceSource] = {}
    for text in shipped:
        head, _, rest = text.partition(f"{COLUMNS}\n")
        known, _ = parse(head) if not clouds else without(parse(head + rest), clouds)
        found |= {source.name: source for source in known}
    found |= {source.name: source for source in newer[0]}
    return tuple(found[name] for name in sorted(found))


def offers_of_line(line: str) -> tuple[Offer, ...]:
    """The offers of one line of a snapshot in the present format, which is known to be sound."""
    found: list[Offer] = []
    _extend(line, found)
    return tuple(found)


def without(prices: Snapshot, clouds: set[str]) -> Snapshot:
    """The prices of other clouds than these, and the sources that still have offers."""
    if not clouds:
        return prices
    kept = tuple(offer for offer in prices[1] if offer.cloud not in clouds)
    alive = {offer.source for offer in kept}
    return tuple(source for source in prices[0] if source.name in alive), kept
