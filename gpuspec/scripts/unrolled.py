"""Launches that are written out one after another, where a loop would have done the same."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from gpuspec.commands.word import Word
from gpuspec.numerals import is_digits
from gpuspec.scripts.found import Alone, RepeatedLaunch
from gpuspec.scripts.launch_commands import identity_of, spec_of, unwrap
from gpuspec.scripts.program import Loop
from gpuspec.scripts.work import HARDWARE, is_worker
from gpuspec.text import Span

_NAME = ("c", "n", "name", "cluster", "job_name", "display_name", "service_name")
"""Options that name the machine: what else differs tells the item."""
LEAST = 4
"""Launches in a row: three are soon written."""
_MOST = 500
_OTHER_WORK = re.compile(r"\.(?:ya?ml|jsonc?|py|sh|sbatch|slurm|toml)$")
"""Another file is another job."""


def unrolled(launches: Sequence[Alone]) -> Iterator[RepeatedLaunch]:
    """Four and more launches in one place that are the same but for one literal."""
    groups: dict[tuple[Hashable, ...], list[Alone]] = {}
    for alone in launches[:_MOST]:
        if alone.place is not None:  # one that stands under a condition is one of several ways
            words = unwrap(alone.run.words)
            key = alone.place, alone.launcher.name, words[0].text if words else "", len(words)
            groups.setdefault(key, []).append(alone)
    for group in groups.values():
        if len(group) >= LEAST:
            yield from _alike(group)


def _alike(group: list[Alone]) -> Iterator[RepeatedLaunch]:
    rows = [
        [*(word.text for word in unwrap(alone.run.words)), *alone.run.fed.text.split()] for alone in group
    ]
    if len(set(map(len, rows))) > 1:
        return
    at = [n for n, texts in enumerate(zip(*rows, strict=True)) if len(set(texts)) > 1]
    if not at or not _is_item(rows, at) or _same_machine(group):
        return
    first = group[0]
    spans = sorted(alone.run.span for alone in group)
    loop = Loop("unrolled", (), Word(""), len(group), Span(spans[1].start, spans[-1].end))
    keys = tuple(dict.fromkeys(name for n in at if (name := _option(rows[0], n))))
    yield RepeatedLaunch(
        first.launcher, spans[0], loop, len(group), spec_of(first.run), around=(), run=first.run, keys=keys
    )


def _is_item(rows: list[list[str]], at: list[int]) -> bool:
    """Whether one literal tells the commands apart, each time another one, and it is no machine, worker or file."""
    kinds: set[tuple[str, ...]] = set()
    for n in at:
        texts = [row[n] for row in rows]
        name = _option(rows[0], n)
        if name in _NAME and len(at) > 1:
            continue
        if (
            n == 0
            or HARDWARE.search(name)
            or (is_worker(name) and _counted(texts))
            or any(_OTHER_WORK.search(text) for text in texts)
        ):
            return False
        kinds.add(_cores(texts))
    return len(kinds) == 1 and len(set(kinds.pop())) == len(rows)


def _option(row: list[str], n: int) -> str:
    """The name of what a word is given to."""
    before = row[n - 1] if n else ""
    option = row[n].partition("=")[0] if "=" in row[n] else before
    if "=" not in row[n] and not before.startswith("-"):
        return ""
    return option.lstrip("-").replace("-", "_")


def _counted(texts: list[str]) -> bool:
    """Whether they are the numbers of workers, from 0 or 1 on."""
    numbers = [core for core in _cores(texts) if is_digits(core)]
    return len(numbers) == len(texts) and {int(number[:9]) for number in numbers} <= set(
        range(len(texts) + 1)
    )


def _cores(texts: list[str]) -> tuple[str, ...]:
    """What differs between some words: without what they all share at both ends."""
    start = 0
    shortest = min(map(len, texts))
    while start < shortest and len({text[start] for text in texts}) == 1:
        start += 1
    end = 0
    while end < shortest - start and len({text[-1 - end] for text in texts}) == 1:
        end += 1
    return tuple(re.sub(r"\W|_", "", text[start : len(text) - end].lower()) for text in texts)


def _same_machine(group: Sequence[Alone]) -> bool:
    """Whether all name one machine, which is launched once and used again."""
    names = [identity_of(alone.launcher, alone.run) for alone in group]
    if all(alone.launcher.idempotent for alone in group) and all(name and name.text == "-" for name in names):
        return False
    return None not in names and len({name.text for name in names if name}) == 1
