"""What one GPU costs an hour, by kind of price: whatever the machine's size, on every cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gpuspec.catalog import Catalog, Gpu, HeldBack, Offer
from gpuspec.catalog.clouds import cloud
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case

KINDS = ("on demand", "spot", "community", "bid")
"""Of a cloud's or a data centre's machine, on demand and interruptible; of a stranger's machine; and the least that
may be bid in an auction, which is no price."""


class Rates(NamedTuple):
    """What one GPU costs in one kind of price, $/h: from the cheapest offer on."""

    least: float
    most: float
    offer: Offer
    """The cheapest."""

    def __str__(self) -> str:
        """ "$1.49–2.99", or "$1.49" where all cost the same."""
        low, high = f"{self.least:.2f}", f"{self.most:.2f}"
        return f"${low}" if low == high else f"${low}–{high}"


ByKind = dict[str, Rates]


def by_gpu(offers: Iterable[Offer]) -> dict[str, ByKind]:
    """GPU → its rates."""
    return _rates(offers, lambda offer: offer.gpu)


def by_cloud(offers: Iterable[Offer]) -> dict[str, ByKind]:
    """Cloud → its rates."""
    return _rates(offers, lambda offer: offer.cloud)


def _rates(offers: Iterable[Offer], key: Callable[[Offer], str]) -> dict[str, ByKind]:
    found: dict[str, ByKind] = {}
    for offer in offers:
        kinds = found.setdefault(key(offer), {})
        for kind, price in _prices(offer):
            rate, known = price / offer.gpu_count, kinds.get(kind)
            if known is None or rate < known.least:
                kinds[kind] = Rates(rate, known.most if known else rate, offer)
            elif rate > known.most:
                kinds[kind] = known._replace(most=rate)
    return found


def _prices(offer: Offer) -> Iterator[tuple[str, float]]:
    if offer.hosts == "community":
        cheapest = offer.spot_price if offer.price is None else offer.price
        kinds = [("community", cheapest), ("bid", offer.bid)]
    else:
        kinds = [("on demand", offer.price), ("spot", offer.spot_price), ("bid", offer.bid)]
    yield from ((kind, price) for kind, price in kinds if price is not None)


def price_held(held: HeldBack) -> str:
    """A price that is not believed; without the dollar where the cloud does not say that it asks in dollars."""
    known = cloud(held.cloud)
    return f"{'$' * (known is None or bool(known.currency))}{held.price:.2f}/h"


def why_no_price(case: Case, gpu: Gpu) -> str:
    """In words, why nothing here says what a GPU costs to rent, as far as that is known."""
    catalog = case.catalog
    elsewhere = by_cloud(offer for offer in catalog.offers(case.prices) if offer.gpu == gpu.name)
    if elsewhere:
        asked = " and ".join(
            [*["on the clouds"] * bool(case.clouds), *["in the regions"] * bool(case.regions)]
        )
        return f"none {asked} asked for; it is to be had on {', '.join(sorted(elsewhere))}"
    return _why_in_no_list(catalog, gpu)


def _why_in_no_list(catalog: Catalog, gpu: Gpu) -> str:
    listed = [
        (offer.price / offer.gpu_count, offer.cloud, offer.instance, source.dated)
        for source in catalog.price_sources
        if not source.rentable
        for offer in catalog.offers(source.name)
        if offer.gpu == gpu.name and offer.price is not None
    ]
    if listed:
        price, where, instance, day = min(listed)
        return f"none for rent through SkyPilot; {where} asks ${price:.2f}/h ({instance}, {day})"
    for source in catalog.price_sources:
        for held in source.held:
            if held.gpu == gpu.name:
                return f"not believed: {held.cloud} {held.instance} at {price_held(held)}: {held.reason}"
    reasons = {
        f"{each.cloud} {each.name}": why
        for each in catalog.instances.values()
        if each.gpu == gpu.name and each.number and (why := each.refusal(gpu.vram_gb))
    }
    if reasons:
        return "; ".join(f"{name}: {why}" for name, why in list(reasons.items())[:3])
    return "no price list here has it"
