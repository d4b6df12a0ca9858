"""A Job as a mapping in the job spec's present names: what `from_mapping` reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gpuspec.job.job import Download, GpuChoice, Job, Port, Readiness, SetupStep

ORDER = (
    "name", "task", "model", "gpu_types", "gpu_count", "nodes", "min_vram", "max_price", "budget", "spot", "hosts",
    "clouds", "regions", "keep_alive_minutes", "disk_gb", "image", "env", "secrets", "cache", "downloads", "workdir",
    "include", "setup", "run", "items", "ports", "readiness", "checkpoint", "outputs", "exclude_outputs", "scaling",
    "traffic", "users", "slo", "schedule", "min_utilization", "labels", "notify",
)  # fmt: skip
"""The fields of a job spec in the order in which one is read: what it is, where it runs, what it does.

Not here is what other formats alone have: `provider` is a cloud; what `apt` and `pip` install is done in `setup`,
and `serverless` is a second way to deploy."""


def to_mapping(job: Job) -> dict[str, Any]:
    """The fields that are said, in this order. `from_mapping` makes the same Job of them, but for the places."""
    said = {name: _plain(name, getattr(job, name)) for name in ORDER if name != "setup"}
    said["setup"] = [_step(step) for step in job.steps] or list(job.setup)
    if not said["clouds"] and job.provider:
        said["clouds"] = [job.provider]
    return {name: said[name] for name in ORDER if said[name] is not None and said[name] != []}


def _plain(name: str, value: Any) -> Any:
    special = _SPECIAL.get(name)
    if value is None or value == () or value == {}:
        return None
    if special is not None:
        return special(value)
    if hasattr(value, "_asdict"):
        return {field: _inner(part) for field, part in value._asdict().items() if part is not None}
    return _inner(value)


def _inner(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _gpus(gpus: Sequence[GpuChoice]) -> list[Any]:
    return [{"type": gpu.name, "count": gpu.gpu_count} if gpu.gpu_count else gpu.name for gpu in gpus]


def _downloads(downloads: Sequence[Download]) -> list[Any]:
    fields = [field for field in Download._fields if field != "pointer"]
    return [
        {field: _inner(getattr(one, field)) for field in fields if getattr(one, field) not in (None, ())}
        for one in downloads
    ]


def _ports(ports: Sequence[Port]) -> list[Any]:
    return [
        port.port
        if port.description is None and not port.public
        else {field: part for field, part in port._asdict().items() if part not in (None, False)}
        for port in ports
    ]


def _readiness(readiness: Readiness) -> dict[str, Any]:
    said = {field: part for field, part in readiness._asdict().items() if part not in (None, ())}
    command = readiness.command
    if command:
        shell = command[:2] == ("sh", "-c") and len(command) == 3
        said["command"] = command[2] if shell else list(command)
    return said


def _step(step: SetupStep) -> Any:
    more = {field: part for field in ("once", "timeout") if (part := getattr(step, field)) is not None}
    return {"run": step.run, **more} if more else step.run


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "gpu_types": _gpus,
    "downloads": _downloads,
    "ports": _ports,
    "readiness": _readiness,
}
