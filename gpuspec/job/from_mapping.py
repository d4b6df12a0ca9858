"""A Job from a mapping in the job spec's present names, whatever format it was written in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gpuspec.job.job import (
    Budget,
    Checkpoint,
    Download,
    GpuChoice,
    Job,
    MinUtilization,
    ModelSpec,
    Notify,
    Piece,
    Port,
    Readiness,
    Scaling,
    Schedule,
    Serverless,
    SetupStep,
    Slo,
    Traffic,
)
from gpuspec.text import pointer

if TYPE_CHECKING:
    from gpuspec.job.deployment import DeploymentSpec

_PLAIN = (
    "name", "task", "usual_task", "min_vram", "max_price", "spot", "hosts", "keep_alive_minutes", "workdir",
    "disk_gb", "image", "run", "provider", "cache", "volume_mode", "encryption",
)  # fmt: skip
_LISTS = ("clouds", "regions", "include", "outputs", "exclude_outputs", "secrets", "apt", "pip")
_SECTIONS = {
    "budget": Budget, "checkpoint": Checkpoint, "scaling": Scaling, "traffic": Traffic,
    "slo": Slo, "schedule": Schedule, "min_utilization": MinUtilization, "notify": Notify,
}  # fmt: skip
"""Fields that a Job has as they are written, as tuples of strings, and as NamedTuples."""


def from_mapping(
    value: Mapping[str, Any],
    places: Mapping[str, str] = MappingProxyType({}),
    *,
    raw: Mapping[str, Any] | None = None,
    pieces: Mapping[str, tuple[Piece, ...]] = MappingProxyType({}),
) -> Job:
    """The Job of fields that passed the schema, but for None where an element was wrong.

    `places` maps pointers in the spec's names to pointers in the author's file, where they differ; what stands below
    such a pointer follows it. `raw` is what the author wrote; `pieces` as in the Job."""
    job = _Reader(value, places).job(value if raw is None else raw)
    return job._replace(pieces=pieces) if pieces else job


class _Reader:
    def __init__(self, value: Mapping[str, Any], places: Mapping[str, str]) -> None:
        self.value = value
        self.places = places
        self.pointers: dict[str, str] = {}

    def job(self, raw: Mapping[str, Any]) -> Job:
        """All fields."""
        steps = self.steps()
        said = self.value
        plain: dict[str, Any] = {name: self.field(name) for name in _PLAIN if name in said}
        plain |= {name: _words(self.field(name)) for name in _LISTS if name in said}
        plain |= {name: self.section(name, kind) for name, kind in _SECTIONS.items() if name in said}
        return Job(
            **plain,
            model=self.section("model", ModelSpec, _model),
            gpu_types=self.gpus(self.field("gpu_types"), "/gpu_types"),
            gpu_count=_whole(self.field("gpu_count")),
            nodes=_whole(self.field("nodes")),
            downloads=self.downloads(),
            env=MappingProxyType(self.environment_variables("env")),
            setup=tuple(step.run for step in steps),
            items=self.items(),
            users=_whole(self.field("users")),
            ports=self.ports(),
            readiness=self.readiness(),
            labels=MappingProxyType(self.environment_variables("labels")),
            steps=steps,
            serverless=self.serverless(),
            launcher_env=MappingProxyType(dict(said.get("launcher_env") or {})),
            deployment=self.deployment(),
            pointers=MappingProxyType(self.pointers),
            raw=MappingProxyType(raw),
        )

    # -- plain fields -------------------------------------------------------------------------------

    def place(self, at: str) -> str:
        """Where a pointer in the spec's names stands in the author's file."""
        if not self.places:
            return at
        head, tail = at, ""
        while head and head not in self.places:
            head, _, last = head.rpartition("/")
            tail = f"/{last}{tail}"
        return self.places.get(head, "") + tail

    def field(self, name: str) -> Any:
        """The value of a top-level field; notes where it stands."""
        value = self.value.get(name)
        if value is not None:
            self.pointers[name] = self.place(f"/{name}")
        return value

    def environment_variables(self, name: str) -> dict[str, str]:
        """A map of strings; numbers and booleans as the shell would see them."""
        given = {key: value for key, value in (self.field(name) or {}).items() if value is not None}
        if self.places:  # elsewhere each stands below its map, by its name
            self.parts(name, given)
        return {key: _plain(value) for key, value in given.items()}

    def section(self, name: str, kind: Callable[..., Any], convert: Callable[..., Any] | None = None) -> Any:
        """An object field as its NamedTuple, with a pointer for each part."""
        value = self.field(name)
        if value is None:
            return None
        if not isinstance(value, dict):  # `"model": "org/name"`
            self.pointers[f"{name}.{kind._fields[0]}"] = self.pointers[name]  # type: ignore[attr-defined]
            return kind(value)
        self.parts(name, value)
        parts = {key: value[key] for key in kind._fields if value.get(key) is not None}  # type: ignore[attr-defined]
        if name == "min_utilization" and "gpu" not in parts:  # it was wrong
            return None
        return kind(**(convert(parts) if convert else parts))

    def parts(self, name: str, value: Mapping[str, Any]) -> None:
        """Notes where each part of an object stands."""
        for key, part in value.items():
            if part is not None:
                self.pointers[f"{name}.{key}"] = self.place(pointer(name, key))

    # -- fields with a shape of their own --------------------------------------------------------------

    def gpus(self, entries: Any, at: str) -> tuple[GpuChoice, ...]:
        return tuple(
            GpuChoice(
                entry["type"] if isinstance(entry, dict) else entry,
                _whole(entry.get("count")) if isinstance(entry, dict) else None,
                self.place(f"{at}/{index}"),
            )
            for index, entry in _whole_entries(entries, "type")
        )

    def downloads(self) -> tuple[Download, ...]:
        return tuple(
            Download(
                strategy=entry["strategy"],
                source=entry["source"],
                target=entry.get("target"),
                revision=entry.get("revision"),
                allow=_words(entry.get("allow")),
                ignore=_words(entry.get("ignore")),
                sha256=entry.get("sha256"),
                timeout=_whole(entry.get("timeout")),
                pointer=self.place(f"/downloads/{index}"),
            )
            for index, entry in _whole_entries(self.field("downloads"), "strategy", "source")
        )

    def steps(self) -> tuple[SetupStep, ...]:
        """The commands of `setup`, in order."""
        setup = self.field("setup")
        if isinstance(setup, str):
            return (SetupStep(setup, pointer=self.place("/setup")),)
        return tuple(
            SetupStep(entry, pointer=self.place(f"/setup/{index}"))
            if isinstance(entry, str)
            else SetupStep(
                entry["run"], entry.get("once"), entry.get("timeout"), self.place(f"/setup/{index}")
            )
            for index, entry in _whole_entries(setup, "run")
        )

    def items(self) -> str | tuple[str, ...] | None:
        items = self.field("items")
        return items if isinstance(items, str) or items is None else _words(items)

    def ports(self) -> tuple[Port, ...]:
        return tuple(
            Port(int(entry["port"]), entry.get("description"), bool(entry.get("public")))
            if isinstance(entry, dict)
            else Port(int(entry))
            for _, entry in _whole_entries(self.field("ports"), "port")
        )

    def readiness(self) -> Readiness | None:
        value = self.field("readiness")
        if value is None:
            return None
        self.parts("readiness", value)
        command = value.get("command")
        return Readiness(
            value.get("http"),
            ("sh", "-c", command) if isinstance(command, str) else _words(command),
            value.get("timeout"),
            value.get("interval"),
            value.get("attempt_timeout"),
        )

    def serverless(self) -> Serverless | None:
        value = self.field("serverless")
        if value is None:
            return None
        self.parts("serverless", value)
        return Serverless(
            self.gpus(value.get("gpu_types"), "/serverless/gpu_types"),
            value.get("template"),
            value.get("volume_gb"),
            _words(value.get("models")),
            MappingProxyType(value.get("env") or {}),
        )

    def deployment(self) -> DeploymentSpec | None:
        value = self.field("deployment")
        if value is None:
            return None
        from gpuspec.job.deployment import deployment_of

        self.parts("deployment", value)
        return deployment_of(value, self.place("/deployment/mounts"))


def _model(parts: dict[str, Any]) -> dict[str, Any]:
    if "resolution" in parts:
        size = [part for part in parts["resolution"] if part is not None]
        parts["resolution"] = (int(size[0]), int(size[1])) if len(size) == 2 else None
    return parts


def _whole_entries(entries: Any, *needed: str) -> Iterable[tuple[int, Any]]:
    """(place, entry) of the entries of a list that are whole: what was wrong in them has been taken out."""
    for index, entry in enumerate(entries or ()):
        if entry is not None and (
            not isinstance(entry, dict) or all(entry.get(key) is not None for key in needed)
        ):
            yield index, entry


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(word for word in value or () if word is not None)


def _whole(value: Any) -> int | None:
    """An integer that JSON may have written as 2.0."""
    return None if value is None else int(value)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
