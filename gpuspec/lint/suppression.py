"""Comments that silence rules: `// gpuspec: ignore[name-or-code, …] reason`."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice

from gpuspec.lint.selection import selectors_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span, Tree
from gpuspec.text.tree import hash_comments

MOST_SELECTORS = 100
"""In one comment: there are not as many rules."""

_SUPPRESSION = r"(?s)\s*gpuspec:\s*ignore(-file)?\s*(?:\[([^\]]*)\])?[ \t:,–—-]*(.*)"


class Entry(NamedTuple):
    """One code, name or prefix inside the brackets."""

    selector: str
    span: Span


class Suppression:
    """One comment. `line` is the line it silences, None for the whole file; `used` grows as it silences."""

    __slots__ = ("comment", "entries", "known", "line", "reason", "used")

    def __init__(self, comment: Span, entries: tuple[Entry, ...], line: int | None, reason: str) -> None:
        self.comment = comment
        self.entries = entries
        self.line = line
        self.reason = reason
        self.used: set[str] = set()
        """Selectors that silenced something, and those that could not be judged."""
        self.known: set[str] = set()
        """Selectors that mean a rule of the run, or may mean one of a plugin that could not be read."""


class Silencer:
    """The suppressions of one file by what they silence: there may be as many as there are findings."""

    def __init__(self, suppressions: Iterable[Suppression]) -> None:
        self._unused: dict[tuple[int | None, str], list[Suppression]] = {}
        self._first: dict[tuple[int | None, str], Suppression] = {}
        for suppression in suppressions:
            for entry in suppression.entries:
                key = (suppression.line, entry.selector)
                self._first.setdefault(key, suppression)
                self._unused.setdefault(key, []).append(suppression)

    def silences(self, code: str, name: str, *lines: int | None) -> Suppression | None:
        """What silences a finding that starts on the first of some lines (None: one about the whole file), or stands
        in what starts on the others; the suppressions remember which of their entries did it."""
        silencing = None
        for selector in selectors_of(code, name):
            for place in dict.fromkeys((*lines, None)):
                found = self._unused.get((place, selector))
                if found is not None:
                    silencing = silencing or self._first[place, selector]
                    for suppression in found:
                        suppression.used.add(selector)
                    found.clear()  # they are known to be used: the next finding need not tell them again
        return silencing


def in_tree(tree: Tree) -> tuple[Suppression, ...]:
    """Every suppression in the comments of a spec."""
    if "gpuspec:" not in tree.text:
        return ()
    reader = _Reader(tree)
    placed = list(reader.placed(comment.span for comment in tree.comments))
    reader.covered = {line for line, alone in placed if alone}
    found = []
    for comment, (line, alone) in zip(tree.comments, placed, strict=True):
        sign = 1 if tree.text[comment.span.start] == "#" else 2
        found += reader.read(comment.span, sign, comment.text, line=line, alone=alone)
    return tuple(found)


def in_script(lines: Tree) -> tuple[Suppression, ...]:
    """Every suppression in the `#` comments of a script."""
    if "gpuspec:" not in lines.text:
        return ()
    comments = list(hash_comments(lines.text))
    reader = _Reader(lines)
    numbered = range(1, len(lines.line_starts()) + 1)
    reader.covered = {n for n in numbered if lines.line_text(n).lstrip().startswith("#")}
    found = []
    for comment, (line, alone) in zip(comments, reader.placed(one.span for one in comments), strict=True):
        found += reader.read(comment.span, 1, comment.text, line=line, alone=alone)
    return tuple(found)


class _Reader:
    """Reads comments. `covered` are the lines that comments stand on alone."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.covered: set[int] = set()
        self._about: dict[int, int] = {}
        """Line → the first line from there on that is no comment: all comments may stack above one line."""

    def placed(self, comments: Iterable[Span]) -> Iterator[tuple[int, bool]]:
        """Of comments in their order: the line of each, and whether nothing stands before it there."""
        text, starts, last = self.tree.text, self.tree.line_starts(), 0
        for comment in comments:
            line = bisect_right(starts, comment.start)
            # One line may hold all comments: what stands before the first of them is looked at once.
            yield line, line != last and not text[starts[line - 1] : comment.start].lstrip("\ufeff").strip()
            last = line

    def read(self, comment: Span, sign: int, text: str, *, line: int, alone: bool) -> list[Suppression]:
        """The suppression in a comment on a line, if it is one; its `text` begins after a `sign` of that length."""
        # What follows the bracket is the reason and is never read as codes.
        match = re.match(_SUPPRESSION, text) if "gpuspec:" in text else None
        if match is None:
            return []
        whole_file, selectors, reason = match.groups()
        entries = []
        if selectors is not None:
            for part in islice(re.finditer(r"[^\s,]+", selectors), MOST_SELECTORS):
                start = comment.start + sign + match.start(2) + part.start()
                entries.append(Entry(part[0], Span(start, start + len(part[0]))))
        about: int | None = line
        if whole_file:
            about = None
        elif alone:
            about = self._line_about(self.tree.position(comment.end - 1)[0] + 1)
        return [Suppression(comment, tuple(entries), about, reason.strip())]

    def _line_about(self, line: int) -> int:
        # Comments stack above the line they are about.
        last = len(self.tree.line_starts())
        passed = []
        while line < last and (line in self.covered or not self.tree.line_text(line).strip()):
            if line in self._about:
                line = self._about[line]
                break
            passed.append(line)
            line += 1
        self._about.update(dict.fromkeys(passed, line))
        return line


def without(suppression: Suppression, entries: list[Entry], text: str) -> list[tuple[Span, str]]:
    """What to replace in `text` so that a comment loses some entries: the whole comment if it loses all."""
    lost = set(entries)
    kept = [entry.selector for entry in suppression.entries if entry not in lost]
    if kept:
        inside = Span(suppression.entries[0].span.start, suppression.entries[-1].span.end)
        return [(inside, ", ".join(kept))]
    start, end = suppression.comment
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    before = text[line_start:start]
    if before.strip():
        return [(Span(start - (len(before) - len(before.rstrip())), end), "")]
    # A comment that stood alone takes its line with it.
    if text[end : end + 2] == "\r\n":
        end += 2
    elif text[end : end + 1] in ("\n", "\r"):
        end += 1
    return [(Span(line_start if text[end - 1 : end] in ("\n", "\r") else start, end), "")]
