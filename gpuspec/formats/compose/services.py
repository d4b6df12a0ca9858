"""The services of a compose file: what they say once `extends` and variables are filled in."""

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from gpuspec.formats.asked_model import asked_model
from gpuspec.formats.compose.dotenv import variables_of
from gpuspec.formats.compose.values import ComposeValue, Reader, pairs
from gpuspec.formats.document import Source
from gpuspec.text import Tree, pointer
from gpuspec.text.limits import MAX_VALUES

TELLING = frozenset({
    "image", "build", "deploy", "command", "entrypoint", "environment", "env_file", "volumes", "ports", "devices",
    "gpus", "runtime", "depends_on", "restart", "extends", "container_name", "healthcheck", "networks", "profiles",
    "scale", "expose", "shm_size", "ipc", "network_mode",
})  # fmt: skip
"""Keys of a service, of which other YAML files with a map of `services` have none."""
_ADDED = frozenset({"ports", "expose", "devices", "secrets", "configs", "env_file", "tmpfs", "cap_add"})
"""Lists to which `extends` adds (compose-spec, 13-merge.md); other lists take the place of those before them."""
_NOT_TAKEN = ("depends_on", "volumes_from", "links")
_DEEPEST = 10
_ASKS = ("deploy", "gpus", "runtime", "devices", "extends")
"""Without one of these a service asks for no GPU."""


def is_compose(value: Any) -> bool:
    """Whether a document is a compose file: `services` is a map, and one of them has what services have."""
    services = value.get("services") if isinstance(value, dict) else None
    if not isinstance(services, dict):
        return False
    return any(isinstance(one, dict) and not TELLING.isdisjoint(one) for one in services.values())


class ComposeFile:
    """A compose file. `variables` are those of `.env` beside it. `room` is how many values `extends` and `env_file`
    may still bring: each service that names a large one has all of it again."""

    def __init__(self, source: Source, value: Mapping[str, Any], place: str) -> None:
        self.source = source
        self.value = value
        self.place = place
        self.tree = source.yaml.tree
        self.room = MAX_VALUES
        self._files: dict[str, Any] = {}
        self._sizes: dict[tuple[str, str], int] = {}
        self._variables: dict[str, Mapping[str, str | None]] = {}

    @cached_property
    def variables(self) -> Mapping[str, str | None]:
        """What `.env` sets."""
        return variables_of(_decoded(self.source.beside(".env")))

    @cached_property
    def awaited(self) -> Mapping[str, str]:
        """Service → what those that depend on it wait for: "started", or "healthy"."""
        found: dict[str, str] = {}
        for service in self.value["services"].values():
            waits = service.get("depends_on") if isinstance(service, dict) else None
            for name in waits if isinstance(waits, (list, dict)) else ():
                said = waits[name] if isinstance(waits, dict) else None
                healthy = isinstance(said, dict) and said.get("condition") == "service_healthy"
                if isinstance(name, str) and found.get(name) != "healthy":
                    found[name] = "healthy" if healthy else "started"
        return found

    @cached_property
    def asked_models(self) -> Mapping[str, tuple[str, str]]:
        """Service → the model that another one asks it for, and where that stands."""
        found: dict[str, tuple[str, str]] = {}
        for client in self.value["services"]:
            given = dict(pairs(self._own(client).get("environment")))
            asked = asked_model({name: value.text if value.known else None for name, value in given.items()})
            if asked is not None:
                found[asked.host] = asked.model, given[asked.variable].pointer
        return found

    def services(self) -> Iterator[tuple[str, ComposeValue]]:
        """Each service that may ask for a GPU."""
        for name, service in self.value["services"].items():
            if isinstance(service, dict) and any(key in service for key in _ASKS):
                yield name, self.service(name)

    def service(self, name: str) -> ComposeValue:
        """A service, with what it extends. `extends` stays in it where that cannot be read."""
        return self._extended(self._own(name), "", {("", name)})

    def _own(self, name: str) -> ComposeValue:
        at = self.place + pointer("services", name)
        return Reader(self.tree, self.variables).value(self.value["services"][name], at)

    def _extended(self, own: ComposeValue, path: str, seen: set[tuple[str, str]]) -> ComposeValue:
        """A service of a file ("": this one) over the one that it extends, there or in another file beside this."""
        given = own.get("extends")
        name, named = given.fact() or given.get("service").fact(), given.get("file")
        if named.given:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), named.fact() or "/"))
        base = self._services(path).get(name or "")
        key = (path, name or "")
        if not isinstance(base, dict) or key in seen or len(seen) > _DEEPEST:
            return own
        if key not in self._sizes:
            self._sizes[key] = _size(base)
        self.room -= self._sizes[key]
        if self.room < 0:
            return own
        reader = (
            Reader(Tree(""), self.variables, given.pointer) if path else Reader(self.tree, self.variables)
        )
        inner = reader.value(base, self.place + pointer("services", name or ""))
        inner = self._extended(inner, path, {*seen, key})
        kept = {key: value for key, value in (inner.members or {}).items() if key not in _NOT_TAKEN}
        mine = {key: value for key, value in (own.members or {}).items() if key != "extends"}
        return merged(inner._replace(members=kept), own._replace(members=mine))

    def _services(self, path: str) -> Mapping[str, Any]:
        """The services of a file."""
        if path and path not in self._files:
            from gpuspec.text.yaml_tree import read_yaml_bytes

            data = self.source.beside(path)
            documents = read_yaml_bytes(data).documents if data is not None else ()
            self._files[path] = documents[0].value if documents else None
        file = self._files[path] if path else self.value
        found = file.get("services") if isinstance(file, dict) else None
        return found if isinstance(found, dict) else {}

    def env_file_variables(self, service: ComposeValue) -> Iterator[tuple[str, ComposeValue]]:
        """The variables of the files that `env_file` names; each stands where its file is named."""
        given = service.get("env_file")
        for entry in given.each() if given.members is None else (given,):
            named = (entry if entry.members is None else entry.get("path")).fact()
            if named and named not in self._variables:
                self._variables[named] = variables_of(_decoded(self.source.beside(named)), self.variables)
            found = self._variables[named] if named else {}
            self.room -= len(found)
            if self.room < 0:
                return
            for name, text in found.items():
                yield name, ComposeValue(entry.pointer, text)


def _size(value: Any) -> int:
    """How many values there are in one."""
    size, todo = 0, [value]
    while todo:
        inner = todo.pop()
        size += 1
        todo += inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
    return size


def merged(base: ComposeValue, own: ComposeValue, key: str = "") -> ComposeValue:
    """A value over another, as `extends` puts them together."""
    if not own.given:
        return base
    if key in ("environment", "labels"):
        return own._replace(members={**dict(pairs(base)), **dict(pairs(own))}, elements=None)
    if base.members is not None and own.members is not None:
        members = dict(base.members)
        for name, value in own.members.items():
            members[name] = merged(members[name], value, name) if name in members else value
        return own._replace(members=members)
    if key in _ADDED and base.elements is not None and own.elements is not None:
        return own._replace(elements=base.elements + own.elements)
    if key == "volumes" and base.elements is not None and own.elements is not None:
        taken = {target(value) for value in own.elements}
        kept = tuple(value for value in base.elements if target(value) not in taken)
        return own._replace(elements=kept + own.elements)
    return own


def target(volume: ComposeValue) -> str | None:
    """Where in the container a volume is mounted."""
    return source_and_target(volume)[1]


def source_and_target(volume: ComposeValue) -> tuple[str | None, str | None]:
    """What a volume mounts, and where: SOURCE:TARGET:MODE, or the long form. None what is not known."""
    if volume.members is not None:
        return volume.get("source").fact(), volume.get("target").fact()
    pieces = (volume.text or "").split(":")
    if len(pieces) > 1 and len(pieces[0]) == 1 and pieces[1][:1] in ("\\", "/"):  # C:\models
        pieces[:2] = [":".join(pieces[:2])]
    source, where = (None, pieces[0]) if len(pieces) == 1 else pieces[:2]
    return (None if not source or "${" in source else source), (where if where[:1] == "/" else None)


def _decoded(data: bytes | None) -> str:
    return "" if data is None else data.decode("utf-8-sig", "replace")
