"""Prices too low to be believed: a GPU for less than a third of what it costs on other clouds is held back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from statistics import median
from typing import Any, NamedTuple

from gpuspec.catalog.clouds import CLOUDS
from gpuspec.catalog.gpu import Gpu
from gpuspec.catalog.offer import HeldBack, Offer

SHARE = 3
"""A price per GPU under one part in so many of the median on other clouds is not believed …"""
CLOUDS_NEEDED = 3
"""… where at least so many other clouds rent the same GPU out …"""
AGREE = 2
"""… unless so many of them ask about as little: then the low price is the market's and no slip (a V100 for $0.14)."""
ABOUT = 2
"""About as little: at most so many times the price, on the machine where their GPU costs least."""

BROKERS = frozenset(cloud.name for cloud in CLOUDS.values() if cloud.seller_ends)
"""Not compared with: what a broker asks is another cloud's price, which would count twice."""


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
    witnesses = [offer for offer in (*judged, *evidence) if offer.cloud not in brokers]
    usual = {kind: _by_cloud(witnesses, kind, family) for kind in ("price", "spot_price")}
    kept: list[Offer] = []
    held: dict[str, dict[HeldBack, None]] = defaultdict(dict)
    for offer in judged:
        without: dict[str, Any] = {}
        for kind, known in usual.items():
            found = _disbelieved(offer, kind, known.get(family.get(offer.gpu, offer.gpu), {}))
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


def _disbelieved(offer: Offer, kind: str, usual: Mapping[str, _Usual]) -> HeldBack | None:
    price = getattr(offer, kind)
    others = [each for cloud, each in usual.items() if cloud != offer.cloud]
    if price is None or len(others) < CLOUDS_NEEDED:
        return None
    one, middle = price / offer.gpu_count, median(each.middle for each in others)
    if one * SHARE >= middle or sum(each.least <= one * ABOUT for each in others) >= AGREE:
        return None
    what = "on demand" if kind == "price" else "spot"
    reason = (
        f"${one:.2f} per GPU and hour {what} is under a third of ${middle:.2f}, "
        f"the median of {len(others)} other clouds"
    )
    return HeldBack(offer.cloud, offer.instance, offer.gpu, offer.gpu_count, price, reason)
