"""Writes hub_shapes.tsv: which repository of the table stands for a name that is nobody's exactly, a re-upload or a
bare name, by the parts of the name that say what shape a model has.

    python -m tools.hub_models.by_shape

`python -m tools.hub_models` writes it, too; alone it is needed where `gpuspec/catalog/name_parts.py` reads names
otherwise than before. To read 16,000 names takes 300 ms: too long for a run that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gpuspec.catalog.hub_table import SHAPES, SURE_OF_SHAPE, HubTable
from gpuspec.catalog.model import Model
from gpuspec.catalog.name_parts import shape_of_name, tokens
from gpuspec.quantization.checkpoint_names import split_quantization

SAME = 0.02
MOST_STRUCTURES = 20
MOST = 0.9
"""Of the repositories of one name that must be of one structure."""


def lines(table: HubTable) -> Iterator[str]:
    """The lines of hub_shapes.tsv for a table: the parts of a name, and the repository that they mean. There is none
    for names without a size or a version, or whose repositories are not nearly all of one structure: a name that fits
    two models names neither."""
    shapes: dict[str, dict[str, list[str]]] = {}
    for line in table.text.splitlines():
        name, place, _, _, note, _ = line.split("\t")
        parts = shape_of_name(name)
        if note in SURE_OF_SHAPE and len(parts) > 1 and any(sign.isdigit() for sign in "".join(parts)):
            shapes.setdefault(" ".join(parts), {}).setdefault(place, []).append(line)
    for shape, structures in sorted(shapes.items()):
        meant = _meant(table, structures)
        if meant:
            yield f"{shape}\t{meant}\n"


def _meant(table: HubTable, structures: dict[str, list[str]]) -> str:
    """The repository whose structure nearly all have; "" where there is none. `structures`: lines by their places."""
    if len(structures) > MOST_STRUCTURES:
        return ""
    ranked = sorted(structures.values(), key=len, reverse=True)
    first = min(ranked[0], key=_by_rank)
    if len(ranked) > 1:
        found = [table.model(min(lines, key=_by_rank)) for lines in ranked]
        alike = sum(len(lines) for lines, model in zip(ranked, found, strict=True) if _alike(model, found[0]))
        if alike < MOST * sum(map(len, ranked)):
            return ""
    return first.partition("\t")[0]


def _by_rank(line: str) -> tuple[bool, bool, str]:
    """What a model is called by: a name without a scheme, of an owner whose name it begins with ("Qwen/Qwen3.8-27B"),
    and not a stranger's file in 6 bits."""
    name = line.partition("\t")[0]
    owner, _, bare = name.rpartition("/")
    named_after = bare.lower().startswith(tokens(owner)[:1])
    return split_quantization(bare)[0] != bare, not named_after, name


def _alike(one: Model, other: Model) -> bool:
    sizes = sorted((one.params_b or 0.0, other.params_b or 0.0))
    return one.layers == other.layers and sizes[1] <= sizes[0] * (1 + SAME)


def write() -> None:
    """Write the file for the table as it stands."""
    Path(SHAPES).write_text("".join(lines(HubTable())), encoding="utf-8")


if __name__ == "__main__":
    write()
