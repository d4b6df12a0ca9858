"""A table in as many columns as there is room for."""

from collections.abc import Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.report.width import shown, width

GAP = 2


class Column(NamedTuple):
    """A column: its title, its cells, and whether it is of numbers, which stand to the right. Of two that do not both
    fit the one with the smaller `rank` stays. A column without any content is left out."""

    title: str
    cells: Sequence[str]
    rank: int
    numbers: bool = True

    @property
    def wide(self) -> int:
        """Columns of the terminal that it takes."""
        return max(width(self.title), *(width(shown(cell)) for cell in self.cells))


def able(columns: Sequence[Column], room: int, indent: int) -> list[Column]:
    """Those that fit, in their order; the first in rank in any case."""
    kept: list[Column] = []
    taken = indent - GAP
    for column in sorted((one for one in columns if any(one.cells)), key=lambda one: one.rank):
        if not kept or taken + GAP + column.wide <= room:
            kept.append(column)
            taken += GAP + column.wide
    return [one for one in columns if one in kept]


def table(columns: Sequence[Column], room: int, *, indent: int = 2) -> list[str]:
    """The lines, titles first, no wider than the room but where the first in rank is."""
    kept = able(columns, room, indent)
    rows = zip(*(_padded(one) for one in kept), strict=True)
    return [(" " * indent + (" " * GAP).join(row)).rstrip() for row in rows]


def _padded(column: Column) -> list[str]:
    """Title and cells, all as wide as the widest."""
    wide, texts = column.wide, (column.title, *map(shown, column.cells))
    spaces = [" " * (wide - width(text)) for text in texts]
    return [
        space + text if column.numbers else text + space for text, space in zip(texts, spaces, strict=True)
    ]
