"""Prices of machines, cheapest first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.stock import ChangedStock, Stock
from gpuspec.planning.limits import RentalTerms
from gpuspec.planning.price_lists import PriceBook

from .test_plan import offer

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
    st.integers(0, 3),
)
def test_every_machine_comes_in_order_of_its_cheapest_price(
    found: list[Offer], spot: str | None, hosts: str, counts: tuple[int, ...], half: bool, first: int
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
    begun = prices.by_price(counts)
    for _ in range(first):  # who stops early leaves the rest to who asks next
        next(begun, None)
    rows = [(one.per_hour, number, -gpu.vram_gb, gpu.name) for one, gpu, number in prices.by_price(counts)]
    assert rows == sorted(expected)
    assert len(list(begun)) == max(0, len(expected) - first)
