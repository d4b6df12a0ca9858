"""The table of the hub's repositories that ships with gpuspec: looked up without being read.

`hub_models.tsv` has a line a repository, sorted by name in small letters: found by bisection, in a few reads of some
hundred bytes. `hub_structures.jsonl` has a line a structure, which repositories share; a repository names the place
in the file where its own begins. `hub_shapes.tsv` has a line for each shape of names, sorted, with the repository
that a name of this shape means. `python -m tools.hub_models` writes all three."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from gpuspec.catalog.model import Model

_DATA = os.path.join(os.path.dirname(__file__), "data")
NAMES = os.path.join(_DATA, "hub_models.tsv")
STRUCTURES = os.path.join(_DATA, "hub_structures.jsonl")
SHAPES = os.path.join(_DATA, "hub_shapes.tsv")

NOTES = {
    "b": "its layers are those of the model in its name: what is stored is packed",
    "c": "its weights were not counted: they are as many as its shape has",
    "e": "its weights were not counted: its size is the one its name states",
    "g": "its weights were not counted: its size is a formula's over its layers and widths",
    "w": "nothing says whether its attention looks back over a window: its cache is that of a model without",
    "d": "gpuspec does not know its architecture; read as a Llama it has as many weights as are stored",
    "k": "what it leaves out of its scheme is taken to be in 16 bit, and may be in 8",
    "l": "which of its weights its scheme leaves out is not known",
    "n": "its size is the one its name states: what is stored is packed",
    "p": "its size is what is stored, which its quantization may have packed",
    "u": "its size is what is stored; its layers are not known",
}
"""Letter of a line → why what it says is not certain; "q" is certain: its count says which weights are quantized."""
_OF_STORAGE = ("k", "l")
"""Those of how its weights are kept: its structure is certain."""
SURE_OF_SHAPE = ("", "l")
"""Letters of lines whose structure is certain, and not of one quantized upload alone."""
_LONGEST_LINE = 512


class HubTable:
    """The repositories of the table."""

    def find(self, name: str) -> Model | None:
        """The model of exactly this repository, in any case of letters."""
        line = _line(NAMES, name.lower())
        return self.model(line) if line else None

    def has(self, name: str) -> bool:
        """Whether there is exactly this repository, in any case of letters."""
        return _line(NAMES, name.lower()) != ""

    def of_shape(self, parts: tuple[str, ...]) -> Model | None:
        """The model that a name with these parts and no others means, as its own repository has it; None where they
        name no model for certain."""
        line = _line(SHAPES, " ".join(parts))
        return self.find(line.partition("\t")[2]) if line else None

    def model(self, line: str) -> Model:
        """The model of a line."""
        from json import loads

        from gpuspec.catalog.model_record import from_record
        from gpuspec.catalog.model_task import modality_of

        name, place, parameters, context, note, task = line.split("\t")
        with open(STRUCTURES, "rb") as file:
            source = loads(file.readline())
            file.seek(int(place))
            model = from_record(name, loads(file.readline()))
        stored = int(parameters) / 1e9 if parameters else model.params_b
        return model._replace(
            params_b=stored,
            task=task or "llm",
            modality=modality_of(task, model.caches),
            max_context=int(context) if context else model.max_context,
            unsure="" if note in _OF_STORAGE else _unsure(note, stored),
            storage_unsure=NOTES[note] if note in _OF_STORAGE else "",
            org=name.partition("/")[0] if "/" in name else None,
            source=model.source or source["source"],
            as_of=source["as_of"],
        )

    @cached_property
    def text(self) -> str:
        """Every line, for a search."""
        with open(NAMES, encoding="utf-8") as file:
            return file.read()

    @cached_property
    def low(self) -> str:
        """The same in small letters, each in the same place."""
        return self.text.lower()

    def containing(self, part: str) -> Iterator[str]:
        """The lines whose name has this in it, small letters."""
        at = self.low.find(part) if part else -1
        while at >= 0:
            start, end = self.low.rfind("\n", 0, at) + 1, self.low.index("\n", at)
            if "\t" not in self.low[start:at]:
                yield self.text[start:end]
            at = self.low.find(part, end)

    def has_owner(self, owner: str) -> bool:
        """Whether any repository is this organisation's, small letters."""
        return self.low.startswith(f"{owner}/") or f"\n{owner}/" in self.low

    def starting_with(self, start: str) -> Iterator[str]:
        """The names that start so, letter by letter."""
        low = start.lower()
        at = 0 if self.low.startswith(low) else self.low.find(f"\n{low}") + 1
        while at < len(self.low) and self.low.startswith(low, at):
            name = self.text[at : self.text.index("\t", at)]
            if name.startswith(start):
                yield name
            at = self.text.index("\n", at) + 1


def _line(path: str, wanted: str) -> str:
    """The line of a sorted file that begins with this, in small letters, and a tabulator; "" where there is none."""
    key = wanted.encode()
    with open(path, "rb", buffering=0) as file:
        start, end = 0, file.seek(0, os.SEEK_END)
        while start < end:
            middle = (start + end) // 2
            before = max(middle - 1, start)  # a line that begins in the middle is found, too
            file.seek(before)
            piece = file.read(2 * _LONGEST_LINE)
            begin = 0 if middle == start else piece.find(b"\n") + 1
            at = before + begin
            if at >= end:  # the last line before `end` begins before the middle
                end = middle
                continue
            found = piece[begin : piece.find(b"\n", begin)]
            here = found.partition(b"\t")[0].lower()
            if here == key:
                return found.decode()
            if here < key:
                start = at + len(found) + 1
            else:
                end = middle
    return ""


def _unsure(note: str, stored: float | None) -> str:
    if not note.startswith("s"):
        return NOTES.get(note, "")
    made = int(note[1:]) / 1e9
    return f"its size is what is stored, {stored:.3g} B; by the shape of its config it would be {made:.3g} B"
