"""The structure of a repository whose config the list did not see, by the exact number of its elements.

Fine-tunes repeat their base but for a few tokens more, so the same architecture with the same number of elements, or
with whole rows of the embedding more or less, is the same structure. Counts of billions that agree to the last digit
are no chance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tools.hub_models.rows import Row
from tools.hub_models.stored_counts import Sums, counts

LEAST_WIDTH = 256
MOST_TOKENS_MORE = 4_000
EXACT = 2e-6
"""MLX leaves out a few thousand biases of routers."""


LEAST_ELSEWHERE = 10**8


class Known(NamedTuple):
    """A structure, by what a search needs of it."""

    key: str
    """By which the caller finds it again."""
    sums: Sums
    hidden: int
    vocabulary: int
    tied: bool
    beside: int = 0
    """Elements of a tower that only the count tells."""
    experts: int = 0


class ByCount:
    """Structures of each architecture, and the vocabularies that occur."""

    def __init__(self, rows: Iterable[Row]) -> None:
        seen = Counter(row.vocabulary for row in rows)
        self._vocabularies = frozenset(size for size, times in seen.items() if size and times >= 3)
        self._known: dict[str, dict[tuple[int, ...], Known]] = defaultdict(dict)
        self._of_count: dict[int, list[tuple[Known, str]]] = defaultdict(list)

    def add(self, architecture: str, known: Known) -> None:
        """Remember a structure; those that differ in their vocabulary alone count once."""
        blocks = known.sums.parameters - known.sums.head * (1 if known.tied else 2)
        alike = (blocks, known.beside, known.sums.drafts, known.sums.towers, known.hidden, known.tied)
        if alike in self._known[architecture]:
            return
        self._known[architecture][alike] = known
        for count in counts(known.sums):
            self._of_count[known.beside + count.elements].append((known, count.why))

    def find(self, row: Row) -> tuple[Known, int, bool] | None:
        """(the structure, its vocabulary, whether it leaves out its towers) that a row has; None where none is it."""
        best: tuple[tuple[bool, int], Known, int, bool] | None = None
        for known in self._known.get(row.architecture, {}).values():
            if row.hidden not in (0, known.hidden):
                continue
            for count in counts(known.sums):
                twice = "twice" in count.why
                size = self._vocabulary(row, known, row.stored - known.beside - count.elements, twice=twice)
                if size is None:
                    continue
                far = twice, abs(size - known.vocabulary)
                if best is None or far < best[0]:
                    best = far, known, size, "without towers" in count.why
        return best[1:] if best else None

    def elsewhere(self, row: Row) -> tuple[Known, int, bool] | None:
        """The same for a structure that stands under another architecture, where the count agrees to the last digit:
        InternVL is there under two names, and of some repositories no config could be read."""
        if row.stored < LEAST_ELSEWHERE:
            return None
        for known, why in sorted(self._of_count.get(row.stored, ()), key=lambda each: bool(each[1])):
            if row.hidden in (0, known.hidden) and row.vocabulary in (0, known.vocabulary):
                return known, known.vocabulary, "without towers" in why
        return None

    def of_vectors(self, row: Row) -> Iterator[Known]:
        """Structures of which the list may have counted the norms and biases alone."""
        return (
            each for each in self._known.get(row.architecture, {}).values() if each.sums.vectors == row.stored
        )

    def pruned(self, row: Row) -> Iterator[tuple[Known, int]]:
        """(a mixture, how many of its experts are left) that store as much as a row, experts being of one size."""
        for known in self._known.get(row.architecture, {}).values():
            each = known.sums.routed // known.experts if known.experts else 0
            missing = known.sums.parameters - row.stored
            if not each or known.beside or row.hidden not in (0, known.hidden):
                continue
            gone = round(missing / each)
            if 0 < gone < known.experts and abs(missing - gone * each) < row.stored * EXACT:
                yield known, known.experts - gone

    def _vocabulary(self, row: Row, known: Known, more: int, *, twice: bool) -> int | None:
        """The vocabulary with which a count comes out that is `more` off; None where none does."""
        each = known.hidden if known.tied and not twice else 2 * known.hidden
        if abs(more) < known.sums.parameters * EXACT:
            more = 0
        if more and known.beside:
            return None
        if more % each or (more and (twice or known.hidden < LEAST_WIDTH)):
            return None
        size = known.vocabulary + more // each
        if size <= 0:
            return None
        if row.vocabulary:
            return size if abs(size - row.vocabulary) <= 512 else None  # padded to a multiple
        near = abs(size - known.vocabulary) <= MOST_TOKENS_MORE
        return size if near or size in self._vocabularies else None
