"""A table that is read only where it is asked says the same as one that is read whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.catalog import Catalog, Offer, PriceSource, snapshot
from gpuspec.catalog.shipped import read_prices, rentable_sources
from gpuspec.catalog.snapshot import parse, render
from gpuspec.catalog.stock import ChangedStock, Stock, TableStock

SOURCES = tuple(PriceSource(name, None, "test", rentable=name != "guide") for name in ("a", "b", "guide"))
amount = st.sampled_from((None, 0.5, 2.0))
offers = st.builds(
    Offer,
    cloud=st.sampled_from(("aws", "vast", "T4")),
    region=st.sampled_from((None, "eu", "T4")),
    instance=st.sampled_from(("i", "T4", "1")),
    gpu=st.sampled_from(("T4", "L4", "L40")),
    gpu_count=st.sampled_from((1, 2, 12)),
    vcpus=st.sampled_from((None, 1.0, 12.0)),
    ram_gib=amount,
    disk_gb=amount,
    price=amount,
    spot_price=amount,
    source=st.sampled_from(("a", "b", "guide")),
    accelerator=st.sampled_from((None, "T4")),
    bid=amount,
    hosts=st.sampled_from(("secure", "community")),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(offers, max_size=8), max_size=2),
    st.lists(offers, max_size=3),
    st.sets(st.sampled_from(("aws", "vast"))),
    st.sets(st.sampled_from(("a", "b", "guide"))),
)
def test_a_machine_asked_for_alone_has_the_offers_it_has_in_all(
    tables: list[list[Offer]], more: list[Offer], clouds: set[str], sources: set[str]
) -> None:
    texts = [render(SOURCES, each) for each in tables]
    whole = [
        offer
        for text in texts
        for offer in parse(text)[1]
        if offer.cloud not in clouds and offer.source in sources
    ]
    expected = Stock([*whole, *more])
    lazy = TableStock(texts, Stock(more), without_clouds=clouds, sources=sources)
    same(ChangedStock(lazy, lambda offer: offer), expected)
    same(lazy, expected)
    assert lazy.least == expected.least
    dear = ChangedStock(lazy, lambda offer: offer._replace(price=9.0))
    assert {offer.price for machine in dear.machines for offer in dear.of(machine)} <= {9.0}
    assert dear.offers == tuple(offer._replace(price=9.0) for offer in expected.offers)


def same(lazy: Stock, expected: Stock) -> None:
    for gpu in ("T4", "L4", "L40", "nothing"):
        for gpu_count in (1, 2, 12):
            assert list(lazy.of((gpu, gpu_count))) == list(expected.of((gpu, gpu_count)))
    assert list(lazy.machines) == list(expected.machines)
    assert lazy.hosts == expected.hosts
    for machine in expected.machines:
        payable = [
            each for one in expected.of(machine) for each in (one.price, one.spot_price) if each is not None
        ]
        assert lazy.least.get(machine, 9.0) <= min(payable, default=9.0)
    assert set(lazy.least) == set(expected.least)
    assert lazy.offers == expected.offers


def test_the_tables_that_ship() -> None:
    whole = [parse(text) for text in read_prices()]
    rentable = {source.name for sources, _ in whole for source in sources if source.rentable}
    assert {name for text in read_prices() for name in rentable_sources(text)} == rentable
    catalog = Catalog()
    in_force = [offer for _, found in whole for offer in found if offer.source in rentable]
    for machine in {(offer.gpu, offer.gpu_count) for offer in in_force}:
        expected = [offer for offer in in_force if (offer.gpu, offer.gpu_count) == machine]
        assert list(catalog.stock().of(machine)) == expected
    assert list(catalog.offers()) == in_force
    assert set(catalog.price_sources) == {source for sources, _ in whole for source in sources}
    guide = [offer for _, found in whole for offer in found if offer.source == "seed-2025"]
    assert list(catalog.offers("seed-2025")) == guide


def test_prices_of_ones_own_take_the_place_of_those_of_the_same_cloud(tmp_path: Path) -> None:
    shipped = Catalog()
    clouds = {offer.cloud for offer in shipped.offers()}
    cloud = "lambda"
    mine = Offer(cloud, "here", "i", "H100 SXM", 1, None, None, None, 1.25, None, "mine")
    own = tmp_path / "prices.tsv"
    own.write_text(render([PriceSource("mine", "2026-11-30", "test", rentable=True)], [mine]))
    catalog = Catalog(snapshot=str(own))
    before = shipped.stock().of(("H100 SXM", 1))
    assert cloud in {offer.cloud for offer in before}
    assert list(catalog.stock().of(("H100 SXM", 1))) == [
        *(each for each in before if each.cloud != cloud),
        mine,
    ]
    assert {offer.cloud for offer in catalog.offers()} == clouds
    names = {source.name for source in shipped.price_sources}
    gone = {offer.source for offer in shipped.offers() if offer.cloud == cloud}
    gone -= {
        offer.source for offer in shipped.offers() if offer.cloud != cloud
    }  # one list may be of several clouds
    assert {source.name for source in catalog.price_sources} == names - gone | {"mine"}


def test_lines_of_other_machines_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(snapshot, "offers_of_line", lambda line: read.append(line) or ())
    Catalog().stock().of(("H100 SXM", 1))
    assert read
    assert {tuple(line.split("\t")[2:4]) for line in read} == {("H100 SXM", "1")}
