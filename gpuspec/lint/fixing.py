"""Apply fixes and lint again, until nothing changes. The text always still parses."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from errno import EACCES

from gpuspec.atomic_write import atomic_write
from gpuspec.commands.shell.again import each_read_once
from gpuspec.errors import UserError
from gpuspec.formats import Document, Known
from gpuspec.lint.files import documents_in, lint_data
from gpuspec.lint.finding import Fix
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import kind_of
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line
from gpuspec.text import EditError, Tree, parse
from gpuspec.text.rewrite import apart, apply_all, reread

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
    findings = lint_data(linter, path, data, settings, on_disk=on_disk)
    for _ in range(ROUNDS):
        after, done = _round(linter, path, data, findings, unsafe, seen)
        if not done:
            break
        data = after
        seen.add(data)
        titles += done
        findings = lint_data(linter, path, data, settings, on_disk=on_disk)
    else:
        more = bool(_round(linter, path, data, findings, unsafe, seen)[1])
        return Fixed(data, findings, tuple(titles), more)
    return Fixed(data, findings, tuple(titles))


def _round(
    linter: Linter, path: str, data: bytes, findings: Sequence[Located], unsafe: bool, seen: set[bytes]
) -> tuple[bytes, list[str]]:
    wanted = [f for f in findings if f.finding.fix and (f.finding.fix.safe or unsafe)]
    if not wanted:
        return data, []
    is_spec = kind_of(path, data) is None
    jobs = carried_jobs(documents_in(path, data, linter.formats))
    try:
        tree = (jobs[0].tree if jobs else parse(data.decode())) if is_spec else None
    except UnicodeDecodeError:
        return data, []
    for attempt in _attempts(tree, wanted):
        fixes = [found.finding.fix for found in attempt if found.finding.fix]
        after = applied(data, fixes, is_spec=is_spec, tree=tree)
        if after is not None and after not in seen and is_meant(path, after, jobs, fixes, linter.formats):
            return after, [fix.title for fix in fixes]
    return data, []


def _attempts(tree: Tree | None, wanted: Sequence[Located]) -> Iterator[Sequence[Located]]:
    """Fixes to make at once, the first of them that can be. Replacements that do not touch each other go together,
    and so do the edits of one rule. Those of another rule wait: what it says may depend on them."""
    together = _apart(wanted)
    if together:
        yield together
    by_rule: dict[str, list[Located]] = {}
    for found in wanted:
        by_rule.setdefault(found.finding.code, []).append(found)
    for alike in by_rule.values():
        yield _edited_at_once(tree, alike) or alike[:1]
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


def applied(data: bytes, fixes: Sequence[Fix], *, is_spec: bool, tree: Tree | None = None) -> bytes | None:
    """The bytes with these fixes and no others; None where they cannot be made without harm. `tree` is what the text
    is read as, where that is known."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    # A Tree's offsets count a byte order mark, a Script's text has none.
    bom = "" if is_spec or not text.startswith("\ufeff") else "\ufeff"
    text = text.removeprefix(bom)
    yaml = tree is not None and tree.yaml
    replaces = sorted((r for fix in fixes for r in fix.replaces), key=lambda r: r.span, reverse=True)
    for replace in replaces:
        text = text[: replace.span.start] + replace.text + text[replace.span.end :]
    edits = [fix.edits for fix in fixes if fix.edits]
    if edits:
        try:
            text = apply_all(tree if tree is not None and not replaces else reread(text, yaml=yaml), edits)
        except EditError:
            return None
    elif is_spec and reread(text, yaml=yaml).problems:
        return None
    return (bom + text).encode()


def carried_jobs(documents: Sequence[Document]) -> Sequence[Document]:
    """The jobs of a file whose fixes are carried over from the job spec's names into its own."""
    return () if all(one.format.in_spec_fields for one in documents) else documents


def is_meant(
    path: str, after: bytes, jobs: Sequence[Document], fixes: Sequence[Fix], formats: Sequence[Known]
) -> bool:
    """Whether a file of `jobs` holds what the fixes were to make of them."""
    if not jobs:
        return True
    from gpuspec.lint.carried_fix import still_meant

    return still_meant(jobs, documents_in(path, after, formats), fixes)


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

    texts = [data.decode() if exact else masked(data.decode("utf-8-sig")) for data in (before, after)]
    old, new = (list(StringIO(text, newline="\n")) for text in texts)  # `patch` knows no other ends of lines
    lines = []
    for line in unified_diff(old, new, one_line(path), one_line(path)):
        lines.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(lines)
