"""The same task for SkyPilot's two controllers: managed jobs (spot with recovery) and SkyServe (replicas)."""

from __future__ import annotations

import urllib.parse
from typing import Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.job.job import Scaling
from gpuspec.launch.skypilot.mode import survives_preemption
from gpuspec.launch.skypilot.task import ways

DAY_SECONDS = 86400

LEAST_QPS = 10 / 60
"""Requests per second that one replica is trusted with at least. SkyServe counts those of the last minute: below one
a minute, a single request would start as many replicas as there may be."""


def managed_job_task(config: dict[str, Any], job: Job) -> dict[str, Any]:
    """The task for a managed job: a machine that the cloud takes back is replaced and the command started again.

    UserError where spot is not allowed, or the command would begin from nothing each time."""
    if job.spot not in ("only", "allowed"):
        raise UserError(
            "not-spot",
            "managed jobs recover spot machines, and `spot` is not allowed",
            'say "spot": "allowed"',
        )
    if not survives_preemption(job):
        raise UserError(
            "no-checkpoint",
            "a machine that is taken back would lose all work: the job has no `checkpoint` that outlives it",
            'say "checkpoint": {"path": "s3://…"}, and have the command go on from it',
        )
    resources = {name: value for name, value in config["resources"].items() if name != "autostop"}
    # The controller takes the list in its order, whatever it is called: it stands in the plan's.
    rest = {name: value for name, value in resources.items() if name not in ("any_of", "ordered")}
    return {
        **config,
        "resources": {
            "ordered": ways(resources),
            **rest,
            "job_recovery": {"strategy": "EAGER_NEXT_REGION"},
        },
    }


def service_task(config: dict[str, Any], job: Job) -> dict[str, Any]:
    """The task for SkyServe, with as many replicas as `scaling` says. A replica has no timer of its own:
    SkyServe ends it.

    `target_qps_per_replica` is the declared load of the busiest hour (of the mean one, where nobody says how busy it
    is), spread evenly over the most replicas, and at least `LEAST_QPS`. UserError where the spec
    lacks what SkyServe must know."""
    if job.task != "serve" or job.scaling is None:
        raise UserError(
            "not-a-service", "SkyServe runs `task: serve` with `scaling`", 'say "scaling": {"min": 0}'
        )
    if job.items is not None:
        raise UserError(
            "service-with-items",
            "`scaling` makes this a service, whose replicas answer requests: none of them would do `items`",
            "leave `scaling` out (or `run --plain`): one machine does them all; or leave `items` out",
        )
    if len(job.ports) != 1:
        raise UserError(
            "one-port", f"SkyServe serves one port, the spec has {len(job.ports)}", "name one in `ports`"
        )
    if job.readiness is None or job.readiness.http is None:
        raise UserError(
            "no-readiness",
            "SkyServe must know when a replica is ready",
            f'say "readiness": {{"http": "http://localhost:{job.ports[0].port}/health"}}',
        )
    resources = {name: value for name, value in config["resources"].items() if name != "autostop"}
    port = job.ports[0].port
    resources["ports"] = [port]  # the load balancer calls the replicas from outside
    policy = _replicas(job, job.scaling)
    group = "any_of" if "any_of" in resources else "ordered"
    spot = [way for way in resources[group] if way.get("use_spot")]
    if spot and len(spot) < len(resources[group]):  # SkyServe takes no mixed list
        # The limit of all holds: one of a spot machine's own would bar those on demand that stand in.
        resources[group] = [
            {name: value for name, value in way.items() if name != "max_hourly_cost"} for way in spot
        ]
        policy["dynamic_ondemand_fallback"] = True
    probe: dict[str, Any] = {"path": urllib.parse.urlsplit(job.readiness.http).path or "/"}
    if job.readiness.timeout is not None:
        probe["initial_delay_seconds"] = job.readiness.timeout
    return {
        **config,
        "resources": resources,
        "service": {"ports": port, "readiness_probe": probe, "replica_policy": policy},
    }


def _replicas(job: Job, scaling: Scaling) -> dict[str, Any]:
    least, most = scaling.replicas
    policy: dict[str, Any] = {"min_replicas": least}
    if most > least:
        day = job.traffic.requests_per_day if job.traffic else None
        if not day:
            raise UserError(
                "no-traffic",
                f"SkyServe scales from {least} to {most} replicas by requests per second, and none are declared",
                'say "traffic": {"requests_per_day": …}',
            )
        policy["max_replicas"] = most
        busiest = day / DAY_SECONDS * ((job.traffic and job.traffic.peak_factor) or 1.0)
        policy["target_qps_per_replica"] = float(f"{max(busiest / most, LEAST_QPS):.3g}")
    if scaling.idle_minutes is not None and most > least:
        policy["downscale_delay_seconds"] = round(scaling.idle_minutes * 60)
    return policy
