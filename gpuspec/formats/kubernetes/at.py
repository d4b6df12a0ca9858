"""A value of a manifest together with its place: what is not there, or is of another type, is simply absent."""

import re
from collections.abc import Iterator
from typing import Any

from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import small_number
from gpuspec.text.tree import part

_DEFAULT = re.compile(r"\$\{\w+:?-([^${}]*)\}")
_MOST = 1_000
"""Elements of one list that are looked at."""


class At(NamedTuple):
    """A value, None where there is none, and the pointer of it in the file."""

    value: Any
    place: str

    def at(self, *keys: str) -> "At":
        """What stands below, by the names of maps."""
        value, place = self
        for key in keys:
            value = value.get(key) if type(value) is dict else None
            place += "/" + part(key)
        return At(value, place)

    def elements(self) -> "Iterator[At]":
        """The elements of a list; none of anything else."""
        if isinstance(self.value, list):
            for number, value in enumerate(self.value[:_MOST]):
                yield At(value, f"{self.place}/{number}")

    def members(self) -> "Iterator[tuple[str, At]]":
        """The members of a map; none of anything else."""
        if isinstance(self.value, dict):
            for key, value in list(self.value.items())[:_MOST]:
                yield key, At(value, f"{self.place}/{part(key)}")

    def named(self, name: str, *, key: str = "name") -> "At":
        """The element of a list that has this name; an absent one where none has."""
        return next((each for each in self.elements() if each.at(key).value == name), At(None, self.place))

    @property
    def text(self) -> str | None:
        """A string that is not blank."""
        return self.value.strip() or None if isinstance(self.value, str) else None

    @property
    def filled(self) -> str | None:
        """Its text with the defaults that followers of envsubst put in (`${TAG:-latest}`)."""
        text = self.text
        return _DEFAULT.sub(r"\1", text) if text and "$" in text else text

    @property
    def word(self) -> str | None:
        """A scalar as a person would write it; what a template or envsubst is still to fill in is none."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, (int, float)):
            return str(self.value)
        text = self.filled
        return None if text is None or unfilled(text) else text

    @property
    def whole(self) -> int | None:
        """A number that counts things, quoted or not; none that is below zero."""
        value = self.value
        if isinstance(value, bool):
            return None
        if isinstance(value, float) and value.is_integer() and 0 <= value < 1e9:
            return int(value)
        if isinstance(value, int):
            return value if 0 <= value < 1e9 else None
        return small_number(self.word or "") if isinstance(value, str) else None

    @property
    def yes(self) -> bool:
        """Whether it says true."""
        return self.value is True or self.value == "true"


def unfilled(text: str) -> bool:
    """Whether something is still to be put in: envsubst's `$NAME`, a template's `{{ NAME }}`, `<NAME>`."""
    return any(mark in text for mark in ("$", "{{", "{%", "<"))
