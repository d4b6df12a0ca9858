"""Price snapshots: the one that ships, and the user's own, in one plain format.

A snapshot is tab-separated text, one offer a line with all its regions; lines that start with "#" describe
the sources and count what was not believed. It is data: reading it executes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from gpuspec.catalog.offer import Offer, PriceSource
from gpuspec.catalog.price_file import is_price_file
from gpuspec.catalog.price_file import read as read_price_file
from gpuspec.errors import UserError
from gpuspec.plugin.load import plugins

HEADER = "# gpuspec prices 1"
COLUMNS = (
    "# cloud\tinstance\tgpu\tgpus\tvcpus\tram_gib\tdisk_gb\tprice\tspot_price\tregions\tsource\taccelerator"
)
LARGEST = 64 * 1024 * 1024
"""Bytes of a user's snapshot that are read at most: every cloud SkyPilot knows is under 10 MB."""

_Loaded = tuple[tuple[PriceSource, ...], tuple[Offer, ...]]
_cache: dict[tuple[str, int, int], _Loaded] = {}


def data_folder() -> str:
    """Where the user's own data lives: $GPUSPEC_DATA_DIR, else the platform's place for it."""
    chosen = os.environ.get("GPUSPEC_DATA_DIR")
    if chosen:
        return os.path.expanduser(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "gpuspec")


def user_snapshot() -> str:
    """Path of the user's own snapshot, whether or not it exists."""
    return os.path.join(data_folder(), "prices.tsv")


def offers_in_force(source: str | None) -> tuple[Offer, ...]:
    """See `gpuspec.catalog.offers`."""
    if source is not None and is_price_file(source):
        return read_price_file(source)
    sources, offers = _in_force()
    if source is None:
        rentable = {each.name for each in sources if each.rentable}
        if len(rentable) == len(sources):
            return offers
        return tuple(offer for offer in offers if offer.source in rentable)
    if source not in {each.name for each in sources}:
        names = ", ".join(each.name for each in sources)
        raise UserError(
            "unknown-price-source", f"there is no price source {source!r}", f"There are: {names}."
        )
    return tuple(offer for offer in offers if offer.source == source)


def sources_in_force() -> tuple[PriceSource, ...]:
    """See `gpuspec.catalog.price_sources`."""
    return _in_force()[0]


def _in_force() -> _Loaded:
    """Shipped sources, with the user's own in the place of those for the same cloud."""
    shipped_folder = os.path.join(os.path.dirname(__file__), "data")
    sources: dict[str, PriceSource] = {}
    offers: list[Offer] = []
    own: _Loaded = ((), ())
    try:
        own = load(user_snapshot())
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise UserError(
            "price-snapshot-broken",
            f"your price snapshot {user_snapshot()} cannot be read: {error}",
            "Run `gpuspec prices update` again, or delete the file to use the prices that ship with gpuspec.",
        ) from None
    own = _with_plugins(own)
    refreshed = {offer.cloud for offer in own[1]}
    for name in ("prices.tsv", "seed_2025.tsv"):
        known, found = load(os.path.join(shipped_folder, name))
        kept = [offer for offer in found if offer.cloud not in refreshed]
        alive = {offer.source for offer in kept}
        sources.update({each.name: each for each in known if each.name in alive})
        offers.extend(kept)
    sources.update({each.name: each for each in own[0]})
    offers.extend(own[1])
    return tuple(sources[name] for name in sorted(sources)), tuple(offers)


def _with_plugins(own: _Loaded) -> _Loaded:
    """A user's own sources and those of plugins; a plugin's prices of a cloud go before a refreshed snapshot's."""
    if not plugins().loaded:
        return own
    from gpuspec.catalog import added

    more = added.prices({source.name for source in own[0]})
    offers = [offer for _, found in more for offer in found]
    clouds = {offer.cloud for offer in offers}
    kept = [offer for offer in own[1] if offer.cloud not in clouds]
    alive = {offer.source for offer in kept}
    sources = [source for source in own[0] if source.name in alive]
    return (*sources, *(source for source, _ in more)), (*kept, *offers)


def load(path: str) -> _Loaded:
    """Sources and offers of a snapshot file, kept in memory while the file does not change."""
    state = os.stat(path)
    key = (path, state.st_mtime_ns, state.st_size)
    if key not in _cache:
        if state.st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST} bytes")
        with open(path, encoding="utf-8") as file:
            _cache[key] = parse(file.read())
    return _cache[key]


def parse(text: str) -> _Loaded:
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
        known = sources[name]
        entry = ((reason, int(rows)),)
        sources[name] = (
            known._replace(dropped=known.dropped + entry)
            if kind == "dropped"
            else known._replace(mended=known.mended + entry)
        )


def _extend(line: str, offers: list[Offer]) -> None:
    cloud, instance, gpu, gpus, vcpus, ram, disk, price, spot, regions, source, *name = line.split("\t")
    accelerator = name[0] if name else ""
    number = int(gpus)
    host = (
        float(vcpus) if vcpus else None,
        float(ram) if ram else None,
        float(disk) if disk else None,
        float(price) if price else None,
        float(spot) if spot else None,
        source,
        accelerator or None,
    )
    for region in regions.split("|"):
        offers.append(Offer(cloud, region or None, instance, gpu, number, *host))


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
