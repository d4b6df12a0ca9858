"""What can be rented, found by machine: a file that names one GPU does not wait for the prices of all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import inf

from gpuspec.catalog.offer import Offer

Machine = tuple[str, int]
"""(canonical name of the GPU, how many of them)."""


class Stock:
    """Offers that are at hand."""

    def __init__(self, offers: Sequence[Offer] = ()) -> None:
        self._given = offers

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """All, in a fixed order."""
        return tuple(self._given)

    @property
    def machines(self) -> Iterable[Machine]:
        """Every machine that is offered, once, in the order of the offers."""
        return self._by_machine

    def of(self, machine: Machine) -> Sequence[Offer]:
        """The offers of one machine, in their order."""
        return self._by_machine.get(machine, ())

    @cached_property
    def least(self) -> Mapping[Machine, float]:
        """Machine → $/h below which no offer of it is, of whatever kind; machines without a price are left out."""
        found: dict[Machine, float] = {}
        for offer in self.offers:
            machine = offer.gpu, offer.gpu_count
            prices = [price for price in (offer.price, offer.spot_price) if price is not None]
            if prices and min(prices) < found.get(machine, inf):
                found[machine] = min(prices)
        return found

    @cached_property
    def hosts(self) -> Mapping[str, set[str]]:
        """Cloud → whose machines it offers: "secure", "community" or both."""
        found: dict[str, set[str]] = {}
        for offer in self.offers:
            found.setdefault(offer.cloud, set()).add(offer.hosts)
        return found

    @cached_property
    def regions(self) -> Mapping[str, set[str]]:
        """Cloud → the regions in which it offers anything, as its prices spell them."""
        found: dict[str, set[str]] = {}
        for offer in self.offers:
            found.setdefault(offer.cloud, set()).update([offer.region] if offer.region else [])
        return found

    @cached_property
    def _by_machine(self) -> dict[Machine, list[Offer]]:
        found: dict[Machine, list[Offer]] = {}
        for offer in self.offers:
            found.setdefault((offer.gpu, offer.gpu_count), []).append(offer)
        return found


class TableStock(Stock):
    """The lines of price tables, each made into offers when it is first asked for, and the offers of `more` behind
    them.

    `texts` are snapshots in the present format that are known to be sound. Of their lines those are left out whose
    cloud is among `clouds`, or whose source is not among `sources`."""

    def __init__(
        self, texts: Sequence[str], more: Stock, *, without_clouds: set[str], sources: set[str]
    ) -> None:
        super().__init__()
        self._texts = texts
        self._more = more
        self._without = without_clouds
        self._sources = sources
        self._made: dict[str, tuple[Offer, ...]] = {}
        self._found: dict[Machine, tuple[Offer, ...]] = {}

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        of_lines = (offer for line in self._lines for offer in self._offers(line))
        return (*of_lines, *self._more.offers)

    @cached_property
    def machines(self) -> Iterable[Machine]:
        return dict.fromkeys((*self._grouped, *self._more.machines))

    def of(self, machine: Machine) -> Sequence[Offer]:
        if machine not in self._found:
            known = "_grouped" in self.__dict__
            lines = self._grouped.get(machine, ()) if known else self._lines_of(machine)
            of_lines = (offer for line in lines for offer in self._offers(line))
            self._found[machine] = (*of_lines, *self._more.of(machine))
        return self._found[machine]

    @cached_property
    def least(self) -> Mapping[Machine, float]:
        found = dict(self._more.least)
        for machine, lines in self._grouped.items():
            cells = (line.split("\t", 9) for line in lines)
            prices = [float(cell) for each in cells for cell in each[7:9] if cell]
            if prices:
                found[machine] = min(min(prices), found.get(machine, inf))
        return found

    @cached_property
    def _grouped(self) -> dict[Machine, list[str]]:
        """Machine → its lines."""
        found: dict[Machine, list[str]] = {}
        for line in self._lines:
            _, _, gpu, gpus, _ = line.split("\t", 4)
            found.setdefault((gpu, int(gpus)), []).append(line)
        return found

    @cached_property
    def hosts(self) -> Mapping[str, set[str]]:
        found = {cloud: set(hosts) for cloud, hosts in self._more.hosts.items()}
        for line in self._lines:
            cells = line.split("\t", 11)
            found.setdefault(cells[0], set()).add(cells[10] or "secure")
        return found

    @cached_property
    def _tables(self) -> list[tuple[str, bool]]:
        """(lines, whether all of them count) of each text of which any do."""
        found = []
        for text in self._texts:
            head, _, lines = text.partition("\n# cloud\t")
            named = {line.split("\t", 2)[1] for line in head.split("\n") if line.startswith("# source\t")}
            if named & self._sources:
                found.append((lines, named <= self._sources and not self._without))
        return found

    @cached_property
    def regions(self) -> Mapping[str, set[str]]:
        found = {cloud: set(regions) for cloud, regions in self._more.regions.items()}
        for line in self._lines:
            cells = line.split("\t", 12)
            found.setdefault(cells[0], set()).update(filter(None, cells[11].split("|")))
        return found

    @cached_property
    def _lines(self) -> list[str]:
        found: list[str] = []
        for text, whole in self._tables:
            lines = text.split("\n")[1:-1]  # without the rest of the line that names the columns
            found += lines if whole else filter(self._counts, lines)
        return found

    def _counts(self, line: str) -> bool:
        return line[: line.index("\t")] not in self._without and line.rsplit("\t", 2)[1] in self._sources

    def _lines_of(self, machine: Machine) -> Iterator[str]:
        """The lines of a machine; the others are not looked at."""
        cells = f"\t{machine[0]}\t{machine[1]}\t"
        for text, whole in self._tables:
            at = text.find(cells)
            while at >= 0:
                end = text.index("\n", at)
                line = text[text.rindex("\n", 0, at) + 1 : end]
                if (whole or self._counts(line)) and line.split("\t", 4)[2:4] == [
                    machine[0],
                    str(machine[1]),
                ]:
                    yield line
                at = text.find(cells, end)

    def _offers(self, line: str) -> tuple[Offer, ...]:
        if line not in self._made:
            from gpuspec.catalog.snapshot import offers_of_line

            self._made[line] = offers_of_line(line)
        return self._made[line]


class ChangedStock(Stock):
    """Another stock with each offer changed when it is first asked for; its machines and hosts stay."""

    def __init__(self, before: Stock, change: Callable[[Offer], Offer]) -> None:
        super().__init__()
        self._before = before
        self._change = change
        self._changed: dict[Machine, tuple[Offer, ...]] = {}

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        return tuple(map(self._change, self._before.offers))

    @property
    def machines(self) -> Iterable[Machine]:
        return self._before.machines

    def of(self, machine: Machine) -> Sequence[Offer]:
        if machine not in self._changed:
            self._changed[machine] = tuple(map(self._change, self._before.of(machine)))
        return self._changed[machine]

    @property
    def least(self) -> Mapping[Machine, float]:
        # Nobody knows what the change makes of a price without making it.
        return dict.fromkeys(self._before.least, 0.0)

    @property
    def hosts(self) -> Mapping[str, set[str]]:
        return self._before.hosts

    @property
    def regions(self) -> Mapping[str, set[str]]:
        return self._before.regions
