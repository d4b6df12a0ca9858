"""What a run costs at worst: what clouds bill, over all that may be rented; arithmetic by hand, from the table of
gpuspec/catalog/data/cloud_costs.tsv where it says so, and from what is given here elsewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gpuspec.catalog.cloud_costs import FACTS, cloud_costs, cloud_facts
from gpuspec.catalog.clouds import CLOUDS
from gpuspec.job import Budget
from gpuspec.job.job import Download
from gpuspec.launch.skypilot.task import max_hourly_cost, resource_options
from gpuspec.planning.cost import DISK_UNKNOWN, time_limit
from gpuspec.planning.plan import Candidate, Cost, Plan
from gpuspec.planning.rank import affordable, launchable
from gpuspec.sizing import Unsized

from .test_plan import CATALOG, job, made, needs, offer

TEN = Budget(max_hours=10)


def plan_of(spec: object, *offers: object, need: object = None) -> Plan:
    found = made(spec, list(offers), need)  # type: ignore[arg-type]
    assert isinstance(found, Plan)
    return found


def cost_on(cloud: str, spec: object, need: object = None, **more: object) -> Cost:
    found = plan_of(spec, offer("RTX 4090", 1.0, cloud=cloud, **more), need=need).cost
    assert found is not None
    return found


def test_each_fact_has_a_source_and_a_day() -> None:
    assert len(cloud_facts()) > 50
    seen = set()
    for fact in cloud_facts():
        assert fact.cloud in CLOUDS or fact.cloud in ("hyperstack", "jarvislabs"), fact
        assert fact.fact in FACTS, fact
        assert len(fact.source) > 10, fact
        assert date(2025, 1, 1) <= date.fromisoformat(fact.read) <= date(2026, 12, 31), fact
        key = (fact.cloud, fact.fact, fact.instances)
        assert key not in seen, fact
        seen.add(key)


def test_what_is_not_known_counts_as_the_dearest_that_is() -> None:
    assert (
        max(cloud_costs(name).disk or 0.0 for name in {fact.cloud for fact in cloud_facts()}) == DISK_UNKNOWN
    )
    assert cloud_costs("acme") == cloud_costs("fluidstack")  # nothing is known of either


@pytest.mark.parametrize(
    ("cloud", "hours", "minutes", "billed"),
    [
        ("paperspace", 1, 1, 2.0),  # whole hours: 61 minutes are two
        ("paperspace", 2, 60, 3.0),  # and 3 h are three
        ("lambda", 1, 0.5, 61 / 60),  # whole minutes
        ("verda", 1, 1, 70 / 60),  # ten minutes at a time
        ("runpod", 1, 1, 61 / 60),  # seconds
        ("fluidstack", 1, 1, 2.0),  # not known: whole hours
        ("acme", 1, 1, 61 / 60),  # a price list of one's own: as it is
    ],
)
def test_a_step_of_billing_that_has_begun_is_paid_for(
    cloud: str, hours: float, minutes: float, billed: float
) -> None:
    spec = job("RTX 4090", budget=Budget(max_hours=hours), keep_alive_minutes=minutes, cache=None)
    found = made(spec, [offer("RTX 4090", 1.0, cloud=cloud)], accept_no_timer=True).cost
    assert found.total == pytest.approx(billed)
    assert sum((found.run, found.idle, found.billing)) == pytest.approx(billed)


def test_a_machine_of_metal_is_billed_an_hour_at_least_at_oracle() -> None:
    spec = job("RTX 4090", budget=Budget(max_hours=0.25), keep_alive_minutes=3)
    assert cost_on("oci", spec, instance="BM.GPU4.8").total == pytest.approx(1.0)
    assert cost_on("oci", spec, instance="VM.GPU.A10.1").total == pytest.approx(0.30)  # 18 minutes


@pytest.mark.parametrize(
    ("cloud", "size", "month"),
    [
        ("aws", 100, 8.00),  # $0.08 a GB
        ("gcp", 100, 10.00),
        ("lambda", 100, 0.0),  # in the price of the machine
        ("paperspace", 60, 7.00),  # sold as 100 GB
        ("azure", 129, 38.02),  # sold as 256 GB
        ("azure", 8192, 991.14),  # twice the largest that is known
        ("vast", 100, 20.00),  # each host's own: as the dearest
        ("fluidstack", 100, 20.00),  # not known
        ("runpod", None, 25.60),  # SkyPilot's 256 GB
        ("acme", 100, 10.00),  # a price list of one's own: what is usual
        ("acme", None, 0.0),
    ],
)
def test_a_disk_costs_what_its_cloud_asks(cloud: str, size: float | None, month: float) -> None:
    spec = job("RTX 4090", budget=TEN, keep_alive_minutes=0, disk_gb=size)
    assert cost_on(cloud, spec).disk == pytest.approx(month * 10 / 730)


def test_weights_that_leave_another_clouds_bucket_are_paid_for_there() -> None:
    weights = needs(50.0, weights=40.0)  # 40 GiB are 42.95 GB
    spec = job("H100 SXM", budget=TEN, keep_alive_minutes=0, cache="s3://mine")
    here = plan_of(spec, offer("H100 SXM", 1.0, cloud="aws"), need=weights).cost
    there = plan_of(spec, offer("H100 SXM", 1.0, cloud="lambda"), need=weights).cost
    assert here is not None
    assert there is not None
    assert here.cache == 0
    assert there.cache == pytest.approx(42.94967296 * 0.09)
    assert ("cache", "42.9 GB of weights leave aws at $0.09 a GB = $3.87") in there.lines
    # and up to an hour until what was written has reached the bucket: 11 h × $1
    assert there.total == pytest.approx(11 + 42.94967296 * 0.09)
    free = plan_of(
        spec._replace(cache="r2://mine"), offer("H100 SXM", 1.0, cloud="lambda"), need=weights
    ).cost
    assert free is not None
    assert free.cache == 0


def test_what_is_not_counted_is_said() -> None:
    spec = job("RTX 4090", budget=TEN, outputs=("out/",))
    assert cost_on("aws", spec).not_counted == (
        "$0.09 a GB that leaves aws beyond 100 GB a month; the size of outputs is not known",
    )
    assert cost_on("runpod", spec).not_counted == ()
    assert cost_on("fluidstack", spec).not_counted == (
        "what a GB that leaves fluidstack costs is not known (outputs)",
    )
    assert cost_on("vast", spec._replace(outputs=())).not_counted == (
        "each host of vast sets a price for what comes in and goes out",
    )
    fetched = spec._replace(outputs=(), downloads=(Download("s3", "s3://data/set"),))
    assert cost_on("runpod", fetched).not_counted == (
        "$0.09 a GB that leaves aws beyond 100 GB a month; the size of what is downloaded from s3:// is not known",
    )
    cached = spec._replace(outputs=(), cache="gs://mine")
    assert cost_on("lambda", cached, lambda *_: Unsized("no model")).not_counted == (
        "$0.12 a GB that leaves gcp beyond 1 GB a month; the size of what is read from the cache is not known",
    )


def test_the_worst_case_is_that_of_the_dearest_that_may_be_rented() -> None:
    spec = job("RTX 4090", budget=TEN, keep_alive_minutes=0)
    found = plan_of(spec, *(offer("RTX 4090", price) for price in (0.4, 0.9, 0.6)))
    assert found.choice is not None
    assert found.choice.price == 0.4
    assert found.choice_cost is not None
    assert found.choice_cost.total == pytest.approx(4.0)
    assert found.cost is not None
    assert found.cost.total == pytest.approx(9.0)
    assert found.cost.candidate.price == 0.9


def test_less_by_the_hour_may_be_more_in_all() -> None:
    """70 minutes at $1.00 in whole hours are $2.00, at $1.20 by the second $1.40; both are within $2, and not within
    $1.50."""
    offers = (offer("RTX 4090", 1.0, cloud="paperspace"), offer("RTX 4090", 1.2))
    loose = job("RTX 4090", budget=Budget(max_hours=1, max_total=2), keep_alive_minutes=10)
    found = plan_of(loose, *offers)
    assert found.choice is not None
    assert found.choice.price == 1.0
    assert found.cost is not None
    assert found.cost.candidate.price == 1.0
    assert found.cost.total == pytest.approx(2.0)
    tight = loose._replace(budget=Budget(max_hours=1, max_total=1.5))
    found = plan_of(tight, *offers)
    assert [each.price for each in launchable(tight, found)] == [1.2]
    assert found.notes[-1] == (
        "paperspace asks less by the hour, $1.00, and more in all: $2.00 in the same time"
    )


def test_what_the_budget_keeps_out_is_said() -> None:
    spec = job("RTX 4090", budget=Budget(max_total=4), keep_alive_minutes=0)
    found = plan_of(spec, offer("RTX 4090", 0.4), offer("RTX 4090", 0.8), offer("RTX 4090", 0.9))
    assert found.max_hours == pytest.approx(10)
    assert found.notes[-1].startswith("2 more that fit cost over the budget in 10 h: ")


def test_a_budget_is_a_time_limit_in_whole_steps() -> None:
    """$5 at $1.00: five hours less the idle minutes; $4.99 pays for four, begun ones counted."""
    one = plan_of(job("RTX 4090"), offer("RTX 4090", 1.0, cloud="paperspace")).kept[0].offer
    need = Unsized("")
    for total, hours in ((5.0, 4.5), (4.99, 3.5), (0.99, 0.0)):
        spec = job("RTX 4090", budget=Budget(max_total=total))
        assert time_limit(spec, 1.0, 30, need, one) == pytest.approx(hours)


def test_skypilot_may_pay_what_the_budget_pays_for_and_no_more() -> None:
    def most(budget: Budget, max_price: float | None = None) -> float:
        spec = job("RTX 4090", budget=budget, max_price=max_price, keep_alive_minutes=0)
        found = plan_of(spec, offer("RTX 4090", 0.4), offer("RTX 4090", 0.8))
        assert affordable(spec, found) == pytest.approx((budget.max_total or float("inf")) / 10)
        return max_hourly_cost(spec, found, resource_options(spec, found))

    assert most(TEN) == 0.89  # a tenth more than $0.80, and the cent begun
    assert most(Budget(max_hours=10, max_total=8.40)) == 0.84  # 10 h
    assert most(Budget(max_hours=10, max_total=8.40), max_price=2.0) == 0.84
    assert (
        most(Budget(max_hours=10, max_total=5.00)) == 0.45
    )  # $0.80 is not handed over; a tenth more than $0.40, and the cent begun
    assert most(TEN, max_price=2.0) == 2.0


def test_skypilot_is_told_a_limit_in_its_own_list_prices() -> None:
    """$0.40 is paid of a list price of $0.80: each dollar that may be paid is two of SkyPilot's."""

    def most(budget: Budget, max_price: float | None = None) -> float:
        spec = job("RTX 4090", budget=budget, max_price=max_price, keep_alive_minutes=0)
        halved = offer("RTX 4090", 0.4)._replace(list_price=0.8, agreed="list price $0.80/h less 50 %")
        found = plan_of(spec, halved)
        return max_hourly_cost(spec, found, resource_options(spec, found))

    assert most(TEN) == 0.89  # a tenth more than $0.80, and the cent begun
    assert most(TEN, max_price=0.5) == 1.0
    assert most(Budget(max_hours=10, max_total=4.20)) == 0.84  # $0.42 an hour may be paid


def test_one_launcher_rents_all() -> None:
    spec = job("RTX 4090", budget=TEN)
    other: Candidate
    found = plan_of(spec, offer("RTX 4090", 0.4), offer("RTX 4090", 0.8, launcher="other", cloud="acme"))
    (other,) = [each for each in found.kept if each.offer.launcher == "other"]
    assert other not in launchable(spec, found)


def test_the_page_has_each_cloud_and_what_is_known_of_it() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/prices.md").read_text(encoding="utf-8")
    section = page.split("\n## What a run costs at worst\n")[1].split("\n## ")[0]
    rows = {cells[1].strip(): cells for line in section.splitlines() if len(cells := line.split("|")) == 8}
    known = {fact.cloud for fact in cloud_facts()}
    assert set(rows) - {"cloud", "---"} == known
    unknown = section.split("\nOf ")[1].split(" none of this")[0]
    named = {name.strip() for name in unknown.replace(" and ", ", ").split(",")}
    shipped = {one.cloud for one in CATALOG.offers()}
    assert shipped <= known | named
    assert not known & named
    for name in known:
        asks = cloud_costs(name)
        by = {None: "–", 1: "second", 60: "minute", 600: "10 minutes", 3600: "hour"}[asks.billing_step]
        assert rows[name][2].strip() == by
        stopped = {"all": "as before", "disk": "its disk", "host": "set by each host", None: "–"}
        assert rows[name][6].strip() == stopped.get(asks.stopped, "$0.20 a GB and month")
        if asks.egress:
            assert f"${asks.egress:g}" in rows[name][5]
        else:
            word = (
                "set by each host" if "egress" in asks.host_sets else "nothing" if asks.egress == 0 else "–"
            )
            assert rows[name][5].strip().startswith(word)
        if asks.disk:
            assert f"{asks.disk:.2f}".rstrip("0") in rows[name][4]
