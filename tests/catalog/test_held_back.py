"""Which prices are too low to be believed."""

from __future__ import annotations

from gpuspec.catalog import Catalog
from gpuspec.catalog.held_back import held_back
from gpuspec.catalog.offer import HeldBack, Offer

GPUS = Catalog().gpus_by_name


def _offer(
    cloud: str, price: float | None, gpu: str = "L40S", *, spot: float | None = None, count: int = 1
) -> Offer:
    return Offer(
        cloud, "here", f"{cloud}-{price}", gpu, count, None, None, None, price, spot, f"skypilot-{cloud}"
    )


def _kept(*offers: Offer) -> list[tuple[str, float | None]]:
    return [(offer.cloud, offer.price) for offer in held_back(offers, GPUS)[0]]


DEAR = (_offer("aws", 2.40), _offer("gcp", 3.00), _offer("oci", 3.60))


def test_under_a_third_of_the_median_of_three_other_clouds() -> None:
    """The median of 2.40, 3.00 and 3.60 is 3.00, a third of which is 1.00."""
    low = _offer("lambda", 0.99)
    kept, held = held_back([*DEAR, low], GPUS)
    assert kept == list(DEAR)
    reason = "$0.99 per GPU and hour on demand is under a third of $3.00, the median of 3 other clouds"
    assert held == {"skypilot-lambda": (HeldBack("lambda", "lambda-0.99", "L40S", 1, 0.99, reason),)}


def test_a_third_is_believed_and_prices_are_those_of_one_gpu() -> None:
    assert ("lambda", 1.00) in _kept(*DEAR, _offer("lambda", 1.00))
    assert ("lambda", 3.96) not in _kept(*DEAR, _offer("lambda", 3.96, count=4))


def test_fewer_than_three_other_clouds_say_nothing() -> None:
    assert ("lambda", 0.10) in _kept(*DEAR[:2], _offer("lambda", 0.10), _offer("lambda", 0.11))


def test_a_cloud_counts_once_and_a_broker_not_at_all() -> None:
    many = [_offer("aws", 2.00 + number / 100) for number in range(9)]
    assert ("lambda", 0.10) in _kept(*many, _offer("gcp", 3.00), _offer("lambda", 0.10))
    resold = [_offer("shadeform", 3.00), _offer("primeintellect", 3.00)]
    assert ("lambda", 0.10) in _kept(*DEAR[:2], *resold, _offer("lambda", 0.10))


def test_a_low_price_that_another_list_has_too_is_the_markets() -> None:
    """The A100 of 40 GB: $0.76 at Vast and $0.72 at a broker, $2.74 and more at the large clouds."""
    low = _offer("vast", 0.76)
    assert ("vast", 0.76) not in _kept(*DEAR, low)
    assert ("vast", 0.76) in _kept(*DEAR, low, _offer("primeintellect", 0.72))
    assert ("vast", 0.76) in _kept(*DEAR, low, _offer("primeintellect", 1.52))
    assert ("vast", 0.76) not in _kept(*DEAR, low, _offer("primeintellect", 1.53))


def test_forms_of_one_gpu_are_compared() -> None:
    forms = [
        _offer("aws", 4.0, "A100 80GB SXM4"),
        _offer("do", 3.6, "A100 80GB"),
        _offer("gcp", 3.8, "A100 80GB PCIe"),
    ]
    assert ("lambda", 1.0) not in _kept(*forms, _offer("lambda", 1.0, "A100 80GB PCIe"))
    assert ("lambda", 1.0) in _kept(*forms, _offer("lambda", 1.0, "A100 40GB"))


def test_of_two_prices_the_sound_one_stays() -> None:
    spots = [offer._replace(spot_price=1.0) for offer in DEAR]
    kept, held = held_back([*spots, _offer("lambda", 2.5, spot=0.05)], GPUS)
    assert [(o.price, o.spot_price) for o in kept if o.cloud == "lambda"] == [(2.5, None)]
    assert [each.reason for each in held["skypilot-lambda"]] == [
        "$0.05 per GPU and hour spot is under a third of $1.00, the median of 3 other clouds"
    ]


def test_a_bid_is_not_compared() -> None:
    bid = _offer("mithril", None)._replace(bid=0.01)
    assert bid in held_back([*DEAR, bid], GPUS)[0]


def test_what_is_in_force_elsewhere_is_evidence_and_not_judged() -> None:
    low = _offer("lambda", 0.10)
    kept, held = held_back([low], GPUS, evidence=DEAR)
    assert (kept, list(held)) == ([], ["skypilot-lambda"])


def test_a_machine_in_many_regions_is_held_back_once() -> None:
    places = [_offer("lambda", 0.10)._replace(region=region) for region in ("a", "b")]
    assert len(held_back([*DEAR, *places], GPUS)[1]["skypilot-lambda"]) == 1
