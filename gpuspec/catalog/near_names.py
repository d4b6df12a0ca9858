"""Known names near one that nobody knows: a slip of the pen, and no other model.

Sizes and versions must be the same, and the words before and between them nearly so, one by one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from gpuspec.catalog.hub_table import HubTable
from gpuspec.catalog.name_parts import is_date, shape_of_name
from gpuspec.numerals import is_digits

ALIKE = 0.7
"""How much two words have in common of which one may be meant for the other."""
MOST = 3
_LONGEST_NAME = 80
_MOST_COMPARED = 300
_SHORTEST_FAMILY = 3
_WORD = re.compile("[a-z]{3,}")
_SHORT = 5
"""Letters of a word or an organisation up to which one slip makes it another's, not two."""

Parts = tuple[tuple[str, ...], tuple[str, ...]]


def nearest(name: str, known: Iterable[tuple[str, str]], table: HubTable | None) -> tuple[str, ...]:
    """The nearest of the `known` names, (name, what to call it), best first, then those of the table."""
    wanted = _parts(name[-_LONGEST_NAME:])
    if not wanted[0]:
        return ()
    scored = _scored(wanted, known)
    if table is not None and len(scored) < MOST:
        family = islice(_of_family(wanted, table), _MOST_COMPARED)
        scored += _scored(wanted, ((own, own) for own in family))
    return tuple({shape_of_name(own): own for _, own in reversed(scored)}.values())[::-1][:MOST]


def _scored(wanted: Parts, names: Iterable[tuple[str, str]]) -> list[tuple[float, str]]:
    """(the likeness, below 0, what to call it) of those names that are like it, best first."""
    return sorted((-score, own) for name, own in names if (score := _likeness(wanted, name)))


def of_near_owner(address: str, known: Sequence[str], table: HubTable | None) -> tuple[str, ...]:
    """The repository of this very name whose organisation is a slip of the pen away, where nobody knows of the
    organisation that is written: "meta-llama/Llama-3.1-8B" of "meta-lama/Llama-3.1-8B". Whoever has repositories of
    his own has uploaded a model again."""
    owner, _, bare = address.lower().rpartition("/")
    if not owner or len(address) > 2 * _LONGEST_NAME:
        return ()
    same = [name for name in known if name.lower().endswith(f"/{bare}")]
    if table is not None:
        same += (line.partition("\t")[0] for line in table.containing(f"/{bare}\t"))
    most = 1 if len(owner) <= _SHORT else 2
    slips = {name: _slips(owner, name.rpartition("/")[0].lower(), most) for name in same}
    near = [name for name in same if 0 < slips[name] <= most and _digits(name) == _digits(address)]
    if not near or any(name.lower().startswith(f"{owner}/") for name in known):
        return ()
    return () if table is not None and table.has_owner(owner) else (min(near, key=slips.__getitem__),)


def respelled(query: str, names: Iterable[str]) -> str:
    """A part of a name with its misspelt words as the names have them: "mistral" of "mistrl"; "" where none is
    misspelt, or one is like no word of theirs."""
    words = Counter(word for name in names for word in _WORD.findall(name.rpartition("/")[2].lower()))
    low = query.lower()[:_LONGEST_NAME]
    found = low
    for word in dict.fromkeys(_WORD.findall(low)):
        if word in words:
            continue
        most = 1 if len(word) <= _SHORT else 2
        near = min(words, key=lambda known: (_slips(word, known, most), -words[known]), default="")
        if _slips(word, near, most) > most:
            return ""
        found = found.replace(word, near)
    return found if found != low else ""


def _digits(name: str) -> list[str]:
    """A number is no slip of the pen: "acme" and "acme2" are two."""
    return [sign for sign in name if is_digits(sign)]


def _slips(one: str, other: str, most: int) -> int:
    """How many letters were left out, added, changed, or exchanged with the next; `most` + 1 for more than that."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, above, row = row, before, [at]
        for to, sign in enumerate(other, 1):
            least = min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != sign))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == sign:
                least = min(least, above[to - 2] + 1)
            row.append(least)
    return min(row[-1], most + 1)


def _parts(name: str) -> Parts:
    """(words, sizes and versions) of a name. A date is neither."""
    words, numbers = [], []
    for part in shape_of_name(name):
        if not any(is_digits(sign) for sign in part):
            words.append(part)
        elif not is_date(part):
            numbers.append(part)
    return tuple(words), tuple(numbers)


def _likeness(wanted: Parts, name: str) -> float:
    """From 0 (another model) to 1 (the same parts)."""
    last = wanted[1][-1] if wanted[1] else ""
    if last not in name.lower():  # the quick answer for nearly all of them
        return 0.0
    words, numbers = _parts(name)
    if numbers != wanted[1] or len(words) != len(wanted[0]):
        return 0.0
    from difflib import SequenceMatcher

    each = [
        1.0 if one == other else SequenceMatcher(None, one, other).ratio()
        for one, other in zip(words, wanted[0], strict=True)
    ]
    return sum(each) / len(each) if min(each) >= ALIKE else 0.0


def _of_family(wanted: Parts, table: HubTable) -> Iterator[str]:
    """Names of the table that hold the first word and then these numbers, with none between them."""
    family, gap = wanted[0][0], r"[^\d\t\n/]*"
    if len(family) < _SHORTEST_FAMILY:
        return
    numbers = [number for part in wanted[1] for number in re.findall(r"\d+", part)]
    pattern = re.escape(family) + gap + "".join(f"{number}(?!\\d){gap}" for number in numbers)
    text, low = table.text, table.low
    for hit in re.finditer(rf"{pattern}(?:\d{{4,}}{gap})*\t", low):
        start = low.rfind("\n", 0, hit.start()) + 1
        yield text[start : hit.end() - 1]
