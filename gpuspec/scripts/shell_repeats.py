"""Commands that run a command per item: xargs, GNU parallel, find."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gpuspec.scripts.program import UNKNOWN, Word

EACH = "{}"
"""The item that xargs, parallel and find put into a command."""

_XARGS_VALUED = {
    "-I",
    "-n",
    "-P",
    "-L",
    "-d",
    "-a",
    "-s",
    "-E",
    "--max-args",
    "--max-procs",
    "--delimiter",
    "--arg-file",
    "-J",
    "-R",
}
_PARALLEL_VALUED = {
    "-j",
    "--jobs",
    "-P",
    "-a",
    "--arg-file",
    "--colsep",
    "--delay",
    "--joblog",
    "-n",
    "-N",
    "-I",
    "--timeout",
    "--retries",
}


def _marked(words: Sequence[Word], mark: str) -> list[Word]:
    each = frozenset({EACH})
    return [Word(word.text, word.names | each) if mark in word.text else word for word in words]


def over_xargs(words: list[Word]) -> list[Word] | None:
    """The command xargs repeats; None where it runs it once over all of its input."""
    at, mark, repeats = 0, EACH, False
    while at < len(words) and words[at].text.startswith("-"):
        text = words[at].text
        repeats |= text.startswith(
            ("-I", "-i", "-n", "-L", "-l", "--replace", "--max-args", "--max-lines", "-J")
        )
        if text.startswith("-I") and len(text) > 2:
            mark = text[2:]
        elif text in ("-I", "-J") and at + 1 < len(words):
            mark = words[at + 1].text
        elif (
            text in ("-n", "--max-args", "-L")
            and at + 1 < len(words)
            and words[at + 1].text not in ("1", UNKNOWN)
        ):
            repeats = True
        at += 2 if text in _XARGS_VALUED else 1
    command = words[at:]
    if not repeats or not command:
        return None
    marked = _marked(command, mark)
    return (
        marked if any(EACH in word.names for word in marked) else [*marked, Word(UNKNOWN, frozenset({EACH}))]
    )


def over_parallel(words: list[Word]) -> list[Word] | None:
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        at += 2 if words[at].text in _PARALLEL_VALUED else 1
    command: list[Word] = []
    for word in words[at:]:
        if word.text in (":::", "::::", ":::+"):
            break
        command.append(word)
    if not command:
        return None
    each = frozenset({EACH})
    marked = [Word(w.text, w.names | each) if re.search(r"\{[\d./#%]*\}", w.text) else w for w in command]
    return marked if any(EACH in word.names for word in marked) else [*marked, Word(UNKNOWN, each)]


def parallel_items(words: Sequence[Word]) -> int | None:
    texts = [word.text for word in words]
    if texts.count(":::") != 1:
        return None
    items = texts[texts.index(":::") + 1 :]
    if any(re.search(r"[*?{]|" + UNKNOWN, item) for item in items):
        return None
    return len(items)


def over_find(words: Sequence[Word]) -> list[Word] | None:
    texts = [word.text for word in words]
    at = next((i for i, text in enumerate(texts) if text in ("-exec", "-execdir", "-ok")), None)
    if at is None:
        return None
    command: list[Word] = []
    for word in words[at + 1 :]:
        if word.text in (";", "\\;"):
            return _marked(command, EACH)
        if word.text == "+":
            return None
        command.append(word)
    return _marked(command, EACH) or None
