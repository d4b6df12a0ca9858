"""What SkyPilot may take, where the plan ranks machines by more than their price an hour."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.catalog.stock import Stock
from gpuspec.job.job import Checkpoint, Job, Port, Readiness, Scaling
from gpuspec.launch.skypilot.controller_task import managed_job_task, service_task
from gpuspec.launch.skypilot.task import quoted_share, task, ways
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Plan
from gpuspec.planning.price_lists import PriceBook
from gpuspec.planning.rank import rank_offers
from gpuspec.sizing import Need, Part, Phase
from gpuspec.words import By
from gpuspec.workload import Workload

from .test_skypilot_task import job, offer

OFFERS = (
    offer("runpod", "L4", "L4", 0.71, spot_price=0.44),
    offer("lambda", "L4", "L4", 0.75),
    offer("runpod", "A100 80GB PCIe", "A100-80GB", 1.69, spot_price=0.89),
)
"""The A100 has 6.45 times the bandwidth of the L4: at 2.4 times the price a job costs less on it."""

A100 = {"infra": "runpod", "accelerators": "A100-80GB:1"}
L4 = [{"infra": "runpod", "accelerators": "L4:1"}, {"infra": "lambda", "accelerators": "L4:1"}]


def planned(spec: Job, by: By | None, offers: tuple[Offer, ...] = OFFERS) -> Plan:
    def need(gpus: int, _: Gpu | None) -> Need:
        return Need((Phase("serving", (Part("weights", 10.0, 10.0, 10.0, ""),)),), gpus, "vllm", (), "high")

    work = Workload(task=spec.task, modality="text", engine="transformers")
    return rank_offers(Market(spec, work, need, PriceBook(Catalog(), Stock(offers)), by=by))


def resources(spec: Job, by: By | None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = task(spec, planned(spec, by, **more), workdir="/w", label="r1")["resources"]
    return found


def test_the_plans_order_is_kept_where_it_is_not_that_of_prices() -> None:
    spec = job("L4", "A100 80GB PCIe")
    found = resources(spec, "job")
    assert found["ordered"] == [A100, *L4]
    assert "any_of" not in found
    assert found["max_hourly_cost"] == 1.86  # 1.69 and a tenth more
    assert resources(spec, None) == found
    by_hour = resources(spec, "hour")
    assert by_hour["any_of"] == [*L4, A100]
    assert "ordered" not in by_hour


def test_where_one_machine_is_rented_is_left_to_the_price_of_the_moment() -> None:
    assert resources(job("L4"), "job")["any_of"] == L4


def test_prices_that_skypilot_does_not_know_are_kept_in_order() -> None:
    """SkyPilot would take the machine at $0.71: it knows $1.00 of the other, of which half was agreed on."""
    agreed = offer("lambda", "L4", "L4", 0.50, list_price=1.00, agreed="list price less 50 %")
    assert resources(job("L4"), "hour", offers=(OFFERS[0], agreed))["ordered"] == [
        L4[1],
        {
            **L4[0],
            "max_hourly_cost": 0.79,
        },  # its own $0.71 and a tenth more, not that of the other's list price
    ]


def test_what_skypilot_quotes_is_that_of_the_first_cloud_it_may_use() -> None:
    """Half was agreed on with the other cloud: $0.71 here is $0.71."""
    agreed = offer("lambda", "L4", "L4", 0.50, list_price=1.00, agreed="list price less 50 %")
    spec = job("L4")
    plan = planned(spec, "hour", (OFFERS[0], agreed))
    assert plan.choice
    assert plan.choice.offer is agreed
    for clouds, share in ((None, 0.5), (frozenset({"runpod"}), 1.0), (frozenset({"lambda"}), 0.5)):
        made = task(spec, plan, workdir="/w", label="r1", clouds=clouds)
        assert quoted_share(plan, made["resources"]) == share


@pytest.mark.parametrize("by", ["job", "hour"])
def test_a_managed_job_keeps_the_plans_order(by: By) -> None:
    spec = job("L4", "A100 80GB PCIe", spot="only", checkpoint=Checkpoint("s3://b/ckpt"))
    config = managed_job_task(task(spec, planned(spec, by), workdir="/w", label="r1"), spec)
    a100, l4 = ({**machine, "use_spot": True} for machine in (A100, L4[0]))
    assert config["resources"]["ordered"] == ([a100, l4] if by == "job" else [l4, a100])


def test_a_service_on_spot_keeps_the_order_of_its_spot_machines() -> None:
    spec = job("L4", "A100 80GB PCIe", task="batch", spot="allowed")
    made = task(spec, planned(spec, "job"), workdir="/w", label="r1")
    served = spec._replace(
        task="serve",
        scaling=Scaling(min=1),
        ports=(Port(8000),),
        readiness=Readiness(http="http://localhost:8000/health"),
    )
    config = service_task(made, served)
    assert [each["accelerators"] for each in ways(config["resources"])] == ["A100-80GB:1", "L4:1"]
    assert all(each["use_spot"] for each in config["resources"]["ordered"])
