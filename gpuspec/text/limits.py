"""How much of a text is read: what is beyond any file that a person wrote ends the reading, and is a problem."""

from __future__ import annotations

from typing import Any

from gpuspec.text.mistakes import Recovery
from gpuspec.text.tree import Comment, Extension, Span, Tree

MAX_DEPTH = 200
MAX_VALUES = 300_000
"""Each takes some 300 bytes of memory."""
MAX_POINTERS = 32_000_000
"""Characters of all pointers together: a long key stands in the pointer of each value below it."""
CONTAINER = 150
"""Characters that the beginning, or the end, of an object or a list counts for: it takes as long to read."""
MAX_COMMENTS = 150_000
MAX_NOTES = 20_000
"""Uses of JSON5, comments that silence rules and the like, of each kind."""


class Limits(Recovery):
    """Counts what the tree holds. `base` is the pointer of the container being read and a slash; `room` is how many
    values the tree may hold before that container ends."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.base = ""
        self.room = MAX_VALUES
        self.letters = MAX_POINTERS
        self.counted = 0
        self.silencing = 0

    def go_below(self, base: str) -> None:
        """Go on with the values below another pointer; its length tells how many there is room for."""
        known = len(self.tree.values)
        self.letters -= (known - self.counted) * len(self.base) + CONTAINER
        self.base, self.counted = base, known
        if self.letters > MAX_VALUES * len(base):
            self.room = MAX_VALUES
        else:
            self.room = min(MAX_VALUES, known + max(self.letters, 0) // (len(base) or 1))

    def too_many_values(self) -> None:
        """End the reading at the first value for which there is no room."""
        self.too_much(f"more values than a job spec has ({len(self.tree.values):,})")

    def extension(self, kind: str, start: int, end: int, plain: str | None) -> None:
        """Note a use of JSON5."""
        self.note(self.tree.extensions, Extension(kind, Span(start, end), plain), "uses of JSON5")

    def note(self, notes: list[Any], note: Any, what: str, most: int = MAX_NOTES) -> None:
        """Keep something that was met on the way, unless there is too much of it."""
        notes.append(note)
        if len(notes) > most:
            self.too_much(f"more than {most:,} {what}")

    def comment(self, start: int, end: int, text: str, *, block: bool) -> None:
        """Note a comment."""
        self.note(self.tree.comments, Comment(Span(start, end), text, block), "comments", MAX_COMMENTS)
        self.silencing += "gpuspec:" in text
        if self.silencing > MAX_NOTES:
            self.too_much(f"more than {MAX_NOTES:,} comments for gpuspec")

    def too_much(self, what: str) -> None:
        """End the reading here, and say why."""
        if not self.stopped:
            self.clean = True
            hint = "keep data out of the spec: name a file or a pattern in `items`"
            self.problem(self.at, self.at + 1, f"{what}: nothing is read from here on", hint)
            self.stopped = True
