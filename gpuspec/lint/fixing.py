"""Apply fixes and lint again, until nothing changes. The text always still parses."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from errno import EACCES

from gpuspec.atomic_write import atomic_write
from gpuspec.commands.shell.again import each_read_once
from gpuspec.errors import UserError
from gpuspec.lint.files import lint_data
from gpuspec.lint.made_fix import READING, applied, carried_jobs, is_meant
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.script import kind_of
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line
from gpuspec.text import Tree, parse
from gpuspec.text.rewrite import apart

ROUNDS = 100
"""At most: each round fixes what one rule finds, and no real file needs more."""


class Fixed(NamedTuple):
    """A text after fixing: what is still found in it, and the titles of the fixes made, in order."""

    data: bytes
    findings: list[Located]
    titles: tuple[str, ...]
    more: bool = False
    """Whether fixes are left that another run would make."""


def fix_data(
    linter: Linter, path: str, data: bytes, settings: Settings, *, unsafe: bool = False, on_disk: bool = False
) -> Fixed:
    """The bytes with all fixes applied (safe ones only, unless `unsafe`). BOM and line ends are kept."""
    with each_read_once():
        return _fix(linter, path, data, settings, unsafe=unsafe, on_disk=on_disk)


def _fix(linter: Linter, path: str, data: bytes, settings: Settings, *, unsafe: bool, on_disk: bool) -> Fixed:
    titles: list[str] = []
    seen = {data}
    for again in range(ROUNDS + 1):
        findings = lint_data(linter, path, data, settings, on_disk=on_disk)
        wanted = [f for f in findings if f.finding.fix and (f.finding.fix.safe or unsafe)]
        after, done = _round(linter, path, data, settings, wanted, seen, on_disk=on_disk)
        if not done or again == ROUNDS:
            return Fixed(data, findings, tuple(titles), more=bool(done))
        data = after
        seen.add(data)
        titles += done
    raise AssertionError("the last round returns")


def _round(
    linter: Linter,
    path: str,
    data: bytes,
    settings: Settings,
    wanted: Sequence[Located],
    seen: set[bytes],
    *,
    on_disk: bool,
) -> tuple[bytes, list[str]]:
    if not wanted:
        return data, []
    is_spec = kind_of(path, data) is None
    jobs = carried_jobs(documents_in(path, data, linter.formats))
    try:
        tree = (jobs[0].tree if jobs else parse(data.decode())) if is_spec else None
    except UnicodeDecodeError:
        return data, []
    for attempt in _attempts(tree, wanted, carried=bool(jobs)):
        fixes = [found.finding.fix for found in attempt if found.finding.fix]
        after = applied(data, fixes, is_spec=is_spec, tree=tree)
        if after is None or after in seen or not is_meant(path, after, jobs, fixes, linter.formats):
            continue
        if len(attempt) == 1 or _together(linter, path, data, attempt, settings, on_disk=on_disk):
            return after, [fix.title for fix in fixes]
    return data, []


def _together(
    linter: Linter, path: str, data: bytes, made: Sequence[Located], settings: Settings, *, on_disk: bool
) -> bool:
    """Whether fixes that are good one by one are good at once."""
    from gpuspec.lint.judged_fix import FixJudge

    judge = FixJudge(linter, path, data, settings, on_disk=on_disk)
    return judge.cannot or not judge.verdict(made).why_not


def _attempts(tree: Tree | None, wanted: Sequence[Located], *, carried: bool) -> Iterator[Sequence[Located]]:
    """Fixes to make at once, the first of them that can be: those of one rule, as far as they do not touch each
    other, first of a rule about the spec itself. Those of another rule wait: what it says may depend on them. In a
    job spec replacements are of its spelling alone, and go together."""
    if not carried and (together := _apart(wanted)):
        yield together
    by_rule: dict[str, list[Located]] = {}
    for found in wanted:
        by_rule.setdefault(found.finding.code, []).append(found)
    for code in sorted(by_rule, key=lambda code: not code.startswith(READING)):
        alike = by_rule[code]
        yield _edited_at_once(tree, alike) or _apart(alike) or alike[:1]
    yield from ([found] for found in wanted)


def _edited_at_once(tree: Tree | None, alike: Sequence[Located]) -> Sequence[Located]:
    """Those findings of a rule whose edits can be made in one reading of the text."""
    edited = [f for f in alike if f.finding.fix and f.finding.fix.edits and not f.finding.fix.replaces]
    if tree is None or len(edited) < 2:
        return ()
    changes = [found.finding.fix.edits for found in edited if found.finding.fix]
    return [edited[at] for at in apart(tree, changes)]


def _apart(wanted: Sequence[Located]) -> list[Located]:
    kept: list[Located] = []
    end = -1
    spans = [(f.finding.fix.replaces, f) for f in wanted if f.finding.fix and not f.finding.fix.edits]
    for replaces, found in sorted(spans, key=lambda item: item[0][0].span if item[0] else (0, 0)):
        if replaces and min(r.span.start for r in replaces) >= end:
            kept.append(found)
            end = max(r.span.end for r in replaces)
    return kept


def second_reading(path: str, data: bytes) -> str | None:
    """What json5 reads otherwise than gpuspec in a fixed job spec, in words; None if it reads the same, or where the
    file is a script, or YAML, which libyaml has read. Raises NotRead where json5 could not be asked."""
    from gpuspec.text.second_reader import disagreement

    if kind_of(path, data) or path.endswith((".yaml", ".yml")):
        return None
    return disagreement(parse(data.decode()))


def write_file(path: str, data: bytes) -> None:
    """Write in one step, keeping the mode. A link's target is written.

    Raises UserError `cannot-write`, and then the file is as it was; a file that is read-only stays as it is."""
    path = os.path.realpath(path)
    try:
        mode = os.stat(path).st_mode & 0o7777
        if not mode & 0o222:
            raise PermissionError(EACCES, "it is read-only")
        atomic_write(path, data, mode=mode)
    except OSError as error:
        raise UserError("cannot-write", f"{path} cannot be fixed: {error.strerror}") from None


def difference(path: str, before: bytes, after: bytes, *, exact: bool = False) -> str:
    """A unified diff, secrets in it masked; `exact`: as it is, for `patch`, which the line in which a key stands has
    to match."""
    from difflib import unified_diff
    from io import StringIO

    from gpuspec.lint.secrets import masked

    def between(old: str, new: str) -> list[str]:
        before, after = (
            list(StringIO(text, newline="\n")) for text in (old, new)
        )  # no other ends, as for `patch`
        return list(unified_diff(before, after, one_line(path), one_line(path)))

    texts = [data.decode() if exact else masked(data.decode("utf-8-sig")) for data in (before, after)]
    lines = between(*texts)
    if not exact and "\r\n" in texts[0]:
        # Shown to somebody, each end of a line as Windows writes it would be an escape; unless it is what changes.
        plain = between(*(text.replace("\r\n", "\n") for text in texts))
        lines = plain if len(plain) == len(lines) else lines
    ended = (line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)
    return "".join(ended)
