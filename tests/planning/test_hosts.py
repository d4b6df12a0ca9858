"""Whose machine it is, and auctions: what is never taken unless the job asks for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.catalog import Catalog, Offer
from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Job
from gpuspec.planning.case import Case, JobOverrides, JobSettings
from gpuspec.planning.plan import Plan
from gpuspec.report import plan_json, plan_table
from gpuspec.rules.sizing.over_provisioned import OverProvisionedGpu
from gpuspec.testing import fake_catalog, lint_text
from gpuspec.text import Tree

from .test_plan import job as job_with
from .test_plan import offer

SECURE = offer("RTX 4090", 0.69)
COMMUNITY = offer("RTX 4090", 0.34, instance="1x_RTX4090_COMMUNITY", hosts="community")
ON_VAST = offer("RTX 4090", 0.29, cloud="vast", hosts="community")
AUCTION = offer("RTX 4090", None, cloud="mithril", bid=0.10)


def case(job: Job, *offers: Offer, settings: JobSettings | None = None, **overrides: Any) -> Case:
    document = Document("gpu.jsonc", Tree(""), job, "", JOB_SPEC.format)
    catalog = Catalog(offers=offers)
    return Case(
        document, settings=settings, overrides=JobOverrides(**overrides), catalog=catalog, on_disk=False
    )


def plan(
    *offers: Offer, settings: JobSettings | None = None, clouds: tuple[str, ...] = (), **job: Any
) -> Plan:
    return case(job_with("RTX 4090", **job), *offers, settings=settings, clouds=clouds).plan


def taken(made: Plan) -> list[tuple[str, float]]:
    return [(each.offer.cloud, each.price) for each in made.kept]


def test_a_strangers_machine_is_taken_only_where_the_job_says_any() -> None:
    offers = (SECURE, COMMUNITY, ON_VAST)
    assert taken(plan(*offers)) == [("runpod", 0.69)]
    assert taken(plan(*offers, hosts="secure")) == [("runpod", 0.69)]
    assert taken(plan(*offers, hosts="any")) == [("vast", 0.29), ("runpod", 0.34), ("runpod", 0.69)]
    refused = [each for each in plan(*offers).candidates if not each.kept]
    assert [(each.offer.cloud, each.limit) for each in refused] == [("vast", "hosts"), ("runpod", "hosts")]


@pytest.mark.parametrize(
    "named",
    [{"job": {"clouds": ("Vast",)}}, {"clouds": ("vast",)}, {"settings": JobSettings(clouds=("vast",))}],
)
def test_a_named_cloud_that_has_no_others_counts_as_asked_for(named: dict[str, Any]) -> None:
    of_job = named.pop("job", {})
    assert taken(plan(SECURE, ON_VAST, **named, **of_job)) == [("vast", 0.29)]
    assert taken(plan(SECURE, ON_VAST, hosts="secure", **named, **of_job)) == []


def test_a_named_cloud_that_has_secure_machines_too_is_not_asked_for_its_others() -> None:
    assert taken(plan(SECURE, COMMUNITY, ON_VAST, clouds=("runpod",))) == [("runpod", 0.69)]


def test_the_plan_says_once_what_a_strangers_machine_would_have_cost() -> None:
    note = (
        "a community machine would cost $0.29/h instead of $0.69/h (1 × RTX 4090 on vast): "
        '"hosts": "any" allows it'
    )

    def notes(*offers: Offer, **job: Any) -> list[str]:
        return [each for each in plan(*offers, **job).notes if "community" in each]

    assert notes(SECURE, COMMUNITY, ON_VAST) == [note]
    assert notes(SECURE, ON_VAST, hosts="secure") == []  # the author has decided
    assert notes(SECURE._replace(price=0.25), ON_VAST) == []  # it is no cheaper
    assert notes(SECURE, ON_VAST._replace(disk_gb=50.0), disk_gb=100) == []  # too small all the same
    assert notes(ON_VAST) == [note.replace(" instead of $0.69/h", "")]
    assert "its owner" in notes(ON_VAST, hosts="any")[0]


@pytest.mark.parametrize("spot", [None, "never", "allowed", "only"])
def test_a_minimum_bid_is_shown_and_never_paid(spot: str | None) -> None:
    made = plan(AUCTION, spot=spot)
    (only,) = made.candidates
    reason = "a minimum bid of $0.10/h is no price: what is paid is decided by auction"
    assert (only.kept, only.limit, only.reason) == (False, "spot", reason)
    of_auction = case(job_with("RTX 4090", spot=spot), AUCTION)
    assert "1 × RTX 4090 at a bid from $0.10/h" in plan_table.render(of_auction, made, everything=True)
    shown = plan_json.render(of_auction, made)
    assert '"price": null' in shown
    assert '"bid": 0.1' in shown


price = st.sampled_from((None, 0.2, 0.5, 1.0))
any_offer = st.builds(
    lambda gpu, kinds, hosts, cloud, instance: offer(
        gpu, kinds[0], spot_price=kinds[1], bid=kinds[2], hosts=hosts, cloud=cloud, instance=instance
    ),
    st.sampled_from(("RTX 4090", "RTX A6000", "H100 SXM")),
    st.tuples(price, price, price),
    st.sampled_from(("secure", "community")),
    st.sampled_from(("runpod", "vast", "mithril", "lambda")),
    st.sampled_from("ab"),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(any_offer, max_size=12),
    st.sampled_from((None, "never", "allowed", "only")),
    st.sampled_from((None, "secure", "any")),
    st.sampled_from(((), ("vast",), ("runpod", "vast"))),
)
def test_nothing_interruptible_and_no_stranger_is_taken_unasked(
    offers: list[Offer], spot: str | None, hosts: str | None, clouds: tuple[str, ...]
) -> None:
    made = case(job_with("RTX 4090", "H100 SXM", spot=spot, hosts=hosts, clouds=clouds), *offers)
    kept = made.kept_plan
    assert (kept.candidates, kept.choice, kept.cost) == (made.plan.kept, made.plan.choice, made.plan.cost)
    only_strangers = {each.cloud for each in offers} - {
        each.cloud for each in offers if each.hosts == "secure"
    }
    bought = [(each.offer, each.spot, each.price) for each in made.plan.kept]
    compared = [each.price for each in (*made.choices, *made.market.fitting())]
    bought += [(each.offer, each.spot, each.per_hour) for each in compared if each]
    for one, interruptible, per_hour in bought:
        assert per_hour == (one.spot_price if interruptible else one.price)
        assert interruptible or spot != "only"
        assert not interruptible or spot in ("allowed", "only")
        asked = hosts == "any" or (hosts is None and one.cloud in clouds and one.cloud in only_strangers)
        assert one.hosts == "secure" or asked


def test_no_rule_recommends_a_strangers_machine_unless_the_job_allows_it() -> None:
    model = {"id": "Qwen/Qwen2.5-7B-Instruct", "engine": "vllm", "context": 4096}
    written = {"task": "batch", "model": model, "gpu_types": ["H100"], "spot": "never", "run": "true"}
    dear, strange = offer("H100 SXM", 2.69), offer("RTX A6000", 0.30, cloud="vast", hosts="community")

    def saving(**more: Any) -> list[str]:
        with fake_catalog(offers=(dear, strange)):
            return [
                one.finding.message for one in lint_text(json.dumps(written | more), [OverProvisionedGpu])
            ]

    assert saving() == saving(hosts="secure") == []
    (message,) = saving(hosts="any")
    assert "RTX A6000 at $0.30/h" in message


def test_one_machine_in_many_regions_is_one_line_of_what_was_not_taken() -> None:
    dear = [offer("RTX 4090", 9.0, region=f"eu-{at}") for at in range(36)]
    found = case(job_with("RTX 4090", max_price=1.0), SECURE, *dear)
    text = plan_table.render(found, found.plan, everything=True)
    lines = text.split("not taken: 36\n")[1].split("\n\n")[0].splitlines()
    assert lines == [
        "      1 × RTX 4090 at $9.00/h, runpod eu-0 1x RTX 4090 and in 35 other regions:",
        "      $9.00/h, max_price is $1.00/h",
    ]
    assert plan_json.render(found, found.plan).count('"limit": "max_price"') == 36


def test_the_editor_shows_prices_of_a_cloud_of_strangers_where_the_settings_name_it() -> None:
    def prices(*clouds: str) -> list[float]:
        listed = case(job_with("RTX 4090"), SECURE, ON_VAST, settings=JobSettings(clouds=clouds)).price_list
        return [each.per_hour for each in listed.prices("RTX 4090", 1)]

    assert prices() == [0.69]
    assert prices("runpod", "vast") == [0.29, 0.69]
