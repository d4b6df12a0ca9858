"""The cheapest offer of a GPU under a job's limits: what rules compare with."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gpuspec.catalog import Gpu, Offer, resolve_gpu
from gpuspec.job.job import Job
from gpuspec.planning.limits import (
    allowed_clouds,
    cache_kind,
    cache_reason,
    known_gpus,
    place_reason,
    takes_itself_down,
)
from gpuspec.sizing import Fit, Need, Unsized


class Price(NamedTuple):
    """What one offer costs, $/h for the whole machine."""

    per_hour: float
    spot: bool
    offer: Offer


class Fitting(NamedTuple):
    """A GPU × count that fits, with its cheapest offer."""

    gpu: Gpu
    gpu_count: int
    fit: Fit
    price: Price


def prices_of(offer: Offer, spot: str | None) -> list[Price]:
    """What the offer may be paid at: on demand, spot, or both, as `spot` (never, allowed, only) says."""
    found = []
    if offer.price is not None and spot != "only":
        found.append(Price(offer.price, False, offer))
    if offer.spot_price is not None and spot in ("allowed", "only"):
        found.append(Price(offer.spot_price, True, offer))
    return found


def order(price: Price) -> tuple[float, bool, str, str, str]:
    """Cheapest first; at one price on demand before spot, then by name: the same answer every time."""
    return (price.per_hour, price.spot, price.offer.cloud, price.offer.region or "", price.offer.instance)


class PriceList:
    """The cheapest way to rent each GPU × count from some offers within a job's clouds, regions and `spot`, and only
    where a keep-alive can be guaranteed and its `cache` be had. A thousand specs ask the same: it
    is worked out once for all of them."""

    def __init__(self, offers: Sequence[Offer], job: Job) -> None:
        clouds = allowed_clouds(
            job, frozenset(offer.cloud for offer in offers) if job.provider else frozenset()
        )
        self.offers = offers
        self.machines: dict[tuple[str, int], list[Offer]] = {}
        """(GPU, count) → every offer of it that the job may take."""
        self._best: dict[tuple[str, int], Price] = {}
        self._cheapest: dict[tuple[str, int], Price | None] = {}
        self._sorted: dict[tuple[int, ...], tuple[tuple[Price, Gpu, int], ...]] = {}
        cache = cache_kind(job)
        for offer in offers:
            if not takes_itself_down(offer.cloud) or place_reason(offer, clouds, job.regions)[0]:
                continue
            if cache_reason(offer, cache)[0]:
                continue
            key = (offer.gpu, offer.gpu_count)
            self.machines.setdefault(key, []).append(offer)
            for price in prices_of(offer, job.spot):
                if key not in self._best or order(price) < order(self._best[key]):
                    self._best[key] = price

    def cheapest(self, gpu: str, gpu_count: int) -> Price | None:
        """The cheapest of a GPU, or of those its name stands for."""
        key = (gpu, gpu_count)
        if key not in self._cheapest:
            found = [
                self._best[one, gpu_count]
                for one in resolve_gpu(gpu).accepts or (gpu,)
                if (one, gpu_count) in self._best
            ]
            self._cheapest[key] = min(found, key=order, default=None)
        return self._cheapest[key]

    def by_price(self, counts: tuple[int, ...]) -> tuple[tuple[Price, Gpu, int], ...]:
        """Every known GPU in these numbers, cheapest first."""
        if counts not in self._sorted:
            known = known_gpus()
            found = [
                (price, known[name], number)
                for name, number in self.machines
                if name in known and number in counts and (price := self.cheapest(name, number))
            ]
            found.sort(key=lambda row: (row[0].per_hour, row[2], -row[1].vram_gb, row[1].name))
            self._sorted[counts] = tuple(found)
        return self._sorted[counts]


_LISTS: dict[tuple[object, ...], PriceList] = {}
MOST_LISTS = 16
"""Kept at a time: specs of one repository differ little in where they may run."""


def price_list(offers: Sequence[Offer], job: Job) -> PriceList:
    """The list for some offers and a job's limits."""
    key = (id(offers), job.clouds, job.provider, job.regions, job.spot, cache_kind(job))
    held = _LISTS.get(key)
    if held is None or held.offers is not offers:
        if len(_LISTS) >= MOST_LISTS:
            _LISTS.clear()
        held = _LISTS[key] = PriceList(offers, job)
    return held


def cheapest(gpu: str, gpu_count: int, offers: Sequence[Offer], job: Job | None = None) -> Price | None:
    """The cheapest way to rent `gpu_count` × `gpu` (canonical name, or one that stands for several variants) on
    one machine; None if nobody offers it.

    With a job, within its clouds, regions and `spot`, and only where a keep-alive can be guaranteed; its
    `max_price`, `gpu_types` and memory are not looked at: rules ask what an alternative would cost."""
    return price_list(offers, job or Job()).cheapest(gpu, gpu_count)


def fitting(
    need_for: Callable[[int], Need | Unsized],
    fit_for: Callable[[Need, Gpu], Fit],
    offers: Sequence[Offer],
    job: Job | None = None,
    counts: Sequence[int] = (1,),
) -> Iterator[Fitting]:
    """Every GPU × count that surely fits and can be rented, cheapest first, worked out as they are asked for;
    nothing if the Need is unknown."""
    needs: dict[int, Need | Unsized] = {}
    least: dict[int, float] = {}
    for price, gpu, gpu_count in price_list(offers, job or Job()).by_price(tuple(counts)):
        if gpu_count not in needs:
            needs[gpu_count] = asked = need_for(gpu_count)
            least[gpu_count] = float("inf") if isinstance(asked, Unsized) else asked.high
        need = needs[gpu_count]
        if isinstance(need, Unsized) or gpu.vram_gib < least[gpu_count]:
            continue
        fit = fit_for(need, gpu)
        if fit.verdict == "fits":
            yield Fitting(gpu, gpu_count, fit, price)
