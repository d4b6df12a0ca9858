"""Prices of machines, cheapest first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.catalog.stock import ChangedStock, Stock
from gpuspec.job import Job
from gpuspec.planning.limits import RentalTerms
from gpuspec.planning.market import Market
from gpuspec.planning.price_lists import PriceBook
from gpuspec.sizing import Need, Unsized
from gpuspec.workload import Workload

from .test_plan import needs, offer

CATALOG = Catalog()
price = st.sampled_from((None, 0.2, 0.5, 1.0, 2.5))
offers = st.builds(
    lambda gpu, gpus, kinds, hosts: offer(gpu, kinds[0], gpus=gpus, spot_price=kinds[1], hosts=hosts),
    st.sampled_from(("A100 80GB", "A100 80GB PCIe", "A100 80GB SXM4", "H100 SXM", "L4")),
    st.sampled_from((1, 2, 4)),
    st.tuples(price, price),
    st.sampled_from(("secure", "community")),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(offers, max_size=10),
    st.sampled_from((None, "allowed", "only")),
    st.sampled_from(("secure", "any")),
    st.sampled_from(((1,), (1, 2, 4), (8,))),
    st.booleans(),
)
def test_every_machine_comes_in_order_of_its_cheapest_price(
    found: list[Offer], spot: str | None, hosts: str, counts: tuple[int, ...], half: bool
) -> None:
    stock = Stock(found)
    if half:
        stock = ChangedStock(
            stock, lambda each: each._replace(price=None if each.price is None else each.price / 2)
        )
    terms = RentalTerms(spot=spot, hosts=hosts)
    prices = PriceBook(CATALOG, stock).price_list(terms)
    expected = []
    for gpu, number in {(each.gpu, each.gpu_count) for each in found}:
        cheapest = PriceBook(CATALOG, stock).price_list(terms).prices(gpu, number)
        if number in counts and cheapest:
            known = CATALOG.gpus_by_name[gpu]
            expected.append((cheapest[0].per_hour, number, -known.vram_gb, gpu))
    bounds = prices.bounds(counts)
    assert list(bounds) == sorted(bounds)
    by_name = {(name, number): least for least, number, _, name in bounds}
    assert all(by_name[gpu, number] <= per_hour for per_hour, number, _, gpu in expected)
    job = Job(task="batch", gpu_count=1, spot=spot, hosts=hosts)
    market = Market(job, Workload(), needs(1.0), PriceBook(CATALOG, stock))
    rows = [(one.per_hour, one.gpu_count, -one.gpu.vram_gb, one.gpu.name) for one in market.fitting(counts)]
    assert rows == sorted(expected)


def test_only_what_is_asked_for_is_judged() -> None:
    """Of each GPU the cheapest number; what stands for two cards says nothing where one of these can be had."""
    rows = [
        offer("L4", 0.5),
        offer("L4", 0.4, gpus=2),
        offer("A100 80GB", 1.0),
        offer("A100 80GB SXM4", 1.0),
        offer("H100 SXM", 3.0),
    ]
    asked = []

    def need_for(gpu_count: int, gpu: Gpu | None) -> Need | Unsized:
        asked.append((gpu and gpu.name, gpu_count))
        return needs(1.0)(gpu_count, gpu)

    market = Market(Job(task="batch"), Workload(), need_for, PriceBook(CATALOG, Stock(rows)))
    machines = market.each_gpu((1, 2))
    first = next(machines)
    assert (first.gpu.name, first.gpu_count, first.per_hour) == ("L4", 2, 0.4)
    assert ("H100 SXM", 1) not in asked
    assert [(one.gpu.name, one.gpu_count) for one in machines] == [("A100 80GB SXM4", 1), ("H100 SXM", 1)]
