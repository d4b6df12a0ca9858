"""The objects of one file of manifests: each document, and each item of a list of objects."""

from collections.abc import Iterator

from gpuspec.formats.kubernetes.at import At
from gpuspec.text.tree import Tree
from gpuspec.text.yaml_tree import YamlDocument, YamlFile


class Resource:
    """One Kubernetes object. `document` counts from 0; `base` is the pointer of its document in the file."""

    def __init__(self, manifest: "Manifest", at: At, document: int, base: str) -> None:
        self.manifest = manifest
        self.at = at
        self.document = document
        self.base = base
        self.kind: str = at.value["kind"]
        self.api: str = at.value["apiVersion"]

    def inner(self, at: At) -> "Resource":
        """An object that stands in this one."""
        return Resource(self.manifest, at, self.document, self.base)

    @property
    def spec(self) -> At:
        """Its spec."""
        return self.at.at("spec")

    @property
    def name(self) -> At:
        """Its name."""
        return self.at.at("metadata", "name")

    @property
    def group(self) -> str:
        """The API group: "apps" of "apps/v1", "" of "v1"."""
        return self.api.rpartition("/")[0]

    def called(self, place: str) -> str:
        """How a place in it is written for people: "doc:0#/spec/template"."""
        return f"doc:{self.document}#{place[len(self.base) :]}"


class Manifest:
    """The objects of a file."""

    def __init__(self, path: str, file: YamlFile) -> None:
        self.path = path
        self.tree: Tree = file.tree
        self.resources = tuple(self._resources(file.documents))

    def _resources(self, documents: tuple[YamlDocument, ...]) -> Iterator[Resource]:
        for number, document in enumerate(documents):
            todo = [At(document.value, document.place)]
            while todo:
                at = todo.pop()
                if not is_object(at.value):
                    continue
                if at.value["kind"].endswith("List") and isinstance(at.value.get("items"), list):
                    todo += reversed(list(at.at("items").elements()))
                else:
                    yield Resource(self, at, number, document.place)

    def of_kind(self, *kinds: str) -> Iterator[Resource]:
        """Its objects of some kinds."""
        return (each for each in self.resources if each.kind in kinds)

    def find(self, kind: str, name: str | None) -> Resource | None:
        """Its object of a kind and a name."""
        return next((each for each in self.of_kind(kind) if name and each.name.value == name), None)


def is_object(value: object) -> bool:
    """Whether a document is a Kubernetes object: `apiVersion` and `kind` at the top, both strings."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("apiVersion"), str)
        and isinstance(value.get("kind"), str)
    )
