"""The task for managed jobs and SkyServe, and the cache that outlives machines."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.job.job import Budget, Checkpoint, Job, Port, Readiness, Scaling, Traffic
from gpuspec.launch.skypilot.controller_task import managed_job_task, service_task
from gpuspec.launch.skypilot.task_yaml import task_yaml

from .test_skypilot_task import job, made, planned

SERVED: dict[str, Any] = {
    "task": "serve",
    "ports": (Port(8000),),
    "readiness": Readiness(http="http://localhost:8000/health", timeout=900),
}


def test_a_managed_job_tries_the_cheapest_first_and_recovers() -> None:
    spec = job("RTX A6000", spot="allowed", checkpoint=Checkpoint("s3://b/ckpt"))
    config = managed_job_task(made(spec), spec)
    assert config["resources"]["ordered"] == [  # $0.34, $0.79, $0.80
        {"infra": "runpod", "accelerators": "RTXA6000:1", "use_spot": True},
        {"infra": "runpod", "accelerators": "RTXA6000:1"},
        {"infra": "lambda", "accelerators": "A6000:1"},
    ]
    assert config["resources"]["job_recovery"] == {"strategy": "EAGER_NEXT_REGION"}
    assert "autostop" not in config["resources"]
    assert "any_of" not in config["resources"]
    assert task_yaml(spec, planned(spec), "/w", "job").startswith(
        "# written by gpuspec; launch it with: sky jobs launch FILE"
    )


def test_a_service_scales_by_its_declared_load() -> None:
    spec = job("RTX A6000", scaling=Scaling(0, 4, 10), traffic=Traffic(requests_per_day=172_800), **SERVED)
    config = service_task(made(spec), spec)
    assert config["service"] == {
        "ports": 8000,
        "readiness_probe": {"path": "/health", "initial_delay_seconds": 900},
        "replica_policy": {
            "min_replicas": 0,
            "max_replicas": 4,
            "target_qps_per_replica": 0.5,  # 172,800 a day are 2 a second, over 4 replicas
            "downscale_delay_seconds": 600,
        },
    }
    assert "autostop" not in config["resources"]
    assert config["resources"]["ports"] == [8000]  # forwarded to nobody: the load balancer calls it
    peaks = spec._replace(traffic=Traffic(requests_per_day=172_800, peak_factor=3))  # 6 a second, over 4
    assert service_task(made(peaks), peaks)["service"]["replica_policy"]["target_qps_per_replica"] == 1.5
    one = job("RTX A6000", scaling=Scaling(min=1), **SERVED)
    assert service_task(made(one), one)["service"]["replica_policy"] == {"min_replicas": 1}


def test_a_service_on_spot_falls_back_to_machines_on_demand() -> None:
    spec = job("RTX A6000", spot="allowed", scaling=Scaling(min=1), **SERVED)
    config = service_task(made(spec), spec)
    assert config["resources"]["any_of"] == [
        {"infra": "runpod", "accelerators": "RTXA6000:1", "use_spot": True}
    ]
    assert config["service"]["replica_policy"] == {"min_replicas": 1, "dynamic_ondemand_fallback": True}
    only = job("RTX A6000", spot="only", scaling=Scaling(min=1), **SERVED)
    assert service_task(made(only), only)["service"]["replica_policy"] == {"min_replicas": 1}


def test_a_service_with_a_budget_is_refused_wherever_it_is_written() -> None:
    spec = job("RTX A6000", scaling=Scaling(min=1), budget=Budget(max_total=20.0, max_hours=10), **SERVED)
    with pytest.raises(UserError) as error:
        task_yaml(spec, planned(spec), "/w", "service")
    assert error.value.code == "service-without-end"
    assert "time limit reached: 10 h" in task_yaml(spec, planned(spec), "/w", "machine")


def test_a_single_request_does_not_start_every_replica() -> None:
    quiet = job("RTX A6000", scaling=Scaling(0, 4), traffic=Traffic(requests_per_day=100), **SERVED)
    target = service_task(made(quiet), quiet)["service"]["replica_policy"]["target_qps_per_replica"]
    assert math.ceil(10 / 60 / target) == 1  # ten requests in SkyServe's window of a minute
    assert math.ceil(11 / 60 / target) == 2


@pytest.mark.parametrize(
    ("kind", "spec", "code"),
    [
        ("job", job("RTX A6000"), "not-spot"),
        ("job", job("RTX A6000", spot="only"), "no-checkpoint"),
        ("service", job("RTX A6000"), "not-a-service"),
        ("service", job("RTX A6000", **{**SERVED, "ports": ()}, scaling=Scaling(1)), "one-port"),
        ("service", job("RTX A6000", **{**SERVED, "readiness": None}, scaling=Scaling(1)), "no-readiness"),
        ("service", job("RTX A6000", scaling=Scaling(0, 2), **SERVED), "no-traffic"),
        ("service", job("RTX A6000", scaling=Scaling(1), items=("a", "b"), **SERVED), "service-with-items"),
    ],
)  # fmt: skip
def test_what_a_controller_could_not_run_is_refused(kind: str, spec: Job, code: str) -> None:
    with pytest.raises(UserError) as caught:
        task_yaml(spec, planned(spec), "/w", kind)
    assert caught.value.code == code


def test_a_cache_is_mounted_and_the_hub_uses_it() -> None:
    bucket = made(job("RTX A6000", cache="s3://models/x", env={"A": "1"}))
    assert bucket["file_mounts"] == {"/gpuspec-cache": {"source": "s3://models", "mode": "MOUNT_CACHED"}}
    assert bucket["envs"] == {"HF_HOME": "/gpuspec-cache/x/huggingface", "A": "1"}
    volume = made(job("RTX A6000", cache="models", env={"HF_HOME": "/mine"}))
    assert volume["volumes"] == {"/gpuspec-cache": "models"}
    assert volume["envs"] == {"HF_HOME": "/mine"}  # the author's own word holds
