"""A service that asks for GPUs, in the names of the job spec."""

from collections.abc import Iterator

from gpuspec.formats.compose.command import command_of
from gpuspec.formats.compose.dotenv import is_secret
from gpuspec.formats.compose.gpus import GpuRequest, asked_for
from gpuspec.formats.compose.running import Parts, deployment, ports, readiness, replicas
from gpuspec.formats.compose.services import ComposeFile
from gpuspec.formats.compose.values import ComposeValue, pairs
from gpuspec.formats.document import EVERYTHING, Document, Format
from gpuspec.formats.gathered import Gathered, is_variable
from gpuspec.text import pointer

_NOT_SERVED = (22, 6006, 8888)
"""Ports of ssh, TensorBoard and Jupyter, which stand beside other work."""


def documents(project: ComposeFile, format: Format) -> Iterator[Document]:
    """A Document for each service that asks for GPUs."""
    for name, service in project.services():
        env = _environment(project, service)
        asked = asked_for(service, env)
        if asked is not None:
            yield _ServiceJob(project, name, service, env).document(asked, format)


def _environment(project: ComposeFile, service: ComposeValue) -> dict[str, ComposeValue]:
    """The variables of a container: those of `env_file`, then those of `environment`."""
    found = {**dict(project.env_file_variables(service)), **dict(pairs(service.get("environment")))}
    return {name: value for name, value in found.items() if is_variable(name)}


class _ServiceJob(Gathered):
    """The job of a service."""

    def __init__(
        self, project: ComposeFile, name: str, service: ComposeValue, env: dict[str, ComposeValue]
    ) -> None:
        super().__init__(project.tree, project.place + pointer("services", name))
        self.project = project
        self.service = service
        self.env = env
        self.at = self.places[""]
        self.put("name", name, self.at)

    def document(self, asked: GpuRequest, format: Format) -> Document:
        """The Document of the job."""
        service = self.service
        self.put("gpu_count", asked.number, asked.pointer)
        self.variables()
        image = service.get("image")
        self.put("image", image.fact(), image.pointer)
        self.command(image)
        self.ports()
        self.section("readiness", readiness(service), service.get("healthcheck").pointer)
        self.section("deployment", deployment(service, asked), self.at)
        client = self.project.asked_models.get(self.value["name"])
        if client is not None:
            self.put_part("deployment", "model_name", client[0], client[1])
        awaited = self.project.awaited.get(self.value["name"], "")
        self.put_part("deployment", "awaited", awaited, self.at)
        copies = replicas(service)
        if copies is not None:
            self.section("scaling", {"min": copies, "max": copies}, copies[1])
        self.task()
        whole = (image.given or service.get("build").given) and not service.get("extends").given
        return Document(
            self.project.source.path,
            self.tree,
            self.job(service.plain()),
            self.at,
            format,
            cannot_say=frozenset() if whole else EVERYTHING,
        )

    def section(self, name: str, parts: Parts | None, place: str) -> None:
        """Note a field that has parts, each with its place."""
        for inner, (value, where) in (parts or {}).items():
            self.places.setdefault(f"/{name}", place)
            self.put_part(name, inner, value, where)

    def variables(self) -> None:
        """What the container's variables are, and which are handed on from outside."""
        for field in ("env", "secrets"):
            self.places[f"/{field}"] = self.service.get("environment").pointer
        for name, value in self.env.items():
            if value.text is not None and value.known:
                self.put_part("env", name, value.text, value.pointer)
            elif value.text is None or is_secret(name) or value.text == f"${{{name}}}":
                self.append("secrets", name, value.pointer)

    def command(self, image: ComposeValue) -> None:
        """What it runs."""
        # Compose calls what it builds by its service; that tells no more than whose the flags of its command are.
        name = image.text or self.value["name"]
        found = command_of(self.tree, self.service, name, self.value.get("env", {}), built=not image.given)
        entry, own = self.service.get("entrypoint"), self.service.get("command")
        self.put_commands("run", found, (own if own.given else entry if entry.given else image).pointer)

    def ports(self) -> None:
        """What it listens on, and what of that the machine lets in."""
        found, places = ports(self.service)
        self.places["/ports"] = self.service.get("ports").pointer
        for port, place in zip(found, places, strict=True):
            self.append("ports", port, place)

    def task(self) -> None:
        """What a program that nobody knows is there for: somebody at a terminal, or whoever calls its port."""
        listens = [port["port"] for port in self.value.get("ports", ()) if port["port"] not in _NOT_SERVED]
        terminal = self.service.get("stdin_open")
        if terminal.text == "true":
            self.put("usual_task", "interactive", terminal.pointer)
        elif listens:
            self.put("usual_task", "serve", self.places["/ports"])
