"""A job as a compose file: one service, for the machine that `docker compose up` runs on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gpuspec.export.outgoing import CACHE, DEFAULT_IMAGE, WORKSPACE, Outgoing, nothing_looks
from gpuspec.launch.skypilot.yaml_text import render as yaml_text


def render(out: Outgoing) -> tuple[str, list[str]]:
    """(the compose file, what is not in it)."""
    document: dict[str, Any] = {"name": out.name, "services": {out.name: _service(out)}}
    volumes: dict[str, Any] = {volume.name: {} for volume in out.volumes if volume.lasts}
    if volumes:
        document["volumes"] = volumes
    return yaml_text(document), list(_notes(out))


def _service(out: Outgoing) -> dict[str, Any]:
    job = out.job
    found: dict[str, Any] = {"image": out.image}
    if out.has_workspace:
        found["working_dir"] = WORKSPACE
    if out.script:
        found |= {"entrypoint": ["bash", "-c"], "command": [_unexpanded(out.script)]}
    env = {name: _unexpanded(value) for name, value in job.env.items()}
    if any(volume.path == CACHE for volume in out.volumes) and "HF_HOME" not in env:
        env["HF_HOME"] = f"{CACHE}/huggingface"
    env |= {name: f"${{{name}:?}}" for name in job.secrets}
    if env:
        found["environment"] = env
    public = {port.port for port in job.ports if port.public}
    if out.ports:
        found["ports"] = [f"{'' if port in public else '127.0.0.1:'}{port}:{port}" for port in out.ports]
    mounts = [f".:{WORKSPACE}"] if out.has_workspace else []
    mounts += [f"{volume.name}:{volume.path}" for volume in out.volumes if volume.lasts]
    if mounts:
        found["volumes"] = mounts
    if out.shares_memory:
        found["ipc"] = "host"
    device = {"driver": "nvidia", "count": out.gpu_count, "capabilities": ["gpu"]}
    found["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    found |= _check(out) if out.serves else {}
    found["restart"] = "unless-stopped" if out.serves else "no"
    return found


def _check(out: Outgoing) -> dict[str, Any]:
    ready = out.job.readiness
    if ready and ready.command:
        test = ["CMD", *(_unexpanded(word) for word in ready.command)]
    elif out.health:
        path, port = out.health
        address = f"http://localhost:{port}{path}"
        program = f"import urllib.request; urllib.request.urlopen({_unexpanded(address)!r})"
        test = ["CMD", "python3", "-c", program]
    else:
        return {}
    every = ready.interval if ready and ready.interval else 10
    window = ready.timeout if ready and ready.timeout else 1800
    attempt = ready.attempt_timeout if ready and ready.attempt_timeout else 10
    return {
        "healthcheck": {
            "test": test,
            "interval": f"{math.ceil(every)}s",
            "timeout": f"{math.ceil(attempt)}s",
            "retries": 3,
            "start_period": f"{math.ceil(window)}s",
        }
    }


def _unexpanded(text: str) -> str:
    """Text in which compose puts no variables of its own."""
    return text.replace("$", "$$")


def _notes(out: Outgoing) -> Iterator[str]:
    job = out.job
    if out.gpu:
        yield f"gpu_types: compose takes the GPUs of this machine; it is to have {out.gpu_count} × {out.gpu.name}"
    if not job.image:
        yield f"image: the job names none; {DEFAULT_IMAGE} has Python and CUDA, and setup runs at every start"
    for volume in out.volumes:
        if volume.lasts:
            yield f"{volume.path}: volume {volume.name} is empty at first"
    if out.hours is not None:
        yield f"budget.max_hours: nothing ends it after {out.hours:g} h"
    if out.nodes > 1:
        yield f"nodes: compose knows one machine, the job is for {out.nodes}"
    if job.scaling and job.scaling.replicas[1] > 1:
        yield f"scaling: up to {job.scaling.replicas[1]} replicas; here it is one"
    for field, value in (("spot", job.spot), ("max_price", job.max_price), ("clouds", ", ".join(job.clouds))):
        if value and value != "never":
            yield f"{field}: {value}"
    if job.disk_gb is not None:
        yield f"disk_gb: {job.disk_gb:g} GB must be free here"
    yield from nothing_looks(job)
    if job.keep_alive_minutes is not None:
        yield "keep_alive_minutes: the machine stays up"
