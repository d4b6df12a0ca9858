"""What a bill's reader should know about what was asked: words that mean no job, budgets of which it has a part."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches

from gpuspec.lint.discover import LARGEST_LOOKED_INTO, walk
from gpuspec.lint.settings import Settings
from gpuspec.planning.bill import Bill
from gpuspec.planning.bill_groups import group_of
from gpuspec.report.summary import plural
from gpuspec.untrusted_file import read_file

WITHOUT_LABEL = ("folder", "cloud", "gpu")
"""What a bill may be grouped by that no job has to say."""


def notes(
    bill: Bill, by: Iterable[str], paths: Sequence[str], budget_folders: Iterable[str]
) -> Iterator[str]:
    """Sentences about `--by`, and about the budgets whose folders these are."""
    known = sorted({key for job in bill.jobs for key in job.labels})
    for kind in dict.fromkeys(by):
        if kind not in (*WITHOUT_LABEL, *known):
            yield f"--by {kind}: no job has such a label{_instead(kind, (*WITHOUT_LABEL, *known))}"
    parts = sorted({folder for folder in budget_folders if is_in_part(folder, paths)})
    for folder in parts:
        where = os.path.relpath(folder)
        whole = "this folder" if where == "." else where
        yield f"the budgets of {whole} are for all jobs in it, and this is a part: `gpuspec bill {where}` has all"
    if not parts:
        yield from _of_nobody(bill)


def is_in_part(folder: str, paths: Sequence[str]) -> bool:
    """Whether some of a folder was looked at, and not all of it."""
    looked = [os.path.abspath(path) for path in paths if path != "-"]
    whole = any(_lies_in(folder, each) for each in looked)
    return not whole and any(_lies_in(each, folder) for each in looked)


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _of_nobody(bill: Bill) -> Iterator[str]:
    """Budgets that hold for no job: a name is misspelt, or whom it means is gone."""
    for line in bill.budgets:
        if line.by and line.jobs == 0:
            names = {group_of(job, line.by) for job in bill.jobs if line.by in (*WITHOUT_LABEL, *job.labels)}
            yield f"[budget.{line.by}] {line.name}: no job is of it{_instead(line.name, sorted(names))}"


def _instead(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are {', '.join(known[:10])}" if known else ""


def unnamed(
    paths: Iterable[str], read: Collection[str], settings_for: Callable[[str], Settings]
) -> Iterator[str]:
    """A sentence about job specs in folders whose names do not say so: money that nobody would see."""
    found = []
    for folder in filter(os.path.isdir, paths):
        every = settings_for(folder)._replace(include=("*.jsonc", "**/*.jsonc"))
        found += [path for path in walk(folder, every, formats=()) if path not in read and _is_spec(path)]
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        yield (
            f"not counted: {plural(len(found), 'file')} that may be a job spec by what it holds, not by its name "
            f"(NAME.gpu.jsonc): {', '.join(found[:3])}{more}; `include` in the settings names such files"
        )


def _is_spec(path: str) -> bool:
    try:
        return b'"gpu_types"' in read_file(path, LARGEST_LOOKED_INTO)
    except OSError:
        return False
