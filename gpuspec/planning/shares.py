"""What a machine costs as a share of another, on each price list that has both: what can be said of money where it is
not known who rents out the machine."""

from collections.abc import Iterator, Mapping
from statistics import median

from gpuspec.catalog import Catalog, Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.price_lists import PriceBook


class Shares(NamedTuple):
    """(cloud, dollars an hour there, of the other machine there), one a cloud that offers both on demand."""

    prices: tuple[tuple[str, float, float], ...]

    @property
    def each(self) -> tuple[float, ...]:
        """The shares, least first."""
        return tuple(sorted(one / other for _, one, other in self.prices))

    @property
    def usual(self) -> float:
        """The share on the list in the middle."""
        return median(self.each)

    @property
    def in_words(self) -> str:
        """`12–27 % of the price on the 3 price lists that have both`, `31 % of the price on runpod`."""
        low, high = (f"{100 * share:.0f}" for share in (self.each[0], self.each[-1]))
        span = low if low == high else f"{low}–{high}"
        if len(self.prices) == 1:
            return f"{span} % of the price on {self.prices[0][0]}"
        return f"{span} % of the price on the {len(self.prices)} price lists that have both"


def shares(book: PriceBook, one: Alternative, other: Alternative) -> Shares:
    """What `one` costs as a share of `other`, on every cloud of the price lists in force."""
    mine, its = (_on_demand(book, each) for each in (one, other))
    return Shares(tuple((cloud, mine[cloud], its[cloud]) for cloud in sorted(mine) if its.get(cloud)))


def _on_demand(book: PriceBook, one: Alternative) -> Mapping[str, float]:
    """Cloud → the least it asks on demand; machines of strangers do not count."""
    found: dict[str, float] = {}
    for name in _kin(book.catalog, one.gpu):
        for offer in book.stock.of((name, one.gpu_count)):
            if offer.price and offer.hosts == "secure":
                found[offer.cloud] = min(offer.price, found.get(offer.cloud, offer.price))
    return found


def _kin(catalog: Catalog, gpu: Gpu) -> Iterator[str]:
    """The names under which price lists may have it: its own, its variants', and what stands for any of these."""
    yield gpu.name
    yield from gpu.variants
    for each in catalog.gpus_by_name.values():
        if gpu.name in each.variants:
            yield each.name
