"""What is said of clouds and regions that have no prices."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog, Offer
from gpuspec.planning.limits import RentalTerms, in_regions
from gpuspec.planning.places import notes_on_places, notes_on_settings, unpriced_clouds, unpriced_regions
from gpuspec.planning.price_lists import PriceBook, price_book


def offer(cloud: str, region: str | None) -> Offer:
    return Offer(cloud, region, "a-machine", "L4", 1, 8, 32, None, 1.0, None, "list")


AZURE = ("eastus", "eastus2", "northeurope", "southindia", "westeurope", "westus")


@pytest.fixture
def book() -> PriceBook:
    """AWS in one region, Azure in six, Vast in a town, and a cluster that has no regions."""
    places = [("aws", "us-east-1"), *(("azure", each) for each in AZURE), ("vast", "Oslo, NO"), ("lab", None)]
    return price_book(Catalog(offers=[offer(cloud, region) for cloud, region in places]))


@pytest.mark.parametrize("name", ["aws", "AWS", " Azure ", "lab"])
def test_a_cloud_with_prices_is_fine_in_any_case_of_letters(name: str, book: PriceBook) -> None:
    assert list(unpriced_clouds([name], book)) == []


THERE = "there are prices of aws, azure, lab, vast"


@pytest.mark.parametrize(
    ("name", "known", "message", "advice"),
    [
        ("awss", False, "there is no cloud 'awss'", f"did you mean 'aws'? T{THERE[1:]}"),
        ("Amazon", False, "there is no cloud 'Amazon'", f"did you mean 'aws'? T{THERE[1:]}"),
        ("DigitalOcean", False, "there is no cloud 'DigitalOcean'", f"did you mean 'do'? T{THERE[1:]}"),
        ("xyzzy", False, "no cloud called 'xyzzy' is known", THERE),
        (
            "SCP",
            True,
            "no price list in force has SCP, a cloud that SkyPilot knows",
            f"`gpuspec prices update --cloud scp` may fetch its prices; {THERE}",
        ),
        (
            "kubernetes",
            True,
            "kubernetes stands for machines you have, and no price list in force has them",
            "say what they cost in a price file (`prices` in gpuspec.toml)",
        ),
    ],
)
def test_a_cloud_nobody_knows_is_another_thing_than_one_without_prices(
    name: str, known: bool, message: str, advice: str, book: PriceBook
) -> None:
    (found,) = unpriced_clouds(["aws", name], book)
    assert (found.at, found.known, found.message, found.advice) == (1, known, message, advice)


def test_a_cloud_of_another_price_list_is_no_unknown_one(book: PriceBook) -> None:
    """A price file of one's own is in force, and the cluster is only in the lists that it takes the place of."""
    own = PriceBook(book.catalog, Catalog(offers=[offer("aws", "us-east-1")]).stock())
    (found,) = unpriced_clouds(["lab"], own)
    assert (found.known, found.message) == (True, "no prices of lab are in the price list in force")


@pytest.mark.parametrize(
    ("region", "clouds", "message", "advice"),
    [
        (
            "eu-west-1",
            {"aws"},
            "no prices of aws for the region eu-west-1",
            "the prices of aws are those of us-east-1; `gpuspec prices update --cloud aws` may fetch",
        ),
        ("eastus", {"aws"}, "no prices of aws for the region eastus", "eastus is a region of azure"),
        ("us-eats-1", set(), "no prices for the region us-eats-1", "spelt alike: us-east-1 (aws)"),
        (
            "xyzzy",
            set(),
            "no prices for the region xyzzy",
            "`gpuspec prices --cloud CLOUD` lists the regions",
        ),
        ("westus9", {"azure"}, "no prices of azure for the region westus9", "of azure there are westus, "),
        ("us", {"aws"}, "no prices of aws for the region us", '"us-*" takes us-east-1'),
        ("US-east", set(), "no prices for the region US-east", '"us-east-*" takes us-east-1'),
        ("east", {"azure"}, "no prices of azure for the region east", '"east*" takes eastus, eastus2'),
        (
            "eu-*",
            {"aws"},
            "no prices of aws for the region eu-*",
            "the prices of aws are those of us-east-1; `gpuspec prices update --cloud aws` may fetch",
        ),
        (
            "eu",
            {"aws", "lab"},
            "no prices of aws or lab for the region eu",
            "the prices of aws are those of us-east-1; `gpuspec prices update --cloud aws` may fetch those of "
            "others; the prices of lab say no region",
        ),
    ],
)
def test_a_region_without_prices_is_said_with_those_there_are(
    region: str, clouds: set[str], message: str, advice: str, book: PriceBook
) -> None:
    (found,) = unpriced_regions([region], clouds, book)
    assert found.message == message
    assert found.advice.startswith(advice)


@pytest.mark.parametrize(
    ("region", "clouds"),
    [
        ("US-East-1", {"aws"}),
        ("US-*", {"aws"}),
        ("*us", {"azure"}),
        ("oslo", set()),
        ("NO", {"vast"}),
        ("Oslo, NO", {"vast"}),
        ("x", {"scp"}),
    ],
)
def test_a_region_with_prices_is_fine_and_so_is_any_of_a_cloud_without(
    region: str, clouds: set[str], book: PriceBook
) -> None:
    assert list(unpriced_regions([region], clouds, book)) == []


def test_of_a_great_many_regions_the_first_hundred_are_looked_for_among_those_there_are(
    book: PriceBook,
) -> None:
    found = list(unpriced_regions(["us-eest-1"] * 102, (), book))
    assert len(found) == 102
    assert all("us-east-1" in each.advice for each in found[:100])
    assert {each.advice for each in found[100:]} == {
        "`gpuspec prices --cloud CLOUD` lists the regions of a cloud"
    }


def test_what_there_is_instead_is_said_once(book: PriceBook) -> None:
    terms = RentalTerms(clouds=frozenset({"scp", "ibm"}))
    first, second = notes_on_places(["scp", "ibm"], terms, book)
    assert first == "no price list in force has scp, a cloud that SkyPilot knows"
    assert second.endswith(THERE)


def test_settings_are_spoken_of_only_where_they_leave_nothing(book: PriceBook) -> None:
    assert notes_on_settings(["scp", "aws"], ["eu-west-1", "us-east-1"], book) == []
    assert notes_on_settings(["aws"], ["eu-west-1"], book) == [
        "no prices of aws for the region eu-west-1 (regions of the settings); the prices of aws are those of "
        "us-east-1; `gpuspec prices update --cloud aws` may fetch those of others"
    ]
    (line,) = notes_on_settings(["scp"], [], book)
    assert line.startswith(
        "no price list in force has scp, a cloud that SkyPilot knows (clouds of the settings)"
    )


def test_the_table_that_ships_says_the_regions_that_its_offers_say() -> None:
    stock = Catalog().stock()
    expected: dict[str, set[str]] = {}
    for each in stock.offers:
        expected.setdefault(each.cloud, set()).update({each.region} - {None})
    assert stock.regions == expected


@pytest.mark.parametrize(
    ("pattern", "region", "inside"),
    [
        ("us-*", "us-east-1", True),
        ("US-*", "us-East-1", True),
        ("us-*", "eu-west-1", False),
        ("*-1", "us-east-1", True),
        ("us-*-1", "us-east-1", True),
        ("us-*-1", "us-1", False),  # one dash cannot be both
        ("us*east*1", "us-east-1", True),
        ("us*west*1", "us-east-1", False),
        ("*", "anywhere", True),
        ("*", None, False),  # where it is, nobody knows
        ("os*", "Oslo, NO", True),
        ("us-east-?", "us-east-1", False),  # only `*` stands for something
        ("*a" * 500 + "b", "a" * 2000, False),  # and in no time
    ],
)
def test_a_star_in_a_region_stands_for_anything(pattern: str, region: str | None, inside: bool) -> None:
    assert in_regions(region, [pattern]) is inside
