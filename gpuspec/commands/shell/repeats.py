"""Commands that run a command per item: xargs, GNU parallel, find."""

from __future__ import annotations

import re

from gpuspec.commands.shell.scope import StepBudget
from gpuspec.commands.shell.script import Command, Enclosure
from gpuspec.commands.shell.wrappers import Peeled
from gpuspec.commands.word import UNKNOWN, Word

_EACH = r"\{\}"
_PARALLEL_EACH = r"\{[\d./#%]*\}"
_XARGS_REPEATS = ("-I", "-i", "-n", "-L", "-l", "--replace", "--max-args", "--max-lines", "-J")

Once = tuple[Enclosure, tuple[Word, ...], tuple[Word, ...]]


def repeated(peeled: Peeled, command: Command, budget: StepBudget) -> Once | None:
    """The loop that a wrapper is, with the words or the script that it runs for each item; None where it runs its
    command once. The item stands in the words as a piece that is not known and differs from turn to turn."""
    name = peeled.wrapper.name
    items: tuple[Word, ...] = ()
    if name == "xargs":
        place = _xargs_place(peeled.wrapper.words)
    elif name == "parallel":
        place, items = _PARALLEL_EACH, _parallel_items(peeled.wrapper.words)
    elif name == "find":
        place = None if command.words[-1].text == "+" else _EACH
    else:
        return None
    if place is None:
        return None
    mark = budget.new_mark()
    item = UNKNOWN + mark
    around = Enclosure("each", command.start, command.end, text=name, words=items, mark=mark)
    parts = [*peeled.words, *peeled.script]
    filled = [word._replace(text=re.sub(place, item, word.text)) for word in parts]
    words, script = filled[: len(peeled.words)], filled[len(peeled.words) :]
    if filled == parts and name != "find":
        words.append(Word(item, command.start, command.end))
    return around, tuple(words), tuple(script)


def _xargs_place(words: tuple[Word, ...]) -> str | None:
    """The pattern of where xargs puts the item; None where it runs its command once over all of its input."""
    place, repeats = _EACH, False
    for at, word in enumerate(words[1:], 1):
        repeats = repeats or word.text.startswith(_XARGS_REPEATS)
        if word.text.startswith("-I") and len(word.text) > 2:
            place = re.escape(word.text[2:])
        elif word.text in ("-I", "-J") and at + 1 < len(words):
            place = re.escape(words[at + 1].text)
    return place if repeats else None


def _parallel_items(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The items of one `:::`; none where they cannot be told."""
    texts = [word.text for word in words]
    return words[texts.index(":::") + 1 :] if texts.count(":::") == 1 else ()
