"""What is wrong with a document that parses."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Edit

Kind = Literal["unknown-key", "type", "value", "range", "missing", "pattern", "empty", "path", "too-many"]

MOST_MISTAKES = 500
"""In one document: one with more is no job spec, and the rest is not looked for."""
MOST_GPU_TYPES = 100
MOST_LISTED = 1_000
"""Elements of `gpu_types`, and of the other lists that people write by hand: of longer ones the first are read."""


class SchemaProblem(NamedTuple):
    """One mistake. `on` says whether the key or the value at `pointer` is meant; `suggestion` is what to write
    instead; `edits` would do so (an unsafe fix: it is a guess at what was meant)."""

    pointer: str
    message: str
    kind: Kind
    on: Literal["key", "value"] = "value"
    suggestion: str | None = None
    edits: tuple[Edit, ...] = ()


def first_mistakes(problems: Iterable[SchemaProblem]) -> list[SchemaProblem]:
    """The first of them, and where there are more, that there are."""
    first = list(islice(problems, MOST_MISTAKES + 1))
    if len(first) > MOST_MISTAKES:
        first[MOST_MISTAKES:] = [too_many()]
    return first


def too_many() -> SchemaProblem:
    """What is said in place of the rest."""
    message = f"there are more than {MOST_MISTAKES:,} mistakes; nothing else in the file is looked at"
    return SchemaProblem("", message, "too-many")


def shown(parts: Sequence[str | int]) -> str:
    """A place in words: `downloads[0].source`."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"`{text}`" if text else "the job spec"
