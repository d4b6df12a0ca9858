"""Baselines: what was found when a team began, so that only new findings show.

Keyed by file, rule and pointer (for scripts and syntax: the text of the line), so moved lines change nothing.
Several findings of one key are counted. What was recorded of a file that is gone counts for the file that it became,
which has findings of the same rules at the same pointers in lines of the same text.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.lint.globs import relative
from gpuspec.lint.result import Located
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import in_words, read_file

LARGEST = 16 * 1024 * 1024
"""Bytes: some 100,000 findings."""
MOST_PAIRS = 200_000
"""Pairs of a file that is gone and one that it may have become, of which each is looked at."""


class Entry(NamedTuple):
    """What is recorded of findings of one key. `where` is the pointer, or the text of the line; where it is the
    pointer, `content` is a mark of that text (empty: not recorded)."""

    path: str
    rule: str
    where: str
    content: str = ""


class Baseline:
    """Known findings, each of which hides one."""

    def __init__(self, path: str, known: Counter[Entry]) -> None:
        self.path = path
        self._root = os.path.dirname(os.path.abspath(path))
        self._left = known
        self._of_key: dict[tuple[str, str, str], list[Entry]] = {}
        for entry in sorted(known):
            self._of_key.setdefault(entry[:3], []).append(entry)

    def known(self, found: Sequence[Located], *, old: Collection[str] = ()) -> list[bool]:
        """Of all findings of a run, which are known. Each entry is used up by one. `old` are files that were there
        when it was written: like those it has entries of, they are no files that others became."""
        entries = [entry_of(each, self._root) for each in found]
        known = [self._admits(entry) for entry in entries]
        mine = {*old, *(entry.path for entry in self._left)}
        new = [at for at, is_known in enumerate(known) if not is_known and entries[at].path not in mine]
        gone = self._gone() if new else {}
        if gone:
            for at in self._moved([(at, entries[at]) for at in new], gone):
                known[at] = True
        return known

    def _admits(self, entry: Entry) -> bool:
        """Whether an entry of the same file is left; the one whose line is the same before another."""
        if self._admits_exactly(entry):
            return True
        others = self._of_key.get(entry[:3], [])
        while others and self._left[others[-1]] <= 0:
            others.pop()
        return bool(others) and self._admits_exactly(others[-1])

    def _gone(self) -> dict[Entry, list[str]]:
        """Of entries that are left of files that are not there any more: those files by what else is in the entry."""
        there: dict[str, bool] = {}
        found: dict[Entry, list[str]] = {}
        for entry in sorted(self._left):
            if self._left[entry] <= 0:
                continue
            if entry.path not in there:
                there[entry.path] = os.path.lexists(os.path.join(self._root, entry.path))
            if not there[entry.path]:
                found.setdefault(entry._replace(path=""), []).append(entry.path)
        return found

    def _moved(self, new: Sequence[tuple[int, Entry]], gone: dict[Entry, list[str]]) -> Iterator[int]:
        """Which new findings are those of files that were moved. A file became one other, the likeliest: the one with
        most of its findings, then the one whose path ends the most like its own."""
        score: Counter[tuple[str, str]] = Counter()
        for _, entry in new:
            for path in gone.get(entry._replace(path=""), ()):
                score[path, entry.path] += 1
                if len(score) > MOST_PAIRS:
                    return
        likeliest = sorted(score, key=lambda pair: (-score[pair], -_alike(*pair), pair))
        became: dict[str, str] = {}
        taken: set[str] = set()
        for old, path in likeliest:
            if path not in became and old not in taken:
                became[path] = old
                taken.add(old)
        for at, entry in new:
            if entry.path in became and self._admits_exactly(entry._replace(path=became[entry.path])):
                yield at

    def _admits_exactly(self, entry: Entry) -> bool:
        if self._left[entry] <= 0:
            return False
        self._left[entry] -= 1
        return True

    def stale(
        self, files: Collection[str], rules: Collection[str], *, searched: bool = True
    ) -> tuple[str, ...]:
        """Entries that find nothing any more, among the files and rules (codes) of this run; of files that are gone
        only where folders were `searched`, since who names files (a hook) leaves others out."""
        linted = {relative(path, self._root) for path in files}
        left = {entry[:3] for entry, number in self._left.items() if number > 0 and entry.rule in rules}
        return tuple(
            f"{path}: {code} {where}".rstrip()
            for path, code, where in sorted(left)
            if path in linted or (searched and not self._is_there(path))
        )

    def not_asked(self, files: Collection[str], rules: Collection[str]) -> Counter[Entry]:
        """What a run says nothing about: entries of other files that are there, and of other rules."""
        linted = {relative(path, self._root) for path in files}
        return Counter(
            {
                entry: number
                for entry, number in self._left.items()
                if number > 0
                and (entry.rule not in rules if entry.path in linted else self._is_there(entry.path))
            }
        )

    def left(self) -> Counter[Entry]:
        """What found nothing so far."""
        return Counter({entry: number for entry, number in self._left.items() if number > 0})

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(os.path.join(self._root, path))


def _alike(one: str, other: str) -> int:
    """How many names two paths have in common, counted from the end."""
    number = 0
    for mine, theirs in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if mine != theirs:
            break
        number += 1
    return number


def entry_of(found: Located, root: str) -> Entry:
    """What is recorded of a finding in a baseline of the folder `root`."""
    finding, text = found.finding, found.place.text
    path = relative(found.path, root)
    if finding.span is not None and not finding.pointer:
        return Entry(path, finding.code, text.strip())
    return Entry(path, finding.code, finding.pointer, _mark(text))


@lru_cache(maxsize=8)
def _mark(line: str) -> str:
    """Of a line's text; a file may have a single line, with all findings."""
    from hashlib import sha256

    return sha256(line.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_baseline(path: str, *, hint: str = "write one with --write-baseline.") -> Baseline:
    """A baseline file. Raises UserError `bad-baseline` or `no-such-file`, with a `hint`."""
    import json

    known: Counter[Entry] = Counter()
    try:
        document: Any = json.loads(read_file(path, LARGEST))
        for each in document["findings"]:
            place = (str(each["path"]), str(each["rule"]), str(each["where"]))
            known[Entry(*place, str(each.get("content", "")))] += int(each["count"])
    except FileNotFoundError:
        raise UserError("no-such-file", f"the baseline {path} does not exist", hint) from None
    except OSError as error:
        raise UserError("unreadable-file", f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        again = "write it again with --write-baseline."
        said = f"{type(error).__name__}: {in_words(error)}"[:200]
        raise UserError("bad-baseline", f"{path} is not a baseline: {said}", again) from None
    return Baseline(path, known)


def baseline_text(found: Iterable[Located], path: str, kept: Counter[Entry] | None = None) -> str:
    """The baseline file for some findings, and for what is `kept` of the one before."""
    root = os.path.dirname(os.path.abspath(path))
    counted = Counter(entry_of(each, root) for each in found)
    counted.update(kept or {})
    entries = [
        {
            "path": entry.path,
            "rule": entry.rule,
            "where": entry.where,
            **({"content": entry.content} if entry.content else {}),
            "count": number,
        }
        for entry, number in sorted(counted.items())
    ]
    return json_text({"version": 1, "findings": entries})
