"""The specs that stand in one folder, read once per folder."""

import os
import re

from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import read_file

MOST = 2000
"""Files read per folder: beyond that, comparing neighbours tells nobody anything."""
LARGEST = 65_536
LARGEST_FOLDER = 16 * 1024 * 1024
"""Bytes of all files of one folder that are kept."""


class Neighbour(NamedTuple):
    """Another spec in the same folder, unparsed."""

    path: str
    text: str


class Folders:
    """Texts of the specs of each folder asked for; keeps the last folder only, so memory stays flat."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._specs: tuple[Neighbour, ...] = ()
        self._alike: dict[str, list[Neighbour]] | None = None
        self._kinds: dict[str, tuple[str, list[Neighbour]]] = {}
        """path → (text, the specs of its kind)"""
        self._speakers: dict[str, str] = {}
        """The first spec of a kind → the one that speaks for all of them."""

    def beside(self, path: str) -> tuple[Neighbour, ...]:
        """The other specs in the folder of `path`."""
        self._enter(path)
        return tuple(spec for spec in self._specs if spec.path != path)

    def alike(self, path: str, text: str) -> list[Neighbour]:
        """The specs in the folder of `path` that equal `text` in all but literals and comments, by path. Sorted into
        kinds once per folder: comparing each with each would take a thousand specs a second."""
        if (
            len(text) > LARGEST
        ):  # no neighbour is so large, and to take it to pieces takes memory by the hundredfold
            return []
        self._enter(path)
        if all(spec.path == path for spec in self._specs):
            return list(self._specs)
        if self._alike is None:
            self._alike = {}
            for spec in self._specs:
                kind = self._alike.setdefault(skeleton(spec.text), [])
                kind.append(spec)
                self._kinds[spec.path] = spec.text, kind
        known = self._kinds.get(path)
        if known is not None and known[0] == text:
            return known[1]
        return self._alike.get(skeleton(text), [])

    def speaker(self, first: str, path: str) -> str:
        """Of the specs that are like `first`: the one that was asked about first in this run."""
        return self._speakers.setdefault(first, path)

    def _enter(self, path: str) -> None:
        folder = os.path.dirname(path)
        if folder != self._folder:
            self._folder, self._specs, self._alike, self._kinds = folder, _read(folder), None, {}


# One that is not closed goes to the end: it would be looked for again from each sign in it.
_STRING = r'"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\\?\Z)'
_COMMENT = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_NUMBER = r"-?\d[\d.eE+-]*"


def skeleton(text: str) -> str:
    """A JSONC text without its comments, blanks and literals: keys and brackets only."""
    pattern = rf"({_STRING}\s*:)|{_STRING}|{_COMMENT}|{_NUMBER}|\s+"
    return "".join(filter(None, re.split(pattern, text, flags=re.S)))


def literals(text: str) -> list[str]:
    """The strings and numbers of a JSONC text as they are written, in order."""
    pattern = rf"{_STRING}\s*:|{_COMMENT}|({_STRING}|{_NUMBER})"
    return [found for found in re.findall(pattern, text, flags=re.S) if found]


def _read(folder: str) -> tuple[Neighbour, ...]:
    from gpuspec.formats import JOB_SPEC

    try:
        names = sorted(filter(JOB_SPEC.is_name, os.listdir(folder or ".")))
    except OSError:
        return ()
    found, left = [], LARGEST_FOLDER
    for name in names[:MOST]:
        path = os.path.join(folder, name)
        try:
            data = read_file(path, LARGEST)
        except OSError:
            continue
        left -= len(data)
        if left < 0:
            break
        found.append(Neighbour(path, data.decode("utf-8", "replace")))
    return tuple(found)
