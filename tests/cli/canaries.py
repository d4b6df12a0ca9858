"""What a terminal or a CI runner would take for more than text, and how to look for it in what a command prints."""

from __future__ import annotations

import re
import unicodedata

AFTER_NEWLINE = "⌁"
"""Stands after each canary's newline: where a line of output begins with it, the newline got out."""
CANARIES = {
    "controls": f"::stop-commands::t ##[group]x\n{AFTER_NEWLINE}::error::y\r::error::z\t"
    "\x1b[2J\x9b31m\x07\x85\x7f\u2028!",
    "order": "\u202egnp.\u2066\u200f\u061c\ufeff\u200b\U000e0041 ##vso[task.complete]",
    "words": " ".join(["::add-mask::" + "x" * n for n in range(12)]) + " ##[error]##teamcity[a]",
    "text": "::error::job-##[group]y",
}
SEEN = re.compile(
    "[\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f]"
)
"""Of the category "format", and part of writing: joiners, signs before numbers, the stacking of hieroglyphs."""


def unsafe(text: str) -> list[str]:
    """What is not safe in a text, by Unicode's categories and GitHub's parser (actions/runner, ActionCommand.cs: `::`
    where a line begins, after spaces; `##[` anywhere)."""
    found = [
        repr(char)
        for char in set(text)
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and char != "\n"
        and not SEEN.match(char)
    ]
    for line in text.split("\n"):
        if line.lstrip().startswith(("::", AFTER_NEWLINE)) or re.search(r"##\w*\[", line):
            found.append(line)
    return found
