"""zsh's own loops, written as bash's grammar has them, and where each character of that stood.

`for f (*.wav) { … }`, `for f (*.wav) command`, `foreach f (*.wav) … end`: zshmisc(1), "Alternate Forms For Complex
Commands", read 2026-11-30.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

_QUALIFIER = re.compile(r"(?<=[*?\w\]])\([N.omnD/@^]{1,4}\)")
_LOOP = re.compile(
    r"(?m)^([ \t]*)for(?:each)?[ \t]+(\w+)[ \t]*\(([^()\n]{0,500}(?:\$\([^()\n]{0,500}\)[^()\n]{0,500}){0,3})\)"
    r"[ \t]{0,9}(;?\s{0,20}do\b|\{|\n|(?=[^\s{;]))"
)
_MOST = 50


def as_bash(text: str) -> tuple[str, Callable[[int], int]]:
    """The text in bash's grammar, and the function from places in it to places in the original."""
    # A glob's qualifier, `*.wav(N)`, would end the reading.
    text = _QUALIFIER.sub(lambda match: "*" * len(match[0]), text)
    edits: list[tuple[int, int, str]] = []
    for match in list(_LOOP.finditer(text))[:_MOST]:
        end, word = _end(text, match)
        if end is not None:
            edits.append((match.start(), match.end(), f"{match[1]}for {match[2]} in {match[3]}; do "))
            edits.append((end, end + len(word), "; done" if word != "end" else "done"))
        elif match[4].endswith("do"):
            edits.append((match.start(), match.end(), f"{match[1]}for {match[2]} in {match[3]}; do"))
    made, at, news, olds = "", 0, [0], [0]
    for start, stop, new in sorted(edits):
        if start < at:
            continue
        made += text[at:start]
        news.append(len(made))
        olds.append(start)
        made += new
        news.append(len(made))
        olds.append(stop)
        at = stop
    made += text[at:]

    def place(offset: int) -> int:
        nearest = bisect_right(news, offset) - 1
        following = olds[nearest + 1] if nearest + 1 < len(olds) else len(text)
        return min(olds[nearest] + offset - news[nearest], following)

    return made, place


def _end(text: str, match: re.Match[str]) -> tuple[int | None, str]:
    """Where the loop's body ends, and the word that ends it; None for one that `done` ends."""
    body, begins = match.end(), match[4].strip()
    if begins.endswith("do"):
        return None, ""
    if begins == "{":
        depth = 1
        for brace in re.finditer(r"[{}]", text[body : body + 20_000]):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                return body + brace.start(), "}"
        return None, ""
    if match[0].lstrip().startswith("foreach"):
        ends = re.compile(r"(?m)^[ \t]*(end)\b").search(text, body)
        return (ends.start(1), "end") if ends else (None, "")
    if "\n" in match[4]:
        return None, ""
    line = re.compile(r"(?<!\\)\n|\Z").search(text, body)
    return (line.start() if line else None), ""
