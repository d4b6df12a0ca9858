"""Fixes in files that are no job specs. A rule's edits are in the job spec's names and values; one is carried over
where the very value stands in the file, or the format says how it is written. All else stays a suggestion.

GPUs are named in the words of each tool (GKE's `nvidia-l4`), so only the format may write another."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from gpuspec.formats import Document
from gpuspec.job.job import GpuChoice, Job, Piece, SetupStep
from gpuspec.lint.finding import Fix, Replace
from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Edit, Span, Tree

_WORD = re.compile(r"\S+")


class Carried(NamedTuple):
    """An edit as the file has it: edits of its values, or new text for its characters."""

    edits: tuple[Edit, ...] = ()
    replaces: tuple[Replace, ...] = ()


def carried(fix: Fix, document: Document) -> Fix | None:
    """The fix as edits of the file; None where one of them cannot be carried over."""
    if document.job is None or not fix.edits:
        return fix
    found: list[Carried] = []
    for edit in fix.edits:
        one = _written(edit, document) or _command(edit, document) or _scalar(edit, document)
        if one is None:
            return None
        found.append(one)
    edits = tuple(edit for one in found for edit in one.edits)
    replaces = (*fix.replaces, *(replace for one in found for replace in one.replaces))
    return None if edits and replaces else fix._replace(edits=edits, replaces=replaces)


def _written(edit: Edit, document: Document) -> Carried | None:
    edits = document.format.written(document, edit)
    return Carried(tuple(edits)) if edits else None


# -- values ---------------------------------------------------------------------------------------------------


def standing(job: Job) -> Iterator[tuple[str, Any]]:
    """(place in the file, value) of all that a job says there."""
    for field, at in job.pointers.items():
        value: Any = job
        for name in field.split("."):
            value = value.get(name) if hasattr(value, "get") else getattr(value, name, None)
        if value is not None:
            yield at, value
    for step in job.steps:
        yield step.pointer, step.run


def _scalar(edit: Edit, document: Document) -> Carried | None:
    """The edit where the very value stands in its place."""
    tree, at, job = document.tree, edit.pointer, document.job
    if edit.op not in ("set", "remove") or at not in tree.values or job is None:
        return None
    there = _there(tree, at)
    if any(choice.pointer == at for choice in job.gpu_types):
        return None
    spec = [value for place, value in standing(job) if place == at]
    if isinstance(there, str) and any(p.pointer == at for pieces in job.pieces.values() for p in pieces):
        spec.append(there)  # an argument of a command stands for itself
    if not isinstance(there, (str, int, float)) or all(str(value) != str(there) for value in spec):
        return None
    if edit.op == "remove":
        return (
            Carried((edit,))
            if tree.value is not None and isinstance(tree.at(at.rpartition("/")[0]), list)
            else None
        )
    if isinstance(edit.value, (dict, list)):
        return None
    value = str(edit.value) if isinstance(there, str) and not isinstance(edit.value, bool) else edit.value
    if tree.value is not None:
        return Carried((Edit("set", at, value),))
    span = tree.values[at]
    quote = tree.text[span.start] if tree.text[span.start] in "'\"" else ""
    return Carried(replaces=(Replace(span, f"{quote}{value}{quote}"),))


def _there(tree: Tree, at: str) -> Any:
    """The value at a place; of a text without values (a script), the text there."""
    if tree.value is not None:
        return tree.at(at)
    span = tree.values[at]
    return tree.text[span.start : span.end].strip("'\"")


# -- commands -------------------------------------------------------------------------------------------------


class _Change(NamedTuple):
    """What a change of a command does to its pieces: those that go, those before and after, and the new words."""

    gone: Sequence[Piece]
    before: Piece | None
    after: Piece | None
    words: str


def _command(edit: Edit, document: Document) -> Carried | None:
    """A changed command, whose pieces stand apart."""
    job, at = document.job, edit.pointer
    if edit.op != "set" or not isinstance(edit.value, str) or job is None or not job.pieces.get(at):
        return None
    old = next((value for place, value in standing(job) if place == at and isinstance(value, str)), None)
    change = _change(old, edit.value, job.pieces[at]) if old is not None else None
    if change is None:
        return None
    near = change.gone[0] if change.gone else change.before
    if near is None:
        return None
    return _in_text(change, document.tree) if "/@" in near.pointer else _in_list(change, document.tree)


def _change(old: str, new: str, pieces: Sequence[Piece]) -> _Change | None:
    """Where two commands differ, in whole words; None where that is in the midst of a piece."""
    was, now = list(_WORD.finditer(old)), list(_WORD.finditer(new))
    head = _alike(was, now)
    tail = min(_alike(was[::-1], now[::-1]), min(len(was), len(now)) - head)
    start = was[head].start() if head < len(was) - tail else was[head - 1].end() if head else 0
    end = was[len(was) - tail - 1].end() if head < len(was) - tail else start
    words = new[now[head].start() : now[len(now) - tail - 1].end()] if head < len(now) - tail else ""
    gone = [piece for piece in pieces if piece.start < end and piece.end > start]
    if gone and (gone[0].start < start or gone[-1].end > end):
        return None
    before = [piece for piece in pieces if piece.end <= start]
    after = [piece for piece in pieces if piece.start >= end]
    return _Change(gone, before[-1] if before else None, after[0] if after else None, words)


def _alike(one: Sequence[re.Match[str]], other: Sequence[re.Match[str]]) -> int:
    """How many words from the first on are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (mine, its) in enumerate(pairs) if mine[0] != its[0]), min(len(one), len(other)))


def _in_text(change: _Change, tree: Tree) -> Carried | None:
    """In one string of the file, whose words stand there as they are."""
    spans = tree.values
    if change.gone:
        start, end = spans[change.gone[0].pointer].start, spans[change.gone[-1].pointer].end
        if change.words:
            return Carried(replaces=(Replace(Span(start, end), change.words),))
        if change.before is None:
            return None
        return Carried(replaces=(Replace(Span(spans[change.before.pointer].end, end), ""),))
    if change.before is None or not change.words:
        return None
    end = spans[change.before.pointer].end
    return Carried(replaces=(Replace(Span(end, end), f" {change.words}"),))


def _in_list(change: _Change, tree: Tree) -> Carried | None:
    """In a list of arguments: as many others, some more, or some less."""
    try:
        words = shlex.split(change.words)
    except ValueError:
        return None
    gone = [piece.pointer for piece in change.gone]
    if not all(isinstance(tree.at(at), str) for at in gone) or tree.value is None:
        return None
    if len(words) == len(gone):
        return Carried(tuple(Edit("set", at, word) for at, word in zip(gone, words, strict=True)))
    if gone:
        return None if words else Carried(tuple(Edit("remove", at) for at in reversed(gone)))
    for near, step in ((change.before, 1), (change.after, 0)):
        holder, _, last = near.pointer.rpartition("/") if near else ("", "", "")
        if near and isinstance(tree.at(holder), list):
            first = int(last) + step
            return Carried(
                tuple(Edit("insert", f"{holder}/{first + n}", word) for n, word in enumerate(words))
            )
    return None


# -- whether it is what was meant --------------------------------------------------------------------------------


def still_meant(before: Sequence[Document], after: Sequence[Document], fixes: Sequence[Fix]) -> bool:
    """Whether a file with fixes holds the same jobs, but for what the fixes are about, and that as meant. Each fix is
    about one job: what an alias brings to others would be changed there, too."""
    if not after or [one.place for one in before] != [one.place for one in after] or after[0].tree.problems:
        return False
    edits = [edit for fix in fixes for edit in fix.edits]
    spans = [replace.span for fix in fixes for replace in fix.replaces]
    changed = 0
    for old, new in zip(before, after, strict=True):
        if old.job is None or new.job is None:
            return False
        changed += not _same(old.job, new.job, set())
        places = {edit.pointer for edit in edits} | {edit.pointer.rpartition("/")[0] for edit in edits}
        places |= {
            at for at in _written_places(old) if any(_touch(old.tree.values[at], span) for span in spans)
        }
        new_places = {at for at in new.job.pointers.values() if _is_set(at, edits)}
        if not _same(old.job, new.job, _about(old.job, places) | _about(new.job, new_places)):
            return False
        if not all(_arrived(edit, old.job, new.job) for edit in edits if edit.op == "set"):
            return False
    return changed <= len(fixes)


def _is_set(at: str, edits: Sequence[Edit]) -> bool:
    """Whether an edit sets what stands at a place, or around it: a field may be new to the job."""
    return any(
        edit.op == "set" and (at == edit.pointer or at.startswith(f"{edit.pointer}/")) for edit in edits
    )


def _written_places(document: Document) -> Iterator[str]:
    """Where the values and the words of a job stand in the text."""
    tree, job = document.tree, document.job
    assert job is not None
    words = (piece.pointer for pieces in job.pieces.values() for piece in pieces)
    values = (at for at, _ in standing(job) if not isinstance(tree.at(at), (dict, list)))
    return (at for at in (*words, *values) if at in tree.values)


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def _arrived(edit: Edit, old: Job, new: Job) -> bool:
    """Whether the value that an edit sets is the job's, where the one in its place was."""
    if all(at != edit.pointer for at, _ in standing(old)):
        return True
    return any(
        at == edit.pointer and (str(value) == str(edit.value) or _in_its_unit(value, edit.value))
        for at, value in standing(new)
    )


def _in_its_unit(value: Any, written: Any) -> bool:
    """Whether a number of the job may be what a format wrote for it: 24 hours as "24h"."""
    return isinstance(value, int | float) and isinstance(written, str) and written[:1] in set("0123456789")


def _about(job: Job, places: set[str]) -> set[str]:
    """The fields of a job that stand in any of the places."""
    found = {field.partition(".")[0] for field, at in job.pointers.items() if at in places}
    found |= {"gpu_types"} if any(choice.pointer in places for choice in job.gpu_types) else set()
    for at, pieces in job.pieces.items():
        if at in places or any(piece.pointer in places for piece in pieces):
            found |= {"run"} if job.pointers.get("run") == at else {"setup", "steps"}
    return found | ({"setup", "steps"} if any(step.pointer in places for step in job.steps) else set())


def _same(one: Job, other: Job, but: set[str]) -> bool:
    apart = {*but, "pieces", "pointers", "raw"}
    return all(
        _bare(getattr(one, field)) == _bare(getattr(other, field))
        for field in Job._fields
        if field not in apart
    )


def _bare(value: Any) -> Any:
    """A value without the places in it."""
    if isinstance(value, (GpuChoice, SetupStep)):
        return value._replace(pointer="")
    if isinstance(value, tuple) and value and hasattr(value[0], "pointer"):
        return tuple(one._replace(pointer="") for one in value)
    return value
