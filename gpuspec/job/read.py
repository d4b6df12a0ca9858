"""Tree to Job: every field that was written, under its present name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any

from gpuspec.job.job import (
    Budget,
    Checkpoint,
    Download,
    GpuChoice,
    Job,
    ModelSpec,
    Port,
    Readiness,
    Scaling,
    Serverless,
    Step,
    Traffic,
)
from gpuspec.job.sound import sound
from gpuspec.text import Tree, pointer

RENAMED = {
    "name": ("project_id",),
    "gpu_types": ("gpu_type",),
    "keep_alive_minutes": ("cooldown_minutes",),
    "downloads": ("download",),
    "image": ("docker_image",),
    "run": ("startup",),
    "disk_gb": ("workspace_size_gb",),
}
"""Field → its old names at the top level. Where both stand, the new one counts."""


def read(tree: Tree) -> Job | None:
    """The Job of a tree; None where the document is no object. A field that is wrong is absent."""
    value = sound(tree)
    return None if value is None else _Reader(value).job(tree.value)


class _Reader:
    """Reads a document that passed the schema, but for `None` where an element was wrong."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self.pointers: dict[str, str] = {}

    def job(self, raw: dict[str, Any]) -> Job:
        """All fields."""
        model = self.section("model", ModelSpec, _model)
        steps, apt, pip = self.steps()
        scaling, serverless = self.scaling()
        gpu_types = self.gpu_types()
        if not gpu_types and serverless and serverless.gpu_types:
            gpu_types = serverless.gpu_types
            self.pointers["gpu_types"] = gpu_types[0].pointer
        return Job(
            name=self.field("name"),
            task=self.field("task"),
            model=model,
            gpu_types=gpu_types,
            gpu_count=_whole(self.field("gpu_count")),
            min_vram=self.field("min_vram"),
            max_price=self.field("max_price"),
            budget=self.section("budget", Budget),
            spot=self.field("spot"),
            clouds=self.words("clouds"),
            regions=self.words("regions"),
            keep_alive_minutes=self.field("keep_alive_minutes"),
            downloads=self.downloads(),
            workdir=self.field("workdir"),
            include=self.words("include"),
            outputs=self.words("outputs"),
            exclude_outputs=self.words("exclude_outputs"),
            disk_gb=self.field("disk_gb"),
            image=self.image(),
            env=MappingProxyType(self.environment_variables("env")),
            secrets=self.words("secrets"),
            setup=tuple(step.run for step in steps),
            run=self.field("run"),
            items=self.items(),
            ports=self.ports(),
            readiness=self.readiness(),
            checkpoint=self.section("checkpoint", Checkpoint),
            scaling=scaling,
            traffic=self.section("traffic", Traffic),
            provider=self.field("provider"),
            cache=self.field("cache"),
            labels=MappingProxyType(self.environment_variables("labels")),
            steps=steps,
            apt=apt,
            pip=pip,
            serverless=serverless,
            volume_mode=self.field("volume_mode"),
            encryption=self.field("encryption"),
            pointers=MappingProxyType(self.pointers),
            raw=MappingProxyType(raw),
        )

    # -- plain fields -------------------------------------------------------------------------------

    def field(self, name: str) -> Any:
        """The value of a top-level field under its new name or an old one; notes where it stands."""
        for written in (name, *RENAMED.get(name, ())):
            value = self.value.get(written)
            if value is not None:
                self.pointers[name] = f"/{written}"
                return value
        return None

    def words(self, name: str) -> tuple[str, ...]:
        return _words(self.field(name))

    def environment_variables(self, name: str) -> dict[str, str]:
        """A map of strings; numbers and booleans as the shell would see them."""
        return {key: _plain(value) for key, value in (self.field(name) or {}).items() if value is not None}

    def section(self, name: str, kind: Callable[..., Any], convert: Callable[..., Any] | None = None) -> Any:
        """An object field as its NamedTuple, with a pointer for each part."""
        value = self.field(name)
        if value is None:
            return None
        if not isinstance(value, dict):  # `"model": "org/name"`
            self.pointers[f"{name}.{kind._fields[0]}"] = self.pointers[name]  # type: ignore[attr-defined]
            return kind(value)
        for key, part in value.items():
            if part is not None:
                self.pointers[f"{name}.{key}"] = pointer(name, key)
        parts = {key: value[key] for key in kind._fields if value.get(key) is not None}  # type: ignore[attr-defined]
        return kind(**(convert(parts) if convert else parts))

    # -- fields with a shape of their own --------------------------------------------------------------

    def gpu_types(self) -> tuple[GpuChoice, ...]:
        return _gpus(self.field("gpu_types"), self.pointers.get("gpu_types", ""))

    def downloads(self) -> tuple[Download, ...]:
        entries = self.field("downloads")
        at = self.pointers.get("downloads", "")
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
                pointer=f"{at}/{index}",
            )
            for index, entry in _sound_entries(entries, "strategy", "source")
        )

    def image(self) -> str | None:
        image: str | None = self.field("image")
        return image if image is not None else self.within("image", "environment", "base_image")

    def within(self, field: str, *path: str) -> Any:
        """A value deeper down that plays the part of `field`."""
        value: Any = self.value
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            self.pointers[field] = pointer(*path)
        return value

    def steps(self) -> tuple[tuple[Step, ...], tuple[str, ...], tuple[str, ...]]:
        """(setup commands in the order they run, apt packages, pip requirements)."""
        steps: list[Step] = []
        apt = _packages(self.within("apt", "environment", "system", "apt"), "=")
        if apt:
            command = "apt-get update && apt-get install -y --no-install-recommends " + _shell(apt)
            steps.append(Step(command, True, None, "/environment/system/apt"))
        pip = _packages(self.within("pip", "environment", "python", "pip_global"), "==")
        if pip:
            steps.append(Step("pip install " + _shell(pip), True, None, "/environment/python/pip_global"))
        steps += _steps(self.within("setup", "environment", "shell", "steps"), "/environment/shell/steps")
        own = self.field("setup")
        steps += [Step(own, pointer="/setup")] if isinstance(own, str) else _steps(own, "/setup")
        if steps:
            self.pointers.setdefault("setup", steps[0].pointer)
        return tuple(steps), apt, pip

    def items(self) -> str | tuple[str, ...] | None:
        items = self.field("items")
        return items if isinstance(items, str) or items is None else _words(items)

    def ports(self) -> tuple[Port, ...]:
        return tuple(
            Port(int(entry["port"]), entry.get("description"), bool(entry.get("public")))
            if isinstance(entry, dict)
            else Port(int(entry))
            for _, entry in _sound_entries(self.field("ports"), "port")
        )

    def readiness(self) -> Readiness | None:
        """`readiness`, or GPU CLI's hook: its window is tries × delay."""
        value = self.field("readiness")
        if value is not None:
            for key in value:
                self.pointers[f"readiness.{key}"] = pointer("readiness", key)
            command = value.get("command")
            return Readiness(
                value.get("http"),
                ("sh", "-c", command) if isinstance(command, str) else _words(command),
                value.get("timeout"),
                value.get("interval"),
                value.get("attempt_timeout"),
            )
        hook = self.within("readiness", "hooks", "readiness")
        if hook is None:
            return None
        tries, delay, run = hook.get("retry_count"), hook.get("retry_delay_secs"), hook.get("run")
        if tries is not None and delay is not None:
            self.pointers["readiness.timeout"] = pointer("hooks", "readiness", "retry_count")
        return Readiness(
            hook.get("url"),
            ("sh", "-c", run) if isinstance(run, str) else _words(run),
            tries * delay if tries is not None and delay is not None else None,
            delay,
            hook.get("timeout_secs"),
        )

    def scaling(self) -> tuple[Scaling | None, Serverless | None]:
        """Replicas, from `scaling` or from `serverless.scaling` (whose idle timeout is in seconds)."""
        own = self.section("scaling", Scaling)
        value = self.value.get("serverless")
        if not isinstance(value, dict):
            return own, None
        self.pointers["serverless"] = "/serverless"
        gpus = _gpus(value.get("gpu_type"), "/serverless/gpu_type")
        gpus += _gpus(value.get("gpu_types"), "/serverless/gpu_types")
        volume, prewarm = value.get("volume") or {}, value.get("prewarm") or {}
        serverless = Serverless(
            gpus, value.get("template"), volume.get("size_gb"), _words(prewarm.get("models"))
        )
        workers = value.get("scaling")
        if own or workers is None:
            return own, serverless
        self.pointers["scaling"] = "/serverless/scaling"
        for field, key in (("min", "min_workers"), ("max", "max_workers"), ("idle_minutes", "idle_timeout")):
            if workers.get(key) is not None:
                self.pointers[f"scaling.{field}"] = pointer("serverless", "scaling", key)
        idle = workers.get("idle_timeout")
        return Scaling(
            _whole(workers.get("min_workers")),
            _whole(workers.get("max_workers")),
            None if idle is None else idle / 60,
        ), serverless


def _model(parts: dict[str, Any]) -> dict[str, Any]:
    if "resolution" in parts:
        size = [part for part in parts["resolution"] if part is not None]
        parts["resolution"] = (int(size[0]), int(size[1])) if len(size) == 2 else None
    return parts


def _sound_entries(entries: Any, *needed: str) -> Iterable[tuple[int, Any]]:
    """(place, entry) of the entries of a list that are whole: what was wrong in them has been taken out."""
    for index, entry in enumerate(entries or ()):
        if entry is not None and (
            not isinstance(entry, dict) or all(entry.get(key) is not None for key in needed)
        ):
            yield index, entry


def _gpus(value: Any, at: str) -> tuple[GpuChoice, ...]:
    """Choices of a `gpu_types` list, or of the single one of an old file."""
    one = isinstance(value, (str, dict))
    return tuple(
        GpuChoice(
            entry["type"] if isinstance(entry, dict) else entry,
            _whole(entry.get("count")) if isinstance(entry, dict) else None,
            at if one else f"{at}/{index}",
        )
        for index, entry in _sound_entries([value] if one else value, "type")
    )


def _steps(entries: Any, at: str) -> list[Step]:
    return [
        Step(entry, None, None, f"{at}/{index}")
        if isinstance(entry, str)
        else Step(
            entry["run"],
            entry.get("once", entry.get("only_once")),
            entry.get("timeout", entry.get("timeout_sec")),
            f"{at}/{index}",
        )
        for index, entry in _sound_entries(entries, "run")
    ]


def _packages(entries: Any, pin: str) -> tuple[str, ...]:
    """Packages with their versions, as their installer takes them: "ddgs>=7.0.0", "git=1:2.39"."""
    names = []
    for _, entry in _sound_entries(entries, "name"):
        if isinstance(entry, str):
            names.append(entry)
            continue
        version = entry.get("version") or ""
        names.append(entry["name"] + (version if not version or version[0] in "<>=!~" else pin + version))
    return tuple(names)


def _shell(words: Iterable[str]) -> str:
    import shlex

    return shlex.join(words)


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(word for word in value or () if word is not None)


def _whole(value: Any) -> int | None:
    """An integer that JSON may have written as 2.0."""
    return None if value is None else int(value)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
