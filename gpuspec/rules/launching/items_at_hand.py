"""The items of a job as far as they can be read, and how its command is given them."""

from __future__ import annotations

import json
import os
import re
from itertools import islice

from gpuspec.lint import Facts

MOST = 1_000
"""Items that are looked at."""
_COMMENT = re.compile(r"(?m)(?:^|(?<=[\s;]))#[^\n]*")


def items_at_hand(facts: Facts) -> tuple[str, ...] | None:
    """The first items: a list, the lines of a file, the files of one folder that a pattern finds; None where they are
    not at hand."""
    items = facts.job.items
    if items is None or isinstance(items, tuple):
        return items and items[:MOST]
    if not facts.case.on_disk or items.startswith(("/", "~", "..")) or "\0" in items:
        return None
    folder = facts.job.workdir or "."
    if items.endswith((".txt", ".jsonl")) and not re.search(r"[*?\[]", items):
        return _listed(facts, os.path.normpath(os.path.join(folder, items)))
    return _found(os.path.join(facts.folder, folder), items)


def _listed(facts: Facts, path: str) -> tuple[str, ...] | None:
    text = facts.commands[0].files.read(path.replace(os.sep, "/")) if facts.commands else None
    if text is None:
        return None
    lines = [line.rstrip("\r") for line in islice(text.split("\n"), MOST) if line.strip()]
    if not path.endswith(".jsonl"):
        return tuple(lines)
    found = []
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return None
        found.append(value if isinstance(value, str) else line)
    return tuple(found)


def _found(folder: str, pattern: str) -> tuple[str, ...] | None:
    """The files of a pattern with wildcards in its last part alone."""
    within, name = os.path.split(pattern)
    if re.search(r"[*?\[]", within):
        return None
    from gpuspec.lint.globs import glob_matches

    try:
        with os.scandir(os.path.join(folder, within)) as entries:
            names = sorted(one.name for one in islice(entries, MOST) if glob_matches(one.name, name))
    except (OSError, ValueError):
        return None
    return tuple(os.path.join(within, name) for name in names) or None


def without_comments(run: str) -> str:
    """A text of commands with its comments blanked, so that all else stays where it is. A `#` within quotes may be
    taken for one: then less is known of that line."""
    return _COMMENT.sub(lambda found: " " * len(found[0]), run)
