"""What SkyPilot is told for it to rent nothing dearer than the plan has."""

from __future__ import annotations

from typing import Any

from gpuspec.catalog import Offer
from gpuspec.job.job import Budget, Job
from gpuspec.launch.skypilot.task import task

from .test_skypilot_task import job, offer, planned

A10 = "Standard_NV36ads_A10_v5"
OFFERS = (
    offer("lambda", "A10", "A10", 1.29, instance="gpu_1x_a10", region="us-east-1"),
    offer("azure", "A10", "A10", 3.20, instance=A10, region="eastus"),
    offer("azure", "A10", "A10", 3.84, instance=A10, region="canadacentral"),
    offer("azure", "A10", "A10", 6.40, instance=A10, region="brazilsouth"),
)
"""Azure's prices of 2026-06-18: the same machine is twice as dear in Brazil."""


def resources(spec: Job, offers: tuple[Offer, ...] = OFFERS) -> dict[str, Any]:
    found: dict[str, Any] = task(spec, planned(spec, offers), workdir="/w", label="r1")["resources"]
    return found


def infra(spec: Job, offers: tuple[Offer, ...] = OFFERS) -> list[str]:
    return [entry["infra"] for entry in resources(spec, offers)["any_of"]]


def test_regions_are_named_where_another_costs_more_than_max_price() -> None:
    """SkyPilot holds the limit against $3.20 and would go on to Brazil."""
    spec = job("A10", max_price=4.0)
    assert infra(spec) == ["lambda", "azure/eastus", "azure/canadacentral"]
    assert resources(spec)["max_hourly_cost"] == 4.0


def test_regions_are_named_where_another_would_break_the_budget() -> None:
    """4 h and 2.5 idle minutes of $3.84 are $15.52 and $0.16 for the disk; of $6.40, $25.87."""
    assert infra(job("A10", budget=Budget(max_total=20.0, max_hours=4))) == [
        "lambda",
        "azure/eastus",
        "azure/canadacentral",
    ]


def test_regions_are_left_to_skypilot_where_all_may_be_taken() -> None:
    assert infra(job("A10")) == ["lambda", "azure"]
    assert infra(job("A10", max_price=7.0)) == ["lambda", "azure"]


def test_a_limit_holds_in_regions_that_the_list_does_not_have() -> None:
    """The list of AWS has us-east-1 alone; the same machine costs more in most others."""
    g5 = (offer("aws", "A10G", "A10G", 1.006, instance="g5.xlarge", region="us-east-1"),)
    assert infra(job("A10G", max_price=1.05), g5) == ["aws/us-east-1"]
    assert infra(job("A10G", budget=Budget(max_total=5.0)), g5) == ["aws/us-east-1"]
    assert infra(job("A10G"), g5) == ["aws"]


def test_a_discount_of_one_cloud_raises_no_other_clouds_limit() -> None:
    """70 % off: $1.40 stand for $4.67 of Azure's list price, and for $1.40 of a cloud without a discount."""
    agreed = offer(
        "azure", "A10", "A10", 0.96, instance=A10, region="eastus", list_price=3.20, agreed="less 70 %"
    )
    spec = job("A10", max_price=1.40)
    found = resources(spec, (agreed, OFFERS[0]))
    assert found["ordered"] == [
        {"infra": "azure/eastus", "accelerators": "A10:1"},
        {"infra": "lambda", "accelerators": "A10:1", "max_hourly_cost": 1.4},
    ]
    assert found["max_hourly_cost"] == 4.6667


def test_one_cloud_s_dear_machines_do_not_pass_by_the_price_of_anothers() -> None:
    """Up to $3.84 may be paid on Azure; Paperspace bills whole hours, so that the budget holds $3.18 and not $3.50:
    5 h × $3.50 = $17.50 for the 4 h and some minutes, and $17 is the budget."""
    offers = (
        *OFFERS[:3],
        offer("paperspace", "A10", "A10", 3.18, instance="one", region="ny"),
        offer("paperspace", "A10", "A10", 3.50, instance="two", region="ny"),
    )
    found = resources(job("A10", budget=Budget(max_total=17.0, max_hours=4)), offers)
    own = {entry["infra"]: entry.get("max_hourly_cost") for entry in found["any_of"]}
    assert found["max_hourly_cost"] == 3.84
    assert 3.18 <= own.pop("paperspace") < 3.50
    assert own == {"lambda": None, "azure": None}
