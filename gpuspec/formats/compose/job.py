"""A service that asks for GPUs, in the names of the job spec."""

import re
from collections.abc import Iterator
from typing import Any

from gpuspec.formats.compose.command import command_of
from gpuspec.formats.compose.dotenv import is_secret
from gpuspec.formats.compose.gpus import GpuRequest, asked_for
from gpuspec.formats.compose.running import deployment, ports, readiness, replicas
from gpuspec.formats.compose.said import Said, pairs
from gpuspec.formats.compose.services import ComposeFile
from gpuspec.formats.document import EVERYTHING, Document, Format
from gpuspec.job.from_mapping import from_mapping
from gpuspec.job.job import Piece
from gpuspec.text import pointer

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_SERVED = (22, 6006, 8888)
"""Ports of ssh, TensorBoard and Jupyter, which stand beside other work."""


def documents(project: ComposeFile, format: Format) -> Iterator[Document]:
    """A Document for each service that asks for GPUs."""
    for name, service in project.services():
        env = _environment(project, service)
        asked = asked_for(service, env)
        if asked is not None:
            yield _Draft(project, name, service, env).document(asked, format)


def _environment(project: ComposeFile, service: Said) -> dict[str, Said]:
    """The variables of a container: those of `env_file`, then those of `environment`."""
    found = {**dict(project.env_file_variables(service)), **dict(pairs(service.get("environment")))}
    return {name: value for name, value in found.items() if _NAME.fullmatch(name)}


class _Draft:
    """A job being put together: the mapping, and where its parts stand."""

    def __init__(self, project: ComposeFile, name: str, service: Said, env: dict[str, Said]) -> None:
        self.project = project
        self.service = service
        self.env = env
        self.at = project.place + pointer("services", name)
        self.value: dict[str, Any] = {"name": name}
        self.places: dict[str, str] = {"": self.at, "/name": self.at}
        self.pieces: dict[str, tuple[Piece, ...]] = {}

    def document(self, asked: GpuRequest, format: Format) -> Document:
        """The Document of the job."""
        service = self.service
        if asked.number is not None:
            self.set("gpu_count", asked.number, asked.pointer)
        self.variables()
        image = service.get("image")
        if image.fact():
            self.set("image", image.fact(), image.pointer)
        self.command(image)
        self.ports()
        self.section("readiness", readiness(service), service.get("healthcheck").pointer)
        self.section("deployment", deployment(service, asked), self.at)
        copies = replicas(service)
        if copies is not None:
            number, place = copies
            self.section("scaling", {"min": (number, place), "max": (number, place)}, place)
        self.task()
        job = from_mapping(self.value, self.places, raw=service.plain(), pieces=self.pieces)
        whole = (image.given or service.get("build").given) and not service.get("extends").given
        return Document(
            self.project.source.path,
            self.project.tree,
            job,
            self.at,
            format,
            cannot_say=frozenset() if whole else EVERYTHING,
        )

    def set(self, name: str, value: Any, place: str) -> None:
        """Note a field, and where it stands."""
        self.value[name] = value
        self.places[f"/{name}"] = place

    def section(self, name: str, parts: dict[str, tuple[Any, str]] | None, place: str) -> None:
        """Note a field that has parts, each with its place."""
        if parts is None:
            return
        self.set(name, {part: value for part, (value, _) in parts.items()}, place)
        self.places.update({f"/{name}/{part}": where for part, (_, where) in parts.items()})

    def variables(self) -> None:
        """What the container's variables are, and which are handed on from outside."""
        env: dict[str, str] = {}
        secrets: list[str] = []
        for name, value in self.env.items():
            if value.text is not None and value.known:
                env[name] = value.text
                self.places[f"/env/{name}"] = value.pointer
            elif value.text is None or is_secret(name) or value.text == f"${{{name}}}":
                self.places[f"/secrets/{len(secrets)}"] = value.pointer
                secrets.append(name)
        if env:
            self.set("env", env, self.service.get("environment").pointer)
        if secrets:
            self.set("secrets", secrets, self.service.get("environment").pointer)

    def command(self, image: Said) -> None:
        """What it runs."""
        # Compose calls what it builds by its service; that tells no more than whose the flags of its command are.
        name = image.text or self.value["name"]
        found = command_of(
            self.project.tree, self.service, name, self.value.get("env", {}), built=not image.given
        )
        if found.text:
            entry, own = self.service.get("entrypoint"), self.service.get("command")
            place = (own if own.given else entry if entry.given else image).pointer
            self.set("run", found.text, place)
            self.pieces[place] = found.pieces

    def ports(self) -> None:
        """What it listens on, and what of that the machine lets in."""
        found, places = ports(self.service)
        if found:
            self.set("ports", found, self.service.get("ports").pointer)
            self.places.update({f"/ports/{at}": place for at, place in enumerate(places)})

    def task(self) -> None:
        """What a program that nobody knows is there for: somebody at a terminal, or whoever calls its port."""
        listens = [port["port"] for port in self.value.get("ports", ()) if port["port"] not in _NOT_SERVED]
        terminal = self.service.get("stdin_open")
        if terminal.text == "true":
            self.set("usual_task", "interactive", terminal.pointer)
        elif listens:
            self.set("usual_task", "serve", self.places["/ports"])
