"""Comments that silence rules: `// gpuspec: ignore[name-or-code, …] reason`."""

import re
from itertools import islice
from typing import NamedTuple

from gpuspec.lint.selection import matches
from gpuspec.text import Span, Tree

MOST_SELECTORS = 100
"""In one comment: there are not as many rules."""


class Entry(NamedTuple):
    """One code, name or prefix inside the brackets."""

    selector: str
    span: Span


class Suppression:
    """One comment. `line` is the line it silences, None for the whole file; `used` grows as it silences."""

    __slots__ = ("comment", "entries", "line", "reason", "used")

    def __init__(self, comment: Span, entries: tuple[Entry, ...], line: int | None, reason: str) -> None:
        self.comment = comment
        self.entries = entries
        self.line = line
        self.reason = reason
        self.used: set[str] = set()
        """Selectors that silenced something, and those that could not be judged."""

    def silences(self, code: str, name: str, line: int) -> bool:
        """Whether it silences a finding that starts on `line`; remembers which entry did."""
        if self.line is not None and self.line != line:
            return False
        hits = [entry.selector for entry in self.entries if matches(entry.selector, code, name)]
        self.used.update(hits)
        return bool(hits)


def in_tree(tree: Tree) -> tuple[Suppression, ...]:
    """Every suppression in the comments of a spec."""
    if "gpuspec:" not in tree.text:
        return ()
    covered = {tree.position(c.span.start)[0] for c in tree.comments if _alone(tree, c.span)}
    found = []
    for comment in tree.comments:
        sign = 1 if tree.text[comment.span.start] == "#" else 2
        found += _read(tree, comment.span, comment.span.start + sign, text=comment.text, covered=covered)
    return tuple(found)


def in_script(lines: Tree) -> tuple[Suppression, ...]:
    """Every suppression in the `#` comments of a script."""
    if "gpuspec:" not in lines.text:
        return ()
    pattern = re.compile(r"(?:^|(?<=\s))#(?=[ \t]*gpuspec:).*", re.M)
    spans = [Span(*match.span()) for match in pattern.finditer(lines.text)]
    numbered = range(1, len(lines.line_starts()) + 1)
    covered = {n for n in numbered if lines.line_text(n).lstrip().startswith("#")}
    found = []
    for span in spans:
        text = lines.text[span.start + 1 : span.end].rstrip("\r")
        found += _read(lines, span, span.start + 1, text=text, covered=covered)
    return tuple(found)


def _read(tree: Tree, comment: Span, at: int, *, text: str, covered: set[int]) -> list[Suppression]:
    # `at` is where `text` starts. What follows the bracket is the reason and is never read as codes.
    match = re.match(r"\s*gpuspec:\s*ignore(-file)?\s*(?:\[([^\]]*)\])?[ \t:,–—-]*(.*)", text, re.S)
    if match is None:
        return []
    entries = []
    if match[2] is not None:
        for part in islice(re.finditer(r"[^\s,]+", match[2]), MOST_SELECTORS):
            start = at + match.start(2) + part.start()
            entries.append(Entry(part[0], Span(start, start + len(part[0]))))
    line: int | None = None
    if match[1] is None:
        line = tree.position(comment.start)[0]
        if _alone(tree, comment):
            line = _next_line(tree, tree.position(comment.end - 1)[0] + 1, covered)
    return [Suppression(comment, tuple(entries), line, match[3].strip())]


def _alone(tree: Tree, comment: Span) -> bool:
    line, column = tree.position(comment.start)
    return not tree.line_text(line)[: column - 1].strip()


def _next_line(tree: Tree, line: int, covered: set[int]) -> int:
    # Comments stack above the line they are about.
    last = len(tree.line_starts())
    while line < last and (line in covered or not tree.line_text(line).strip()):
        line += 1
    return line


def without(suppression: Suppression, entries: list[Entry], text: str) -> list[tuple[Span, str]]:
    """What to replace in `text` so that a comment loses some entries: the whole comment if it loses all."""
    kept = [entry.selector for entry in suppression.entries if entry not in entries]
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
