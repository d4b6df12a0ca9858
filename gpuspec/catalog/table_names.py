"""Names of the table's repositories by their shape, for names that are nobody's exactly: a re-upload, a bare name."""

from __future__ import annotations

from gpuspec.catalog.hub_table import SURE_OF_SHAPE, HubTable
from gpuspec.catalog.model import Model
from gpuspec.catalog.name_parts import shape_of_name, tokens
from gpuspec.numerals import is_digits
from gpuspec.quantization.checkpoint_names import split_quantization

SAME = 0.02
MOST_STRUCTURES = 20
MOST = 0.9
"""Of the repositories of one name that must be of one structure."""


def of_shape(table: HubTable, parts: tuple[str, ...]) -> tuple[Model, str] | None:
    """(the model, how it was found) of the repositories whose names have these parts and no others, in this order.

    None where there are none, or where they are not nearly all of one structure: a name that fits two models names
    neither."""
    stated = [part for part in parts if any(is_digits(sign) for sign in part)]
    if not stated or len(parts) < 2:
        return None
    structures: dict[str, list[str]] = {}
    for line in table.containing(max(stated, key=len)):
        name, place, _, _, note, _ = line.split("\t")
        low = name.lower()
        if note in SURE_OF_SHAPE and all(part in low for part in parts) and shape_of_name(name) == parts:
            structures.setdefault(place, []).append(line)
    if not structures or len(structures) > MOST_STRUCTURES:
        return None
    ranked = sorted(structures.values(), key=len, reverse=True)
    found = [table.model(min(lines, key=_by_rank)) for lines in ranked]
    alike = sum(len(lines) for lines, model in zip(ranked, found, strict=True) if _alike(model, found[0]))
    return (found[0], "name") if alike >= MOST * sum(map(len, ranked)) else None


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
