"""A job in the making: fields in the job spec's names, and where in the file each is said."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gpuspec.formats.command import CommandText
from gpuspec.formats.document import Document, Format
from gpuspec.formats.gathered import Gathered
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.manifest import Resource

MOST_COPIES = 10_000
"""More than that is no number of copies; likewise with nodes."""


class JobDraft(Gathered):
    """One job of one object, at a place of it. What its kind knows beside the pod is said here, too."""

    def __init__(self, resource: Resource, at: At, kind: str | None = None) -> None:
        super().__init__(resource.manifest.tree, at.place)
        self.resource = resource
        self.at = at
        self.value["deployment"] = {"kind": kind or resource.kind}
        self.places["/deployment"] = resource.at.place
        self.cannot_say: set[str] = set()
        name = resource.name
        if name.word:
            self.say("name", name.word, name)
        self.say("deployment.labels", _labels(resource) or None, resource.at.at("metadata", "labels"))
        self.say("deployment.asked_ports", [], resource.at)  # `containerPort` opens none

    def say(self, field: str, value: Any, at: At) -> None:
        """Set a field; "budget.max_hours" is a part of one. None says nothing."""
        outer, _, inner = field.partition(".")
        if inner:
            self.put_part(outer, inner, value, at.place)
        else:
            self.put(field, value, at.place)

    def add(self, field: str, value: Any, at: At) -> None:
        """Add an element to a list."""
        self.append(field, value, at.place)

    def unsay(self, field: str) -> None:
        """Take a field back."""
        self.value.pop(field, None)

    def gpu(self, name: str, at: At) -> None:
        """Add a GPU that will do, with the number that is asked for."""
        self.add("gpu_types", {"type": name, "count": self.value.get("gpu_count")}, at)

    def know(self, variables: Mapping[str, str]) -> None:
        """Note variables that its commands see and that are none of its own: the operator sets them, or a container
        that runs before."""
        own = {*self.value.get("env", {}), *self.value.get("secrets", ())}
        known = {name: value for name, value in variables.items() if name not in own}
        if known:
            self.value["launcher_env"] = {**self.value.get("launcher_env", {}), **known}

    def run(self, text: CommandText, at: At) -> None:
        """Set what it runs; none where the text is empty."""
        self.put_commands("run", text, at.place)

    def scale(self, least: int | None, most: int | None, at: At) -> None:
        """Set how many copies there are."""
        if least is not None and least <= MOST_COPIES:
            self.say("scaling.min", least, at)
        if most is not None and most <= MOST_COPIES:
            self.say("scaling.max", most, at)

    def document(self, form: Format) -> Document:
        """The finished Document."""
        resource = self.resource
        if "clouds" not in self.value:
            self.cannot_say |= {"clouds", "regions"}
        return Document(
            resource.manifest.path,
            resource.manifest.tree,
            self.job(resource.at.value),
            self.at.place,
            form,
            frozenset(self.cannot_say),
            resource.called(self.at.place),
        )


Reader = Callable[[Resource], Iterable[JobDraft]]
"""What finds the jobs of an object of one kind."""


def _labels(resource: Resource) -> dict[str, str]:
    """The labels of an object, and those of its pods, which say less often whose it is."""
    pods, own = resource.spec.at("template", "metadata", "labels"), resource.at.at("metadata", "labels")
    return {key: at.text for labels in (pods, own) for key, at in labels.members() if at.text}
