"""The same task for SkyPilot's two controllers: managed jobs (spot with recovery) and SkyServe (replicas).

`gpuspec run` itself rents plain machines. What is written here is checked against SkyPilot's own reader, for
`sky jobs launch` and `sky serve up`.
"""

from __future__ import annotations

import urllib.parse
from typing import Any

from gpuspec.errors import UserError
from gpuspec.spec import Job

DAY_SECONDS = 86400


def managed(config: dict[str, Any], job: Job) -> dict[str, Any]:
    """The task for `sky jobs launch`: a machine that the cloud takes back is replaced and the command started again.

    UserError where spot is not allowed, or the command would begin from nothing each time."""
    if job.spot not in ("only", "allowed"):
        raise UserError(
            "not-spot",
            "managed jobs recover spot machines, and `spot` is not allowed",
            'say "spot": "allowed"',
        )
    if not (job.checkpoint and job.checkpoint.path):
        raise UserError(
            "no-checkpoint",
            "a machine that is taken back would lose all work: the job has no `checkpoint`",
            'say "checkpoint": {"path": "s3://…"}, and have the command go on from it',
        )
    resources = {name: value for name, value in config["resources"].items() if name != "autostop"}
    # The controller takes the list in its order, whatever it is called: it is sorted by price.
    return {
        **config,
        "resources": {
            "ordered": resources.pop("any_of"),
            **resources,
            "job_recovery": {"strategy": "EAGER_NEXT_REGION"},
        },
    }


def service(config: dict[str, Any], job: Job) -> dict[str, Any]:
    """The task for `sky serve up`, with as many replicas as `scaling` says. A replica has no timer of its own:
    SkyServe ends it.

    `target_qps_per_replica` is the declared load of a day, spread evenly over the most replicas. UserError where the
    spec lacks what SkyServe must know."""
    if job.task != "serve" or job.scaling is None:
        raise UserError(
            "not-a-service", "SkyServe runs `task: serve` with `scaling`", 'say "scaling": {"min": 0}'
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
    resources["ports"] = [job.ports[0].port]  # the load balancer calls the replicas from outside
    probe: dict[str, Any] = {"path": urllib.parse.urlsplit(job.readiness.http).path or "/"}
    if job.readiness.timeout is not None:
        probe["initial_delay_seconds"] = job.readiness.timeout
    return {
        **config,
        "resources": resources,
        "service": {"readiness_probe": probe, "replica_policy": _replicas(job)},
    }


def _replicas(job: Job) -> dict[str, Any]:
    scaling = job.scaling
    least = (scaling and scaling.min) or 0
    most = (scaling and scaling.max) or max(least, 1)
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
        policy["target_qps_per_replica"] = float(f"{day / DAY_SECONDS / most:.3g}")
    if scaling and scaling.idle_minutes is not None and most > least:
        policy["downscale_delay_seconds"] = round(scaling.idle_minutes * 60)
    return policy
