"""The cheapest offer of a GPU under a job's limits: what rules compare with."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.job.job import Job
from gpuspec.planning.limits import (
    allowed_clouds,
    cache_kind,
    cache_reason,
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

    def __init__(self, catalog: Catalog, offers: Sequence[Offer], job: Job) -> None:
        clouds = allowed_clouds(
            job, frozenset(offer.cloud for offer in offers) if job.provider else frozenset()
        )
        self._catalog = catalog
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
                for one in self._catalog.resolve_gpu(gpu).accepts or (gpu,)
                if (one, gpu_count) in self._best
            ]
            self._cheapest[key] = min(found, key=order, default=None)
        return self._cheapest[key]

    def by_price(self, counts: tuple[int, ...]) -> tuple[tuple[Price, Gpu, int], ...]:
        """Every known GPU in these numbers, cheapest first."""
        if counts not in self._sorted:
            known = self._catalog.gpus_by_name
            found = [
                (price, known[name], number)
                for name, number in self.machines
                if name in known and number in counts and (price := self.cheapest(name, number))
            ]
            found.sort(key=lambda row: (row[0].per_hour, row[2], -row[1].vram_gb, row[1].name))
            self._sorted[counts] = tuple(found)
        return self._sorted[counts]


class PriceBook:
    """Offers of one catalogue, priced for the jobs that ask: jobs whose limits are the same share a PriceList."""

    def __init__(self, catalog: Catalog, offers: Sequence[Offer]) -> None:
        self.catalog = catalog
        self.offers = offers
        self._lists: dict[tuple[object, ...], PriceList] = {}

    def price_list(self, job: Job) -> PriceList:
        """The list under a job's limits."""
        key = (job.clouds, job.provider, job.regions, job.spot, cache_kind(job))
        if key not in self._lists:
            self._lists[key] = PriceList(self.catalog, self.offers, job)
        return self._lists[key]

    def cheapest(self, gpu: str, gpu_count: int, job: Job | None = None) -> Price | None:
        """The cheapest way to rent `gpu_count` × `gpu` (canonical name, or one that stands for several variants) on
        one machine; None if nobody offers it.

        With a job, within its clouds, regions and `spot`, and only where a keep-alive can be guaranteed; its
        `max_price`, `gpu_types` and memory are not looked at: rules ask what an alternative would cost."""
        return self.price_list(job or Job()).cheapest(gpu, gpu_count)

    def fitting(
        self,
        need_for: Callable[[int], Need | Unsized],
        fit_for: Callable[[Need, Gpu], Fit],
        job: Job,
        counts: Sequence[int],
    ) -> Iterator[Fitting]:
        """Every GPU × count that surely fits and can be rented, cheapest first, worked out as they are asked for;
        nothing if the Need is unknown."""
        needs: dict[int, Need | Unsized] = {}
        least: dict[int, float] = {}
        for price, gpu, gpu_count in self.price_list(job).by_price(tuple(counts)):
            if gpu_count not in needs:
                needs[gpu_count] = asked = need_for(gpu_count)
                least[gpu_count] = float("inf") if isinstance(asked, Unsized) else asked.high
            need = needs[gpu_count]
            if isinstance(need, Unsized) or gpu.vram_gib < least[gpu_count]:
                continue
            fit = fit_for(need, gpu)
            if fit.verdict == "fits":
                yield Fitting(gpu, gpu_count, fit, price)


def price_book(catalog: Catalog, source: str | None = None, clouds: tuple[str, ...] = ()) -> PriceBook:
    """The offers of a price source (None: all current ones) on some clouds (empty: all). A thousand specs ask for the
    same: it is kept with the catalogue."""
    key = (PriceBook, source, clouds)
    held, offers = catalog.derived.get(key), catalog.offers(source, clouds)
    if not isinstance(held, PriceBook) or held.offers is not offers:
        held = catalog.derived[key] = PriceBook(catalog, offers)
    return held
