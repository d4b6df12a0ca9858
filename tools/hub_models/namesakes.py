"""The structure of a repository whose files are packed and whose config the list did not see, by its name.

What is packed cannot be counted without knowing how. "orcarouter/Qwen3.8-27B-Uncensored-NVFP4" is a Qwen3.8-27B all
the same: its architecture is stated, and the name is that of repositories whose structure is certain."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

from collections import Counter, defaultdict

from gpuspec.catalog.name_parts import NOT_THE_MODEL, shape_of_name
from tools.hub_models.rows import UNKNOWN, Row, scheme_of
from tools.hub_models.structure import Structure

LEAST, MOST_STORED, MOST_STATED = 0.03, 0.65, 1.1
"""Elements stored for each parameter: of files in one to eight bits that count 32, 16 or 8 bits as an element; more
where a name states a scheme, which may leave much in 16 bit."""
MOST = 0.9
"""Of the repositories of a name that must be of one structure."""
_OTHER_SHAPE = frozenset(
    "reap ream pruned prune sparse merge moe assistant layer layers whittle slerp upscaled slim passthrough "
    "frankenmerge tiny xsmall small medium large xl xxl mini micro nano".split()
)
"""Words of models that are not of the shape of the one in their name."""

Shape = tuple[str, ...]


class Namesakes:
    """Certain structures by architecture and the parts of their repositories' names."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, Shape], list[Structure]] = defaultdict(list)

    def add(self, row: Row, structure: Structure) -> None:
        """Remember the structure of a row whose name states a size or a version."""
        shape = shape_of_name(row.name)
        if len(shape) > 1 and any(sign.isdigit() for sign in "".join(shape)):
            for architecture in (structure.architecture.model_type, UNKNOWN):
                self._of[architecture, shape].append(structure)

    def find(self, row: Row) -> Structure | None:
        """The structure of the longest name inside a row's, if what is stored is as much as it would be, packed."""
        parts = shape_of_name(row.name)
        if NOT_THE_MODEL.intersection(parts):
            return None  # what drafts for a model has as many shapes as makers
        telling = {part for part in parts if _is_size(part) or part in _OTHER_SHAPE}
        sized = any(map(_is_size, parts))
        for length in range(len(parts), 1, -1):
            for start in range(len(parts) - length + 1):
                shape = parts[start : start + length]
                if not telling.issubset(shape) or not (sized or scheme_of(row)):
                    continue  # without a size or a scheme, a name says little
                found = self._one(row.architecture, shape)
                if found is not None:
                    return found if _fits(row, found) else None
        return None

    def _one(self, architecture: str, shape: Shape) -> Structure | None:
        """The structure that nearly all repositories of this name have; of those alike, the one with its towers."""
        structures = self._of.get((architecture, shape))
        if not structures:
            return None
        kind, times = Counter(map(_kind, structures)).most_common(1)[0]
        if times < MOST * len(structures):
            return None
        alike = [each for each in structures if _kind(each) == kind]
        return max(alike, key=lambda each: (not each.beside, each.parameters))


def _kind(structure: Structure) -> tuple[int, int]:
    return len(structure.architecture.layers), structure.architecture.hidden


def _fits(row: Row, found: Structure) -> bool:
    """Whether a repository may store this structure packed, or the list counted its norms and biases alone."""
    most = MOST_STORED if scheme_of(row) is None else MOST_STATED
    return LEAST < row.stored / found.parameters < most or row.stored == found.sums.vectors


def _is_size(part: str) -> bool:
    return len(part) > 1 and part[-1] in "bm" and part[0].isdigit()
