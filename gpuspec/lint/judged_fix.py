"""Fixes are judged before they are offered: the text is read and linted again with each of them.

One that brings an error, loses a value that it is not about, or changes nothing is not offered; what it would have
done stays in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gpuspec.lint.deferred import loaded
from gpuspec.lint.finding import Fix
from gpuspec.lint.made_fix import READING, applied, carried_jobs, is_meant
from gpuspec.lint.one_file import Active
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.script import kind_of
from gpuspec.lint.selection import Selection
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Edit, Tree, parse
from gpuspec.text.rewrite import reread

ALONE = 8
"""So many fixes of a rule in one file are judged one by one, more of them all at once."""
MOST_JUDGED = 32
BYTES_JUDGED = 1 << 19
"""How often one file is fixed and read again at most, and how much text that may be: large files take long. What is
left then is not offered."""


class Verdict(NamedTuple):
    """Why a fix is not offered, in words ("" where it is), and whether its rule's advice still holds."""

    why_not: str = ""
    is_advice: bool = True


GOOD = Verdict()


def offered(
    linter: Linter, path: str, data: bytes, settings: Settings, found: Sequence[Located], *, on_disk: bool
) -> list[Located]:
    """The findings of a text, each with its fix where that may be offered."""
    verdicts = judged(linter, path, data, settings, found, on_disk=on_disk)
    return [
        located if not verdict.why_not else _in_words(located, verdict)
        for located, verdict in zip(found, verdicts, strict=True)
    ]


def judged(
    linter: Linter,
    path: str,
    data: bytes,
    settings: Settings,
    found: Sequence[Located],
    *,
    on_disk: bool,
    strict: bool = False,
) -> list[Verdict]:
    """A verdict on the fix of each finding of a text; a good one where there is no fix. `strict`: none is good either
    that leaves its finding as it is, which takes as long again; tests look for that."""
    judge = FixJudge(linter, path, data, settings, on_disk=on_disk, strict=strict)
    if judge.cannot:
        return [GOOD for _ in found]
    verdicts = dict.fromkeys(range(len(found)), GOOD)
    verdicts |= {at: Verdict("another fix puts the author's value there") for at in _claimed(found)}
    by_rule: dict[str, list[int]] = {}
    for at, located in enumerate(found):
        if located.finding.fix and not verdicts[at].why_not:
            by_rule.setdefault(located.finding.code, []).append(at)
    for alike in by_rule.values():
        if len(alike) > ALONE and not judge.verdict([found[at] for at in alike]).why_not:
            continue
        verdicts |= {at: judge.verdict([found[at]]) for at in alike}
    return list(verdicts.values())


class FixJudge:
    """Judges the fixes of one text."""

    def __init__(
        self,
        linter: Linter,
        path: str,
        data: bytes,
        settings: Settings,
        *,
        on_disk: bool,
        strict: bool = False,
    ) -> None:
        self.path = path
        self.data = data
        self.on_disk = on_disk
        self.strict = strict
        self.formats = linter.formats
        # What a file says of itself, its comments, holds after a fix as well; all else is judged as is usual.
        self.settings = settings._replace(selection=Selection(), severity={})
        self._linter = linter.again()
        self._left = max(1, min(MOST_JUDGED, BYTES_JUDGED // max(1, len(data))))
        self._before: Counter[str] | None = None
        self.is_spec = kind_of(path, data) is None
        self.jobs = carried_jobs(documents_in(path, data, linter.formats, on_disk=on_disk))
        self.tree: Tree | None = None
        self.cannot = False
        """The text itself does not parse: edits wait until it does, and replacements may mend it only together."""
        if self.is_spec:
            try:
                self.tree = self.jobs[0].tree if self.jobs else parse(data.decode())
            except UnicodeDecodeError:
                self.cannot = True
            self.cannot = self.cannot or self.tree is None or bool(self.tree.problems)

    def verdict(self, made: Sequence[Located]) -> Verdict:
        """On the fixes of some findings, made at once."""
        if self._left <= 0:
            return Verdict("there is too much to judge in this file")
        self._left -= 1
        fixes = [located.finding.fix for located in made if located.finding.fix]
        after = applied(self.data, fixes, is_spec=self.is_spec, tree=self.tree)
        if after is None or not is_meant(self.path, after, self.jobs, fixes, self.formats):
            return Verdict("it cannot be made without harm")
        if after == self.data:
            return Verdict("it changes nothing", is_advice=False)
        if self.tree is not None and lost(self.tree, reread(after.decode(), yaml=self.tree.yaml), fixes):
            return Verdict("a value would be lost")
        return self._linted(made, after)

    def _linted(self, made: Sequence[Located], after: bytes) -> Verdict:
        codes = {located.finding.code for located in made}
        of_reading = all(code.startswith(READING) for code in codes)
        if of_reading and not self.strict:
            return GOOD
        again = self._lint(
            after,
            lambda one: (self.strict and one.code in codes) or (not of_reading and _may_be_error(one)),
        )
        still = set(map(_said, again)) if self.strict else set()
        if any(_said(each) in still for each in made):
            return Verdict("its finding stays", is_advice=False)
        if self._linter.problems:
            return Verdict(f"with it {self._linter.problems.pop()}")
        worse = "" if of_reading else self._worse(again)
        return Verdict(f"it brings an error: {worse}", is_advice=False) if worse else GOOD

    def _worse(self, again: Sequence[Located]) -> str:
        """An error that was not there before."""
        after = _errors(again)
        if not after:
            return ""
        if self._before is None:
            self._before = _errors(self._lint(self.data, _may_be_error))
        before = self._before
        new = next((code for code, number in sorted(after.items()) if number > before[code]), None)
        return next((f"{new}: {each.finding.message}" for each in again if each.finding.code == new), "")

    def _lint(self, data: bytes, asks: Callable[[Active], bool]) -> list[Located]:
        self._linter.asks = asks
        self._linter.active(self.settings)  # what is wrong with rules of the folder is no fault of a fix
        self._linter.problems.clear()
        return self._linter.found_in(self.path, data, self.settings, on_disk=self.on_disk)


def _may_be_error(entry: Active) -> bool:
    rule = loaded(entry.rule)
    return rule.may_be_error or rule.severity == "error"


def _said(found: Located) -> tuple[str, str, str]:
    return found.finding.code, found.finding.pointer, found.finding.message


def _errors(found: Sequence[Located]) -> Counter[str]:
    return Counter(each.finding.code for each in found if each.finding.severity == "error")


def _in_words(located: Located, verdict: Verdict) -> Located:
    finding = located.finding
    title = finding.fix.title if finding.fix and verdict.is_advice else None
    return located._replace(finding=finding._replace(fix=None, suggestion=finding.suggestion or title))


def _claimed(found: Sequence[Located]) -> Iterator[int]:
    """Fixes that would give a field a value of their own, where another fix brings the author's there by its right
    name."""
    coming = {
        target: at
        for at, each in enumerate(found)
        for target in _targets(each.finding.fix, ("rename", "move"))
    }
    for at, each in enumerate(found):
        given = _targets(each.finding.fix, ("set", "insert")) if coming else ()
        if any(coming.get(target, at) != at for target in given):
            yield at


def _targets(fix: Fix | None, operations: Sequence[str]) -> Iterator[str]:
    """The places where edits of some kinds put something."""
    for edit in fix.edits if fix else ():
        if edit.op not in operations:
            continue
        if edit.op == "rename":
            yield f"{edit.pointer.rpartition('/')[0]}/{edit.value}"
        else:
            yield edit.value if edit.op == "move" else edit.pointer


# -- values -------------------------------------------------------------------------------------------------------


def lost(before: Tree, after: Tree, fixes: Sequence[Fix]) -> list[str]:
    """The places of values that are no longer there, and that no fix is about."""
    edits: dict[str, list[Edit]] = {}
    for edit in (edit for fix in fixes for edit in fix.edits):
        edits.setdefault(edit.pointer, []).append(edit)
    spans = [replace.span for fix in fixes for replace in fix.replaces]
    old = {at: _key(value) for at, value in _leaves(before.value)}
    new = {at: _key(value) for at, value in _leaves(after.value)}
    left = Counter(key for at, key in new.items() if old.get(at) != key)  # moved there, or made
    gone = []
    for at, key in old.items():
        if new.get(at) == key:
            continue
        if left[key]:
            left[key] -= 1
            continue
        span = before.values.get(at)
        touched = span is not None and any(one.start <= span.end and span.start <= one.end for one in spans)
        meant = (edit for place in _upwards(at) for edit in edits.get(place, ()))
        if not touched and not any(_is_about(edit, at, before) for edit in meant):
            gone.append(at)
    return gone


def _upwards(at: str) -> Iterator[str]:
    """A place, and all that hold it."""
    yield at
    while at:
        at = at.rpartition("/")[0]
        yield at


def _is_about(edit: Edit, at: str, tree: Tree) -> bool:
    """Whether an edit says what becomes of a value: it is removed or set itself, or what holds it is. A map in the
    place of a map says so of the keys alone that it has."""
    if edit.op not in ("set", "remove"):
        return False
    old = tree.at(edit.pointer)
    if edit.op == "set" and isinstance(edit.value, dict) and isinstance(old, dict):
        key = at[len(edit.pointer) + 1 :].partition("/")[0].replace("~1", "/").replace("~0", "~")
        return key in edit.value
    return True


def _key(value: Any) -> tuple[str, str]:
    return type(value).__name__, str(value)


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    waiting = [(at, value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [
                (f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}", item)
                for key, item in one.items()
            ]
        elif isinstance(one, list):
            waiting += [(f"{place}/{number}", item) for number, item in enumerate(one)]
        else:
            yield place, one
