"""Job + Plan → SkyPilot task, and the shell text in it, run by a real bash."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.stock import Stock
from gpuspec.errors import UserError
from gpuspec.job.job import Budget, GpuChoice, Job, Port
from gpuspec.launch import RunSettings, find_launcher, items
from gpuspec.launch.skypilot.reuse import machine_key
from gpuspec.launch.skypilot.task import ResourceOption, task, task_name
from gpuspec.launch.skypilot.task_yaml import task_yaml
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Plan
from gpuspec.planning.price_lists import PriceBook
from gpuspec.planning.rank import rank_offers
from gpuspec.sizing import Unsized
from gpuspec.workload import Workload


def offer(
    cloud: str, gpu: str, name: str, price: float, *, instance: str = "i", region: str = "US", **more: Any
) -> Offer:
    fields: dict[str, Any] = {
        "vcpus": None, "ram_gib": None, "disk_gb": None, "spot_price": None, "source": "test", **more
    }  # fmt: skip
    return Offer(
        cloud=cloud,
        region=region,
        instance=instance,
        gpu=gpu,
        gpu_count=1,
        price=price,
        accelerator=name,
        **fields,
    )


OFFERS = (
    offer("runpod", "RTX A6000", "RTXA6000", 0.79, spot_price=0.34),
    offer("lambda", "RTX A6000", "A6000", 0.80),
    offer("lambda", "H100 PCIe", "H100", 2.49, instance="gpu_1x_h100_pcie"),
    offer("lambda", "H100 SXM", "H100", 3.29, instance="gpu_1x_h100_sxm5"),
)


A6000_ON_LAMBDA = ResourceOption(
    infra="lambda", accelerator="A6000", gpu_count=1, spot=False, instance="", price=0.8
)


def planned(job: Job, offers: tuple[Offer, ...] = OFFERS) -> Plan:
    return rank_offers(
        Market(job, Workload(), lambda *_: Unsized("not said"), PriceBook(Catalog(), Stock(offers)))
    )


def job(*names: str, **fields: Any) -> Job:
    more: dict[str, Any] = {"name": "job", "task": "batch", "run": "true", "keep_alive_minutes": 2.5} | fields
    return Job(gpu_types=tuple(GpuChoice(name, 1, "") for name in names), **more)


def made(spec: Job, **more: Any) -> dict[str, Any]:
    return task(spec, planned(spec), workdir="/w", label="r1", **more)


def test_a_whole_task() -> None:
    spec = job(
        "RTX A6000", max_price=2.0, disk_gb=199.5, image="pytorch/pytorch:2.4", env={"A": "1"},
        ports=(Port(8000, public=True), Port(8265)), secrets=("HF_TOKEN",), setup=("pip install x",),
        run="python a.py",
    )  # fmt: skip
    found = made(spec)
    assert "\npython a.py\nGPUSPEC_RUN\n" in found.pop("run")
    assert found == {
        "name": "job",
        "workdir": "/w",
        "resources": {
            # each cloud's own name for the same GPU, cheapest first
            "any_of": [
                {"infra": "runpod", "accelerators": "RTXA6000:1"},
                {"infra": "lambda", "accelerators": "A6000:1"},
            ],
            "disk_size": 200,
            "image_id": "docker:pytorch/pytorch:2.4",
            "ports": [8000],
            "max_hourly_cost": 2.0,
            "autostop": {"idle_minutes": 3, "down": True, "wait_for": "jobs"},
            "labels": {"gpuspec": "r1"},
        },
        "envs": {"A": "1"},
        "secrets": {"HF_TOKEN": None},
        "setup": "set -e\npip install x\n",
    }


def test_spot_is_asked_for_where_the_plan_took_it() -> None:
    ways = made(job("RTX A6000", spot="allowed"))["resources"]["any_of"]
    assert ways[0] == {"infra": "runpod", "accelerators": "RTXA6000:1", "use_spot": True}
    assert ways[1:] == [
        {"infra": "runpod", "accelerators": "RTXA6000:1"},
        {"infra": "lambda", "accelerators": "A6000:1"},
    ]


def test_an_instance_is_named_where_the_gpus_name_would_also_get_another() -> None:
    assert made(job("H100 SXM"))["resources"]["any_of"] == [
        {"infra": "lambda", "accelerators": "H100:1", "instance_type": "gpu_1x_h100_sxm5"}
    ]
    assert made(job("H100"))["resources"]["any_of"] == [{"infra": "lambda", "accelerators": "H100:1"}]


def test_whose_machine_it_is_reaches_skypilot() -> None:
    secure = offer("runpod", "RTX 4090", "RTX4090", 0.69, instance="1x_RTX4090_SECURE")
    community = offer(
        "runpod", "RTX 4090", "RTX4090", 0.34, instance="1x_RTX4090_COMMUNITY", hosts="community"
    )

    def ways(hosts: str, *offers: Offer) -> Any:
        spec = job("RTX 4090", hosts=hosts)
        return task(spec, planned(spec, offers), workdir="/w", label="r1")["resources"]["any_of"]

    named = [
        {"infra": "runpod", "accelerators": "RTX4090:1", "instance_type": "1x_RTX4090_COMMUNITY"},
        {"infra": "runpod", "accelerators": "RTX4090:1", "instance_type": "1x_RTX4090_SECURE"},
    ]
    assert ways("secure", secure, community) == named[1:]
    assert ways("any", secure, community) == named
    assert (
        ways("secure", secure) == ways("any", community) == [{"infra": "runpod", "accelerators": "RTX4090:1"}]
    )


def test_vast_is_told_to_stay_in_data_centres_where_the_plan_does() -> None:
    in_one = offer("vast", "RTX 4090", "RTX4090", 0.39)
    strange = offer("vast", "RTX 4090", "RTX4090", 0.29, hosts="community")

    def settings(hosts: str, *offers: Offer) -> Any:
        spec = job("RTX 4090", hosts=hosts)
        return task(spec, planned(spec, offers), workdir="/w", label="r1").get("config")

    assert settings("secure", in_one, strange) == {"vast": {"datacenter_only": True}}
    assert settings("any", in_one, strange) is None
    assert settings("any", strange) is None
    assert settings("secure", OFFERS[0]._replace(gpu="RTX 4090")) is None


def test_regions_are_named_where_the_job_limits_them() -> None:
    ways = made(job("RTX A6000", regions=("us",)))["resources"]["any_of"]
    assert [way["infra"] for way in ways] == ["runpod/US", "lambda/US"]


def test_without_max_price_the_dearest_way_is_the_ceiling() -> None:
    assert made(job("RTX A6000"))["resources"]["max_hourly_cost"] == 0.89  # $0.80 and a tenth, rounded up


def test_only_enabled_clouds_are_asked() -> None:
    ways = made(job("RTX A6000"), clouds=frozenset({"lambda", "aws"}))["resources"]["any_of"]
    assert ways == [{"infra": "lambda", "accelerators": "A6000:1"}]
    with pytest.raises(UserError, match=r"may not use lambda, runpod.*\(enabled: aws\)") as caught:
        made(job("RTX A6000"), clouds=frozenset({"aws"}))
    assert caught.value.code == "cloud-not-enabled"


def test_nothing_kept_is_nothing_to_rent() -> None:
    with pytest.raises(UserError) as caught:
        made(job("RTX A6000", max_price=0.1))
    assert caught.value.code == "nothing-to-rent"


@given(st.text())
def test_names_fit_clusters(name: str) -> None:
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,33}[a-z0-9])?", task_name(Job(name=name)))


def test_shards_are_every_item_once() -> None:
    found = tuple("abcdefg")
    assert items.part(found, (1, 3)) == ("a", "d", "g")
    assert sorted(sum((items.part(found, (n, 3)) for n in (1, 2, 3)), ())) == list(found)
    assert items.part(found, None) == found


def test_export_names_secrets_and_never_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "canary-123")
    spec = job("RTX A6000", secrets=("HF_TOKEN",))
    text = task_yaml(spec, planned(spec), "/w")
    assert "secrets:\n  HF_TOKEN: null\n" in text
    assert "sky launch --secret HF_TOKEN FILE" in text
    assert "canary" not in text


def refused(spec: Job, workdir: Path) -> str:
    with pytest.raises(UserError) as caught:
        find_launcher("skypilot").check(spec, planned(spec), RunSettings("gpu.jsonc", str(workdir)))
    return caught.value.code


def test_what_is_refused_before_a_cent_is_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert refused(job("RTX A6000", run=None), tmp_path) == "nothing-to-run"
    assert refused(job("RTX A6000"), tmp_path / "absent") == "no-workdir"
    assert refused(job("RTX A6000", secrets=("HF_TOKEN",)), tmp_path) == "missing-secret"
    assert refused(job("RTX A6000", outputs=("../x",)), tmp_path) == "output-outside"
    assert refused(job("RTX A6000", items="*.wav"), tmp_path) == "no-items"
    assert refused(job("L4"), tmp_path) == "nothing-to-rent"
    assert refused(job("RTX A6000", budget=Budget(max_total=1, max_hours=10)), tmp_path) == "over-budget"


@pytest.mark.parametrize("name", ["a $(touch pwned)", "a`touch pwned`", 'a"; touch pwned; "', "a\\", "a\nb"])
def test_a_folder_whose_name_skypilot_would_run_is_refused(tmp_path: Path, name: str) -> None:
    # seen: SkyPilot 0.14.1 made `pwned` of the first, here, before anything was rented
    (tmp_path / name).mkdir()
    assert refused(job("RTX A6000"), tmp_path / name) == "unsafe-name"
    assert refused(job("RTX A6000", image=name), tmp_path) == "unsafe-name"
    assert refused(job("RTX A6000", cache=f"s3://{name}"), tmp_path) == "unsafe-name"
    with pytest.raises(UserError):
        task_yaml(job("RTX A6000"), planned(job("RTX A6000")), str(tmp_path / name))


def test_a_folder_with_a_name_that_is_merely_odd_is_taken(tmp_path: Path) -> None:
    made(job("RTX A6000", cache="models-volume", image="nvcr.io/nvidia/pytorch:24.10-py3"))
    spec = job("RTX A6000")
    assert task(spec, planned(spec), workdir="/a 'b' é;&|*", label="x")["workdir"] == "/a 'b' é;&|*"


def test_skypilot_missing_is_said_before_anything_else_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuspec.launch.skypilot.client.find_spec", lambda name: None)
    assert refused(job("RTX A6000"), tmp_path) == "skypilot-missing"


def test_a_machine_is_made_for_its_open_ports_not_for_those_forwarded() -> None:
    plain, forwarded, public = (
        machine_key(job("RTX A6000", ports=ports), "/w")
        for ports in ((), (Port(8000),), (Port(8000, public=True),))
    )
    assert plain == forwarded != public


def test_a_job_that_wants_no_strangers_machine_does_not_go_on_with_one() -> None:
    unsaid, secure, anyones = (
        machine_key(job("RTX A6000", hosts=hosts), "/w") for hosts in (None, "secure", "any")
    )
    assert unsaid == secure != anyones
