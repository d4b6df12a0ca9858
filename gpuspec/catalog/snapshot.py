"""Price snapshots: the one that ships, and the user's own, in one plain format.

A snapshot is tab-separated text, one offer a line with all its regions; lines that start with "#" describe
the sources and count what was not believed. It is data: reading it executes nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gpuspec.catalog.offer import HeldBack, Offer, PriceSource, Snapshot
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits
from gpuspec.untrusted_file import in_words, read_file

HEADER = "# gpuspec prices 2"
OLD_HEADER = "# gpuspec prices 1"
"""Of snapshots that gpuspec 0.1 wrote: without the columns bid and hosts, and with the name of a catalogue before the
day on which it was read. They are still read."""
COLUMNS = (
    "# cloud\tinstance\tgpu\tgpus\tvcpus\tram_gib\tdisk_gb\tprice\tspot_price\tbid\thosts\tregions\tsource"
    "\taccelerator"
)
LARGEST = 16 << 20
"""Bytes of a snapshot that are read at most: all clouds together take 1 MB."""
MOST_GPUS = 1_000
"""In one machine."""
MOST_OFFERS = 300_000
_SPACES = str.maketrans("\t\n\r", "   ")
"""What ends a cell or a line is a space within one."""


def load(path: str) -> Snapshot:
    """Sources and offers of a snapshot file. Raises OSError, and ValueError for one that is broken."""
    return parse(read_file(path, LARGEST).decode("utf-8-sig"))


def parse(text: str) -> Snapshot:
    """Sources and offers of a snapshot. Raises ValueError with the line that is wrong."""
    lines = text.replace("\r\n", "\n").split("\n")  # git may have changed the ends of lines
    if lines[0] not in (HEADER, OLD_HEADER):
        raise ValueError(f"line 1 is not {HEADER!r}")
    extend = _extend if lines[0] == HEADER else _extend_old
    sources: dict[str, _Described] = {}
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
        raise ValueError(f"prices of an undescribed source: {', '.join(sorted(unknown))[:80]}")
    return tuple(each.whole() for each in sources.values()), tuple(offers)


class _Described(NamedTuple):
    """A price source, and what has been read about its rows so far."""

    source: PriceSource
    dropped: list[tuple[str, int]]
    mended: list[tuple[str, int]]
    held: list[HeldBack]

    def whole(self) -> PriceSource:
        return self.source._replace(
            dropped=tuple(self.dropped), mended=tuple(self.mended), held=tuple(self.held)
        )


def _describe(line: str, sources: dict[str, _Described]) -> None:
    kind, *fields = line[2:].split("\t")
    if kind == "source":
        name, as_of, copied, origin, rentable = fields
        read = copied.rpartition(" ")[2]  # "SkyPilot catalog v8, copied 2026-11-20" in the old format
        known = _day(read) if read[4:5] == read[7:8] == "-" else None
        source = PriceSource(name, _day(as_of) if as_of else None, origin, rentable == "rentable", known)
        sources[name] = _Described(source, [], [], [])
    elif kind == "held":
        name, cloud, instance, gpu, gpus, price, reason = fields
        (dollars,) = _numbers([price])
        sources[name].held.append(HeldBack(cloud, instance, gpu, _count(gpus), dollars or 0.0, reason))
    elif kind in ("dropped", "mended"):
        name, reason, rows = fields
        known_rows = sources[name].dropped if kind == "dropped" else sources[name].mended
        known_rows.append((reason, _count(rows, most=10**9)))


def _day(text: str) -> str:
    """An ISO date as it stands. Raises ValueError for anything else. To import datetime for it would take `lint`
    longer than all the rest of a head."""
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not all(map(is_digits, parts)):
        raise ValueError
    year, month, day = map(int, parts)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 28 + leap if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    if not (year and 1 <= month <= 12 and 1 <= day <= longest):
        raise ValueError
    return text


def _extend(line: str, offers: list[Offer]) -> None:
    cells = line.split("\t")
    cloud, instance, gpu, gpus, *amounts, hosts, regions, source, name = cells
    vcpus, ram, disk, price, spot, bid = _numbers(amounts)
    places = regions.split("|")
    if not cloud or hosts not in ("", "secure", "community") or len(offers) + len(places) > MOST_OFFERS:
        raise ValueError
    same: Any = (instance, gpu, _count(gpus), vcpus, ram, disk, price, spot, source, name or None)
    more: Any = ("skypilot", False, bid, hosts or "secure")
    offers += (Offer(cloud, region or None, *same, *more) for region in places)


def _extend_old(line: str, offers: list[Offer]) -> None:
    *cells, price, spot, regions, source, name = (line if line.count("\t") > 10 else f"{line}\t").split("\t")
    _extend("\t".join((*cells, price, spot, "", "", regions, source, name)), offers)


def _numbers(cells: list[str]) -> list[float | None]:
    """Dollars, GB and vCPUs; None for an empty cell. Raises ValueError for what is none."""
    numbers = [float(each) if each else None for each in cells]
    known = [number for number in numbers if number is not None]
    written = "".join(cells)
    if "_" in written or not written.isascii():  # Python reads "1_0", and the digits of other scripts
        raise ValueError
    if known and not (min(known) >= 0 and sum(known) < 1e9):  # a sum with "nan" in it is one
        raise ValueError
    return numbers


def _count(cell: str, most: int = MOST_GPUS) -> int:
    if not is_digits(cell) or len(cell) > 10 or not 0 < int(cell) <= most:
        raise ValueError
    return int(cell)


def render(sources: Iterable[PriceSource], offers: Iterable[Offer]) -> str:
    """The text of a snapshot; `parse` reads it back."""
    lines = [HEADER]
    for each in sources:
        rentable = "rentable" if each.rentable else "not rentable"
        lines.append(_line("# source", each.name, each.as_of, each.copied, each.origin, rentable))
        lines += (_line("# dropped", each.name, *row) for row in each.dropped)
        lines += (_line("# mended", each.name, *row) for row in each.mended)
        lines += (_line("# held", each.name, *row) for row in each.held)
    lines.append(COLUMNS)
    regions: dict[tuple[str, str], list[str]] = {}
    for o in offers:
        numbers = (o.gpu_count, o.vcpus, o.ram_gib, o.disk_gb, o.price, o.spot_price, o.bid)
        before = _line(o.cloud, o.instance, o.gpu, *numbers, "" if o.hosts == "secure" else o.hosts)
        region = _line(o.region).replace("|", "/")
        regions.setdefault((before, _line(o.source, o.accelerator)), []).append(region)
    lines += ("\t".join((before, "|".join(names), after)) for (before, after), names in regions.items())
    return "\n".join(lines) + "\n"


def _line(*values: str | float | None) -> str:
    return "\t".join(
        "" if each is None else each.translate(_SPACES) if isinstance(each, str) else f"{each:.10g}"
        for each in values
    )


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
        known, offers = parse(head + rest) if clouds else parse(head)
        gone = {offer.source for offer in offers} - {
            each.source for each in offers if each.cloud not in clouds
        }
        found |= {source.name: source for source in known if source.name not in gone}
    found |= {source.name: source for source in newer[0]}
    return tuple(found[name] for name in sorted(found))


def offers_of_line(line: str) -> tuple[Offer, ...]:
    """The offers of one line of a snapshot in the present format, which is known to be sound."""
    found: list[Offer] = []
    _extend(line, found)
    return tuple(found)


def without(prices: Snapshot, clouds: set[str]) -> Snapshot:
    """The prices of other clouds than these, and the sources that still have any, if only such as are held back."""
    if not clouds:
        return prices
    kept = tuple(offer for offer in prices[1] if offer.cloud not in clouds)
    alive = {offer.source for offer in kept}
    sources = (source._replace(held=_of_others(source, clouds)) for source in prices[0])
    return tuple(source for source in sources if source.name in alive or source.held), kept


def _of_others(source: PriceSource, clouds: set[str]) -> tuple[HeldBack, ...]:
    return tuple(each for each in source.held if each.cloud not in clouds)
