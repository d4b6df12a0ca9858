"""One value that a job gives a field of its Workload, and where it came from."""

from collections.abc import Callable, Mapping
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.workload import Origin


class Value(NamedTuple):
    """`known` is None when it was given but cannot be read: spliced from something unknown, "auto", a word nobody
    knows. `gpus`: it equals the number of GPUs."""

    known: Any
    origin: Origin
    gpus: bool = False

    @classmethod
    def of(cls, known: Any, text: str, gpus: bool = False) -> "Value":
        """A value by its argument's text; where that stands is for `placed` to say."""
        return cls(known, Origin("command", text), gpus)

    @property
    def text(self) -> str:
        """How it is written."""
        return self.origin.text


Values = dict[str, Value]
"""By field of a Workload, or of what `derive` makes fields from."""


def known_of(values: Values, field: str) -> Any:
    """What is known of a field; None also where nothing was given."""
    value = values.get(field)
    return value.known if value else None


class TextPlace(NamedTuple):
    """Where a text stands: a pointer into the spec, and the file when that is not the spec. `pointer_of` tells where
    one argument of it stands, if that can be told."""

    pointer: str
    path: str | None = None
    pointer_of: Callable[[str], str] | None = None

    def origin(self, text: str) -> Origin:
        """The origin of an argument that stands here."""
        pointer = self.pointer_of(text) if self.pointer_of and self.path is None else self.pointer
        return Origin("file" if self.path else "command", text, pointer, self.path)


def placed(values: Mapping[str, Value], place: TextPlace) -> Values:
    """Values whose arguments all stand in one place."""
    return {field: value._replace(origin=place.origin(value.text)) for field, value in values.items()}
