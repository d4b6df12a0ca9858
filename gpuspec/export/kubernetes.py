"""A job as Kubernetes manifests: a Deployment and its Service for what serves, a Job for what ends."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from gpuspec.export.nodes_of_clouds import SPOT, node_labels
from gpuspec.export.outgoing import CACHE, DEFAULT_IMAGE, WORKSPACE, Outgoing, nothing_looks
from gpuspec.launch.skypilot.yaml_text import render as yaml_text

_SECONDS = 10
"""Between two questions of a probe."""
_CLAIM_GB = 200
"""Of a volume claim for the cache, where the job says nothing of its disk."""


def render(out: Outgoing) -> tuple[str, list[str]]:
    """(the manifests, what is not in them)."""
    documents = [_deployment(out), _service(out)] if out.serves else [_job(out)]
    if out.serves and not out.ports:
        documents.pop()
    documents[:0] = [_claim(out, volume.name) for volume in out.volumes if volume.lasts]
    return "---\n".join(yaml_text(document) for document in documents), list(_notes(out))


def _meta(out: Outgoing) -> dict[str, Any]:
    labels = {"app": out.name}
    for key, value in out.job.labels.items():
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", key) and re.fullmatch(
            r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?", value
        ):
            labels[key] = value
    return {"name": out.name, "labels": labels}


def _deployment(out: Outgoing) -> dict[str, Any]:
    scaling = out.job.scaling
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(out),
        "spec": {
            "replicas": max(1, scaling.replicas[0]) if scaling else 1,
            "selector": {"matchLabels": {"app": out.name}},
            # A GPU is seldom there twice: the old pod goes before the new one comes.
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": {"app": out.name}}, "spec": _pod(out)},
        },
    }


def _service(out: Outgoing) -> dict[str, Any]:
    ports = [{"name": f"port-{port}", "port": port, "targetPort": port} for port in out.ports]
    spec: dict[str, Any] = {"selector": {"app": out.name}, "ports": ports}
    if any(port.public for port in out.job.ports):
        spec = {"type": "LoadBalancer", **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _meta(out), "spec": spec}


def _job(out: Outgoing) -> dict[str, Any]:
    may_go = out.job.spot in ("allowed", "only")
    spec: dict[str, Any] = {"backoffLimit": 3 if may_go else 0}
    if out.hours is not None:
        spec["activeDeadlineSeconds"] = math.ceil(out.hours * 3600)
    if out.nodes > 1:
        spec |= {"completions": out.nodes, "parallelism": out.nodes, "completionMode": "Indexed"}
    pod = {**_pod(out), "restartPolicy": "OnFailure" if may_go else "Never"}
    spec["template"] = {"metadata": {"labels": {"app": out.name}}, "spec": pod}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _meta(out), "spec": spec}


def _claim(out: Outgoing, name: str) -> dict[str, Any]:
    size = math.ceil(out.job.disk_gb or _CLAIM_GB)
    many = out.job.scaling is not None and out.job.scaling.replicas[1] > 1
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _meta(out) | {"name": f"{out.name}-{name}"},
        "spec": {
            "accessModes": ["ReadWriteMany" if many else "ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{size}Gi"}},
        },
    }


def _pod(out: Outgoing) -> dict[str, Any]:
    selector = node_labels(out.gpu, out.offer, out.cloud)
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    cloud = out.cloud
    if out.job.spot in ("allowed", "only") and cloud in SPOT:
        key, value = SPOT[cloud]
        tolerations.append({"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"})
        if out.job.spot == "only":
            selector[key] = value
    pod: dict[str, Any] = {"nodeSelector": selector} if selector else {}
    pod["tolerations"] = tolerations
    pod["containers"] = [_container(out)]
    volumes = [{"name": name, **source} for name, _, source in _volumes(out)]
    if volumes:
        pod["volumes"] = volumes
    return pod


def _volumes(out: Outgoing) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, where it is mounted, what it is)."""
    if out.has_workspace:
        limit = {"sizeLimit": f"{math.ceil(out.job.disk_gb)}Gi"} if out.job.disk_gb else {}
        yield "workspace", WORKSPACE, {"emptyDir": limit}
    for volume in out.volumes:
        claim = {"persistentVolumeClaim": {"claimName": f"{out.name}-{volume.name}"}}
        yield volume.name, volume.path, claim if volume.lasts else {"emptyDir": {}}
    if out.shares_memory:
        yield "dshm", "/dev/shm", {"emptyDir": {"medium": "Memory"}}


def _container(out: Outgoing) -> dict[str, Any]:
    job = out.job
    found: dict[str, Any] = {"name": out.name, "image": out.image}
    if out.has_workspace:
        found["workingDir"] = WORKSPACE
    if out.script:
        found["command"] = ["bash", "-c", _unexpanded(out.script)]
    env: list[dict[str, Any]] = [
        {"name": name, "value": _unexpanded(value)} for name, value in job.env.items()
    ]
    if any(volume.path == CACHE for volume in out.volumes) and "HF_HOME" not in job.env:
        env.append({"name": "HF_HOME", "value": f"{CACHE}/huggingface"})
    env += (
        {"name": name, "valueFrom": {"secretKeyRef": {"name": f"{out.name}-secrets", "key": name}}}
        for name in job.secrets
    )
    if env:
        found["env"] = env
    if out.ports:
        found["ports"] = [{"containerPort": port} for port in out.ports]
    gpus = {"nvidia.com/gpu": out.gpu_count}
    found["resources"] = {"limits": dict(gpus), "requests": dict(gpus)}
    mounts = [{"name": name, "mountPath": path} for name, path, _ in _volumes(out)]
    if mounts:
        found["volumeMounts"] = mounts
    return found | (_probes(out) if out.serves else {})


def _probes(out: Outgoing) -> dict[str, Any]:
    ready = out.job.readiness
    if ready and ready.command:
        ask: dict[str, Any] = {"exec": {"command": [_unexpanded(word) for word in ready.command]}}
    elif out.health:
        ask = {"httpGet": {"path": out.health[0], "port": out.health[1]}}
    else:
        return {}
    every = math.ceil(ready.interval) if ready and ready.interval else _SECONDS
    window = ready.timeout if ready and ready.timeout else 1800
    each = {"timeoutSeconds": math.ceil(ready.attempt_timeout)} if ready and ready.attempt_timeout else {}
    return {
        "startupProbe": {
            **ask,
            "periodSeconds": every,
            "failureThreshold": math.ceil(window / every),
            **each,
        },
        "readinessProbe": {**ask, "periodSeconds": _SECONDS, **each},
        "livenessProbe": {**ask, "periodSeconds": _SECONDS, "failureThreshold": 6, **each},
    }


def _unexpanded(text: str) -> str:
    """Text in which Kubernetes expands nothing: of `$(NAME)` and `$$` it would make something else."""
    return re.sub(r"\$(?=[($])", "$$", text)


def _notes(out: Outgoing) -> Iterator[str]:
    job = out.job
    if job.secrets:
        keys = " ".join(f'--from-literal={name}="${name}"' for name in job.secrets)
        yield f"secrets: kubectl create secret generic {out.name}-secrets {keys}"
    if not job.image:
        yield f"image: the job names none; {DEFAULT_IMAGE} has Python and CUDA, and setup runs at every start"
    if out.has_workspace:
        yield f"workdir: the job's files are not in the image; {WORKSPACE} is empty when it starts"
    for volume in out.volumes:
        if volume.lasts:
            yield f"{volume.path}: claim {out.name}-{volume.name} is empty at first"
    if not node_labels(out.gpu, out.offer, out.cloud):
        named = f"no label is known for {out.gpu.name}" if out.gpu else "no GPU is named"
        yield f"gpu_types: {named}, any node with GPUs is taken"
    if out.serves and out.hours is not None:
        yield f"budget.max_hours: nothing ends a Deployment after {out.hours:g} h"
    if job.scaling and job.scaling.replicas[1] > max(1, job.scaling.replicas[0]):
        low, high = job.scaling.replicas
        yield f"scaling: {low} to {high} replicas take KEDA, or an HPA on requests; here they are {max(1, low)}"
    if job.spot in ("allowed", "only") and out.cloud not in SPOT:
        yield "spot: how spot nodes are called here is not known"
    if out.nodes > 1:
        yield "nodes: one pod each; they find each other by $JOB_COMPLETION_INDEX, as the commands must know"
    yield from nothing_looks(job)
    if job.keep_alive_minutes is not None:
        yield "keep_alive_minutes: nodes go as the cluster's autoscaler has it"
    if job.max_price is not None:
        yield f"max_price: nothing holds ${job.max_price:g}/h"
