"""Mistakes: in words, each once, and where to go on after one."""

from __future__ import annotations

import re

from gpuspec.numerals import is_digits
from gpuspec.text import token
from gpuspec.text.tree import Span, SyntaxProblem, Tree

MAX_PROBLEMS = 100
_GARBAGE = r"[^,\]}\n\r/]*(?:(?:/(?!/)|(?<=\S)//)[^,\]}\n\r/]*){0,1000}"
_NEWLINE = r"[^\n\r]*[\n\r]"


TYPOGRAPHIC = "“”„‟‘’‚‛«»`"
"""Quotes that word processors, chats and Markdown leave behind."""


def shown(word: str) -> str:
    """A piece of the user's text in a message."""
    word = word if len(word) <= 40 else word[:39] + "…"
    return f"`{word}`" if word.isprintable() else ascii(word)


def advice(written: str, word: str) -> tuple[str, str | None]:
    """(message, hint) for something that stands where a value belongs."""
    written = written.strip()
    same = {"none": "null", "nil": "null", "undefined": "null", "yes": "true", "no": "false"}
    low = word.lower()
    meant = same.get(low, low)
    if meant in ("true", "false", "null"):
        return f"{shown(word)} is no value", f"write {meant}"
    if is_digits(word[:1]) or word[:1] in "+-.":
        return f"{shown(word)} is no number", "write a plain number, or put a string in double quotes"
    if written[:1] in TYPOGRAPHIC and len(written) > 1:
        return (
            f"{shown(written)} has quotes JSON does not know",
            f"write {token.quoted(written.strip(TYPOGRAPHIC))}",
        )
    if written[:1] == "#":
        return f"{shown(written)} where a value belongs", "comments start with //"
    if written[:1].isalpha():
        return (
            f"{shown(written)} is no value: a string needs double quotes",
            f"write {token.quoted(written)}",
        )
    return f"{shown(written)} where a value belongs", None


class Recovery:
    """What the scanner has read so far, and how it gets over a mistake.

    `ready`: a member may come (after an opener or a comma). `last`: where the last value ends. `clean` is False
    from a problem until something was read without one: what goes wrong meanwhile on the same line is taken for
    the same mistake. `unbalanced`: brackets do not match, from here on they mean nothing.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.text = tree.text
        self.at = 1 if tree.text.startswith("\ufeff") else 0
        self.ready = True
        self.last = 0
        self.clean = True
        self.wound = 0
        self.unbalanced = False
        self.stopped = False

    def problem(self, start: int, end: int, message: str, hint: str | None = None) -> None:
        """Report, unless the line's last problem is not over yet: one mistake, one problem."""
        problems = self.tree.problems
        same = (
            not self.clean and bool(problems) and not re.compile(_NEWLINE).match(self.text, self.wound, start)
        )
        self.wound = max(self.wound, start)
        if same:
            return
        self.clean, self.wound = False, end
        problems.append(SyntaxProblem(Span(start, end), message, hint))
        if len(problems) >= MAX_PROBLEMS:
            self.stopped = True

    def broken(self, start: int, end: int, message: str, hint: str | None = None) -> None:
        """Report brackets that do not match. Only the first: what follows from it looks like more of them."""
        if not self.unbalanced:
            self.unbalanced = True
            self.problem(start, end, message, hint)

    def bad_value(self, word: str) -> None:
        at = self.at
        self.at = self.after_garbage()
        end = max(self.at, at + 1)
        clean = self.clean and word == self.text[at:end].strip()
        self.problem(at, end, *advice(self.text[at:end], word))
        self.at, self.last, self.ready, self.clean = end, end, False, clean

    def garbage(self, message: str) -> None:
        """Report and skip to the next comma, closer or line."""
        at = self.at
        end = max(self.after_garbage(), at + 1)
        hint = "comments start with //" if self.text[at] in "#/" else None
        self.problem(at, end, message, hint)
        self.at = end

    def after_garbage(self) -> int:
        return token.run_end(_GARBAGE, self.text, self.at)

    def skip_group(self) -> None:
        """Step over a container that has no place, strings in it included."""
        depth = 0
        for found in re.compile(r"[{\[]|[}\]]|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"").finditer(self.text, self.at):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
            if depth == 0:
                self.at = self.last = found.end()
                self.ready = False
                return
        self.at = len(self.text)
