"""Values of a compose file with their places, their variables filled in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gpuspec.formats.compose.interpolation import fill
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Tree
from gpuspec.text.tree import part

_WHOLE = re.compile(r"([0-9]{1,12})(?:\.0*)?")


class ComposeValue(NamedTuple):
    """A scalar (`text`; None for null), a map (`members`) or a list (`elements`). A scalar is `known` where no
    variable without a value stands in it; `raw` is how it was written, `origins` and `holes` as in Filled. `pointer`
    is where it stands in the file, and of what another file says, where that is named."""

    pointer: str
    text: str | None = None
    known: bool = True
    raw: str = ""
    origins: Sequence[int] = ()
    holes: tuple[int, ...] = ()
    members: Mapping[str, "ComposeValue"] | None = None
    elements: tuple["ComposeValue", ...] | None = None

    @property
    def given(self) -> bool:
        """Whether anything stands there."""
        return self.text is not None or self.members is not None or self.elements is not None

    def get(self, *keys: str) -> "ComposeValue":
        """The member that keys lead to; one without anything where there is none."""
        found: ComposeValue = self
        for key in keys:
            found = (found.members or {}).get(key) or ComposeValue(found.pointer)
        return found

    def fact(self) -> str | None:
        """The text of a scalar that is known whole, and not empty."""
        return (self.text or "").strip() or None if self.known else None

    def whole(self, most: int) -> int | None:
        """A whole number from 0 to `most`, where it is one; 2.0 is one."""
        match = _WHOLE.fullmatch(self.fact() or "")
        return int(match[1]) if match and int(match[1]) <= most else None

    def each(self) -> tuple["ComposeValue", ...]:
        """The elements of a list; a scalar by itself."""
        if self.elements is not None:
            return self.elements
        return (self,) if self.text is not None else ()

    def plain(self) -> Any:
        """Maps, lists and texts without places."""
        if self.members is not None:
            return {name: value.plain() for name, value in self.members.items()}
        if self.elements is not None:
            return [value.plain() for value in self.elements]
        return self.text


class Reader:
    """Makes Values of what stands in a tree. `at` is where all of it is said to stand, for a tree that is not the
    file's own."""

    def __init__(self, tree: Tree, variables: Mapping[str, str | None], at: str | None = None) -> None:
        self.tree = tree
        self.variables = variables
        self.at = at

    def value(self, value: Any, pointer: str) -> ComposeValue:
        """What stands at a pointer, with all that is in it."""
        place = pointer if self.at is None else self.at
        if isinstance(value, dict):
            return ComposeValue(
                place, members={name: self.value(v, f"{pointer}/{part(name)}") for name, v in value.items()}
            )
        if isinstance(value, list):
            return ComposeValue(
                place, elements=tuple(self.value(v, f"{pointer}/{n}") for n, v in enumerate(value))
            )
        if value is None:
            return ComposeValue(place)
        raw = value if isinstance(value, str) else self.written(value, pointer)
        filled = fill(raw, self.variables)
        return ComposeValue(place, filled.text, filled.known, raw, filled.origins, filled.holes)

    def written(self, value: Any, pointer: str) -> str:
        """A number or a boolean as it stands in the file: 0.90, 8_000."""
        span = self.tree.values.get(pointer)
        text = self.tree.text[span.start : span.end].strip() if span else ""
        if text and len(text.split()) == 1 and "$" not in text:
            return text
        return str(value).lower() if isinstance(value, bool) else str(value)


def pairs(value: ComposeValue) -> Iterator[tuple[str, ComposeValue]]:
    """The variables of `environment` or of `labels`: a map, or a list of NAME=VALUE. One that the shell gives (NAME
    alone) has no text."""
    if value.members is not None:
        yield from value.members.items()
        return
    for entry in value.elements or ():
        name, equals, _ = (entry.raw or "").partition("=")
        if not name or entry.text is None:
            continue
        if not equals:
            yield name.strip(), ComposeValue(entry.pointer)
            continue
        text = entry.text.partition("=")[2]
        yield name.strip(), entry._replace(text=text, raw=entry.raw.partition("=")[2])
