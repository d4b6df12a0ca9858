"""A job as a configuration of dstack: a service for what serves, a task for what ends."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from gpuspec.catalog import Gpu
from gpuspec.export.outgoing import CACHE, WORKSPACE, Outgoing
from gpuspec.export.script import preparations, run_command
from gpuspec.formats.dstack.words import BACKENDS, POLICIES
from gpuspec.launch.skypilot.yaml_text import render as yaml_text
from gpuspec.planning.case import Case


def render(out: Outgoing, case: Case) -> tuple[str, list[str]]:
    """(the configuration, what is not in it)."""
    service = out.serves and bool(out.ports) and out.job.task != "interactive"
    job = out.job
    found: dict[str, Any] = {"type": "service" if service else "task", "name": out.name}
    if job.image:
        found["image"] = job.image
    if out.has_workspace:
        found |= {"files": [f".:{WORKSPACE}"], "working_dir": WORKSPACE}
    env = [f"{name}={value}" for name, value in job.env.items()] + list(job.secrets)
    if env:
        found["env"] = env
    commands = [*preparations(job), run_command(job)] if job.run else preparations(job)
    if commands:
        found["commands"] = commands
    found |= _service(out) if service else _task(out)
    found["resources"] = _resources(out, case)
    found |= _machines(out)
    return yaml_text(found), list(_notes(out, service))


def _service(out: Outgoing) -> dict[str, Any]:
    found: dict[str, Any] = {"port": out.ports[0]}
    scaling = out.job.scaling
    if scaling:
        found["replicas"] = scaling.replicas[0] or 1
    if out.health and out.health[1] == out.ports[0]:
        ready = out.job.readiness
        probe: dict[str, Any] = {"type": "http", "url": out.health[0]}
        if ready and ready.interval:
            probe["interval"] = f"{math.ceil(ready.interval)}s"
        found["probes"] = [probe]
    return found


def _task(out: Outgoing) -> dict[str, Any]:
    found: dict[str, Any] = {"nodes": out.nodes} if out.nodes > 1 else {}
    if out.ports:
        found["ports"] = list(out.ports)
    if out.hours is not None:
        found["max_duration"] = f"{max(1, math.ceil(out.hours * 60))}m"
    return found


def _resources(out: Outgoing, case: Case) -> dict[str, Any]:
    gpu: dict[str, Any] = {"count": out.gpu_count}
    names, sizes = _named(out, case)
    if names:
        gpu = {"name": names, **gpu}
    if sizes:
        low, high = min(sizes), max(sizes)
        gpu["memory"] = f"{low:g}GB" if low == high else f"{low:g}GB..{high:g}GB"
    elif out.job.min_vram:
        gpu["memory"] = f"{out.job.min_vram:g}GB.."
    elif out.gpu is not None:
        gpu["memory"] = f"{out.gpu.vram_gb:g}GB.."
    found: dict[str, Any] = {"gpu": gpu}
    if out.job.disk_gb is not None:
        found["disk"] = f"{math.ceil(out.job.disk_gb)}GB.."
    if out.shares_memory:
        found["shm_size"] = "16GB"
    return found


def _named(out: Outgoing, case: Case) -> tuple[list[str], list[float]]:
    """(names, GB) of the GPUs that the job allows, in as many of which it needs."""
    found: list[Gpu] = []
    for choice in out.job.gpu_types:
        match = case.catalog.resolve_gpu(choice.name)
        if (choice.gpu_count or match.gpu_count or out.job.gpu_count or 1) == out.gpu_count:
            found += [match.gpu] if match.gpu else match.ambiguous
    return list(dict.fromkeys(map(_name, found))), [gpu.vram_gb for gpu in found]


def _name(gpu: Gpu) -> str:
    """The chip without its memory and form, as gpuhunt has it."""
    alias = gpu.alias("gpuhunt")
    bare = re.sub(r"\s*\b(\d+GB|SXM\d?|PCIe|NVL)\b", "", gpu.name)
    return alias or bare.replace("RTX ", "RTX").replace(" ", "")


_SHORTEST_WINDOW = 5
"""Minutes over which dstack looks at least (dstackai/dstack#2384, 2025-03)."""


def _machines(out: Outgoing) -> dict[str, Any]:
    job = out.job
    found: dict[str, Any] = {"spot_policy": POLICIES[job.spot or "never"]}
    if job.spot in ("allowed", "only") and job.checkpoint:
        found["retry"] = {"on_events": ["interruption"], "duration": "1d"}
    if job.max_price is not None:
        found["max_price"] = job.max_price
    backends = [BACKENDS[cloud.lower()] for cloud in job.clouds if cloud.lower() in BACKENDS]
    if backends:
        found["backends"] = backends
    if job.regions and not any(set("*?[") & set(region) for region in job.regions):
        found["regions"] = list(job.regions)
    if job.keep_alive_minutes is not None:
        found["idle_duration"] = f"{math.ceil(job.keep_alive_minutes)}m"
    if job.min_utilization and job.min_utilization.then == "end":
        found["utilization_policy"] = {
            "min_gpu_utilization": math.ceil(job.min_utilization.gpu),
            "time_window": f"{max(_SHORTEST_WINDOW, math.ceil(job.min_utilization.minutes))}m",
        }
    return found


def _notes(out: Outgoing, service: bool) -> Iterator[str]:
    job = out.job
    if service and out.hours is not None:
        yield f"budget.max_hours: nothing ends a service after {out.hours:g} h"
    if job.scaling and job.scaling.replicas[1] > max(1, job.scaling.replicas[0]):
        low, high = job.scaling.replicas
        yield f"scaling: {low} to {high} replicas take `scaling` with a target of requests a second"
    if service and len(out.ports) > 1:
        yield f"ports: a service has one, {out.ports[0]}"
    if job.min_utilization:
        ends = job.min_utilization.then == "end"
        how = (
            "ends a run of which one GPU is below that all the time, loading included"
            if ends
            else "does not warn"
        )
        yield f"min_utilization: dstack {how}"
    if service and job.readiness and job.readiness.timeout:
        yield "readiness.timeout: dstack waits as long as the service runs"
    unknown = [cloud for cloud in job.clouds if cloud.lower() not in BACKENDS]
    if unknown:
        yield f"clouds: dstack has no backend for {', '.join(unknown)}"
    for volume in out.volumes:
        if volume.path != CACHE and volume.lasts:
            yield f"{volume.path}: storage that lasts must be mounted there"
    if job.cache:
        yield f"cache {job.cache}: make a volume of it (`type: volume`), and mount it under `volumes`"
    counts = {gpu.gpu_count or job.gpu_count or 1 for gpu in job.gpu_types}
    if len(counts) > 1:
        yield f"gpu_types: those of {out.gpu_count} GPUs alone; dstack takes one number for all names"
