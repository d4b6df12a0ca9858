"""What offers cost, cheapest first, for jobs on the same terms."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import inf

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.stock import Machine, Stock
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.limits import Places, RentalTerms


class Price(NamedTuple):
    """What one offer costs, $/h for the whole machine."""

    per_hour: float
    spot: bool
    offer: Offer

    @property
    def list_price(self) -> float:
        """What everybody pays, $/h, where the settings agreed on another."""
        listed = None if self.spot else self.offer.list_price
        return self.per_hour if listed is None else listed


def prices_of(offer: Offer, spot: str | None) -> list[Price]:
    """What the offer may be paid at: on demand, spot, or both, as `spot` (never, allowed, only) says."""
    found = []
    if offer.price is not None and spot != "only":
        found.append(Price(offer.price, False, offer))
    if offer.spot_price is not None and spot in ("allowed", "only"):
        found.append(Price(offer.spot_price, True, offer))
    return found


def bids_of(offer: Offer) -> list[Price]:
    """What may at least be bid for an offer: shown, and never paid."""
    return [] if offer.bid is None else [Price(offer.bid, True, offer)]


def why_not_payable(instead: Price) -> str:
    """Why an offer cannot be paid for as the job's `spot` wants it, which asks this price or bid instead."""
    offer = instead.offer
    if not instead.spot:
        return "no spot price, and spot is only"
    if offer.spot_price is not None:
        return "only offered as spot"
    return f"a minimum bid of ${instead.per_hour:.2f}/h is no price: what is paid is decided by auction"


def order(price: Price) -> tuple[float, bool, str, str, str]:
    """Cheapest first; at one price on demand before spot, then by name: the same answer every time."""
    return (price.per_hour, price.spot, price.offer.cloud, price.offer.region or "", price.offer.instance)


Bound = tuple[float, int, float, str]
"""($/h below which so many of a GPU are not to be had, how many, minus the GPU's memory, its name)."""


class PriceList:
    """What each GPU × count may be rented at on some terms. A thousand specs ask the same: it is worked out once for
    all of them."""

    def __init__(self, catalog: Catalog, allowed: "AllowedOffers", spot: str | None) -> None:
        self.catalog = catalog
        self._allowed = allowed
        self._spot = spot
        self._prices: dict[Machine, tuple[Price, ...]] = {}
        self._bounds: dict[tuple[int, ...], tuple[Bound, ...]] = {}

    def offers(self, gpu: str, gpu_count: int) -> Iterator[Offer]:
        """The offers of so many of a GPU (canonical name, or one that stands for several variants)."""
        for name in self._names(gpu):
            yield from self._allowed.of((name, gpu_count))

    def _names(self, gpu: str) -> Sequence[str]:
        return self.catalog.resolve_gpu(gpu).accepts or (gpu,)

    def prices(self, gpu: str, gpu_count: int) -> tuple[Price, ...]:
        """What a machine with so many of a GPU (canonical name, or one that stands for several variants) costs,
        cheapest first."""
        key = (gpu, gpu_count)
        if key not in self._prices:
            offers = self.offers(gpu, gpu_count)
            found = [price for offer in offers for price in prices_of(offer, self._spot)]
            found.sort(key=order)
            self._prices[key] = tuple(found)
        return self._prices[key]

    def bounds(self, counts: tuple[int, ...]) -> tuple[Bound, ...]:
        """Every known GPU in these numbers with the least that it can cost on any terms, in that order."""
        if counts not in self._bounds:
            known, stock = self.catalog.gpus_by_name, self._allowed.stock
            found = []
            for name, number in stock.machines:
                if name in known and number in counts:
                    names = self._names(name) if known[name].variants else (name,)
                    least = min(stock.least.get((each, number), inf) for each in names)
                    found.append((least, number, -known[name].vram_gb, name))
            self._bounds[counts] = tuple(sorted(found))
        return self._bounds[counts]


MOST_LISTS = 16
"""Kept at a time: specs of one repository differ little in where they may run."""


class AllowedOffers:
    """The offers of a stock that some terms allow, looked at machine by machine."""

    def __init__(self, stock: Stock, terms: RentalTerms) -> None:
        self.stock = stock
        self._terms = terms
        self._places = Places(terms)
        self._found: dict[Machine, list[Offer]] = {}

    def of(self, machine: Machine) -> Sequence[Offer]:
        """Those of one machine."""
        if machine not in self._found:
            self._found[machine] = [each for each in self.stock.of(machine) if self._allows(each)]
        return self._found[machine]

    def _allows(self, offer: Offer) -> bool:
        return not (self._places[offer.cloud, offer.region] or self._terms.host_reason(offer))


class PriceBook:
    """Offers of one catalogue, priced for the jobs that ask: jobs on the same terms share a PriceList."""

    def __init__(self, catalog: Catalog, stock: Stock) -> None:
        self.catalog = catalog
        self.stock = stock
        self._lists: dict[RentalTerms, PriceList] = {}
        self._allowed: dict[RentalTerms, AllowedOffers] = {}
        """Shared by terms that differ in `spot` alone, which decides on prices."""

    @cached_property
    def clouds(self) -> frozenset[str]:
        """The clouds that offer anything."""
        return frozenset(self.stock.hosts)

    @cached_property
    def community_clouds(self) -> frozenset[str]:
        """The clouds, lower case, that offer only machines of strangers."""
        return frozenset(cloud.lower() for cloud, hosts in self.stock.hosts.items() if "secure" not in hosts)

    def price_list(self, terms: RentalTerms) -> PriceList:
        """What may be rented on some terms."""
        if terms not in self._lists:
            if len(self._lists) >= MOST_LISTS:
                self._lists.clear()
                self._allowed.clear()
            shared = terms._replace(spot=None)
            if shared not in self._allowed:
                self._allowed[shared] = AllowedOffers(self.stock, shared)
            self._lists[terms] = PriceList(self.catalog, self._allowed[shared], terms.spot)
        return self._lists[terms]


def price_book(catalog: Catalog, source: str | None = None) -> PriceBook:
    """The offers of a price source (None: all current ones). A thousand specs ask for the same: it is kept with the
    catalogue."""
    key = (PriceBook, source)
    book, stock = catalog.derived.get(key), catalog.stock(source)
    if not isinstance(book, PriceBook) or book.stock is not stock:
        book = catalog.derived[key] = PriceBook(catalog, stock)
    return book
