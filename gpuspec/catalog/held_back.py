"""Prices too low to be believed: a GPU for less than a third of what it costs on other clouds is held back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from statistics import median
from typing import Any

from gpuspec.catalog.clouds import CLOUDS
from gpuspec.catalog.gpu import Gpu
from gpuspec.catalog.offer import HeldBack, Offer
from gpuspec.named_tuple import NamedTuple

SHARE = 3
"""A price per GPU under one part in so many of the median on other clouds is not believed …"""
CLOUDS_NEEDED = 3
"""… where at least so many other clouds rent the same GPU out, beside brokers …"""
ABOUT = 2
"""… unless another list asks about as little, at most so many times the price where its GPU costs least: two lists do
not slip alike, so the price is the market's (an A100 of 40 GB for $0.76, which large clouds rent out for $3)."""

BROKERS = frozenset(cloud.name for cloud in CLOUDS.values() if cloud.seller_ends)
"""Their prices are other clouds', which would count twice in a median; that a price is no slip they can tell."""


def held_back(
    offers: Iterable[Offer],
    gpus: Mapping[str, Gpu],
    *,
    evidence: Iterable[Offer] = (),
    brokers: Set[str] = BROKERS,
) -> tuple[list[Offer], dict[str, tuple[HeldBack, ...]]]:
    """The offers that are believed, and what is not, by source.

    Prices on demand are compared with prices on demand, spot with spot; each cloud counts once, with the median of
    its machines' prices per GPU. Sellers who do not say which form of a GPU they have ("A100 80GB") are compared
    with all forms. A bid is no price and is not compared. Of an offer with two prices the one that is believed stays.
    `evidence` are prices of other clouds that are compared with and not judged."""
    judged = list(offers)
    family = {variant: gpu.name for gpu in gpus.values() for variant in gpu.variants}
    known = [*judged, *evidence]
    usual = {kind: _by_cloud(known, kind, family) for kind in ("price", "spot_price")}
    kept: list[Offer] = []
    held: dict[str, dict[HeldBack, None]] = defaultdict(dict)
    for offer in judged:
        without: dict[str, Any] = {}
        for kind, by_gpu in usual.items():
            found = _disbelieved(offer, kind, by_gpu.get(family.get(offer.gpu, offer.gpu), {}), brokers)
            if found:
                without[kind] = None
                held[offer.source][found] = None  # once, not once a region
        believed = offer._replace(**without) if without else offer
        if (believed.price, believed.spot_price, believed.bid) != (None, None, None):
            kept.append(believed)
    return kept, {source: tuple(rows) for source, rows in held.items()}


class _Usual(NamedTuple):
    """What one GPU costs an hour on one cloud."""

    least: float
    middle: float


def _by_cloud(
    offers: Iterable[Offer], kind: str, family: Mapping[str, str]
) -> Mapping[str, dict[str, _Usual]]:
    """GPU → cloud → what one costs there."""
    machines: dict[tuple[str, str], dict[tuple[str, float], float]] = defaultdict(dict)
    for offer in offers:
        price = getattr(offer, kind)
        if price is not None:  # a machine that is in thirty regions at one price counts once
            of_gpu = family.get(offer.gpu, offer.gpu)
            machines[of_gpu, offer.cloud][offer.instance, price] = price / offer.gpu_count
    usual: dict[str, dict[str, _Usual]] = defaultdict(dict)
    for (gpu, cloud), prices in machines.items():
        usual[gpu][cloud] = _Usual(min(prices.values()), median(prices.values()))
    return usual


def _disbelieved(offer: Offer, kind: str, usual: Mapping[str, _Usual], brokers: Set[str]) -> HeldBack | None:
    price = getattr(offer, kind)
    others = {cloud: each for cloud, each in usual.items() if cloud != offer.cloud}
    compared = [each.middle for cloud, each in others.items() if cloud not in brokers]
    if price is None or len(compared) < CLOUDS_NEEDED:
        return None
    one, middle = price / offer.gpu_count, median(compared)
    if one * SHARE >= middle or any(each.least <= one * ABOUT for each in others.values()):
        return None
    what = "on demand" if kind == "price" else "spot"
    reason = (
        f"${one:.2f} per GPU and hour {what} is under a third of ${middle:.2f}, "
        f"the median of {len(compared)} other clouds"
    )
    return HeldBack(offer.cloud, offer.instance, offer.gpu, offer.gpu_count, price, reason)
