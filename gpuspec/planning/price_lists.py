"""What offers cost, cheapest first, for jobs on the same terms."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from gpuspec.catalog import Catalog, Gpu, Offer
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


def order(price: Price) -> tuple[float, bool, str, str, str]:
    """Cheapest first; at one price on demand before spot, then by name: the same answer every time."""
    return (price.per_hour, price.spot, price.offer.cloud, price.offer.region or "", price.offer.instance)


OffersByMachine = dict[tuple[str, int], list[Offer]]
"""(GPU, count) → every offer of it on some terms."""


class PriceList:
    """What each GPU × count may be rented at on some terms. A thousand specs ask the same: it is worked out once for
    all of them."""

    def __init__(self, catalog: Catalog, machines: OffersByMachine, spot: str | None) -> None:
        self.catalog = catalog
        self.machines = machines
        self._spot = spot
        self._prices: dict[tuple[str, int], tuple[Price, ...]] = {}
        self._sorted: dict[tuple[int, ...], tuple[tuple[Price, Gpu, int], ...]] = {}

    def prices(self, gpu: str, gpu_count: int) -> tuple[Price, ...]:
        """What a machine with so many of a GPU (canonical name, or one that stands for several variants) costs,
        cheapest first."""
        key = (gpu, gpu_count)
        if key not in self._prices:
            names = self.catalog.resolve_gpu(gpu).accepts or (gpu,)
            offers = (offer for name in names for offer in self.machines.get((name, gpu_count), ()))
            found = [price for offer in offers for price in prices_of(offer, self._spot)]
            found.sort(key=order)
            self._prices[key] = tuple(found)
        return self._prices[key]

    def by_price(self, counts: tuple[int, ...]) -> tuple[tuple[Price, Gpu, int], ...]:
        """Every known GPU in these numbers with its cheapest price, cheapest first."""
        if counts not in self._sorted:
            known = self.catalog.gpus_by_name
            found = [
                (prices[0], known[name], number)
                for name, number in self.machines
                if name in known and number in counts and (prices := self.prices(name, number))
            ]
            found.sort(key=lambda row: (row[0].per_hour, row[2], -row[1].vram_gb, row[1].name))
            self._sorted[counts] = tuple(found)
        return self._sorted[counts]


MOST_LISTS = 16
"""Kept at a time: specs of one repository differ little in where they may run."""


class PriceBook:
    """Offers of one catalogue, priced for the jobs that ask: jobs on the same terms share a PriceList."""

    def __init__(self, catalog: Catalog, offers: Sequence[Offer]) -> None:
        self.catalog = catalog
        self.offers = offers
        self._lists: dict[RentalTerms, PriceList] = {}
        self._machines: dict[RentalTerms, OffersByMachine] = {}
        """Shared by terms that differ in `spot` alone, which decides on prices."""

    @cached_property
    def machines(self) -> OffersByMachine:
        """Every offer, by what machine it is."""
        found: OffersByMachine = {}
        for offer in self.offers:
            found.setdefault((offer.gpu, offer.gpu_count), []).append(offer)
        return found

    @cached_property
    def community_clouds(self) -> frozenset[str]:
        """The clouds, lower case, that offer only machines of strangers."""
        secure = {offer.cloud for offer in self.offers if offer.hosts == "secure"}
        return frozenset(cloud.lower() for cloud in self.clouds - secure)

    @cached_property
    def clouds(self) -> frozenset[str]:
        """The clouds that offer anything."""
        return frozenset(offer.cloud for offer in self.offers)

    def price_list(self, terms: RentalTerms) -> PriceList:
        """What may be rented on some terms."""
        if terms not in self._lists:
            if len(self._lists) >= MOST_LISTS:
                self._lists.clear()
                self._machines.clear()
            shared = terms._replace(spot=None)
            if shared not in self._machines:
                self._machines[shared] = self._on(shared)
            self._lists[terms] = PriceList(self.catalog, self._machines[shared], terms.spot)
        return self._lists[terms]

    def _on(self, terms: RentalTerms) -> OffersByMachine:
        places = Places(terms)
        allowed = (
            (
                machine,
                [each for each in offers if not (places[each.cloud, each.region] or terms.host_reason(each))],
            )
            for machine, offers in self.machines.items()
        )
        return {machine: offers for machine, offers in allowed if offers}


def price_book(catalog: Catalog, source: str | None = None) -> PriceBook:
    """The offers of a price source (None: all current ones). A thousand specs ask for the same: it is kept with the
    catalogue."""
    key = (PriceBook, source)
    book, offers = catalog.derived.get(key), catalog.offers(source)
    if not isinstance(book, PriceBook) or book.offers is not offers:
        book = catalog.derived[key] = PriceBook(catalog, offers)
    return book
