"""Baselines: what was found when a team began, so that only new findings show.

Keyed by file, rule and pointer (for scripts and syntax: the text of the line), so moved lines change nothing.
Several findings of one key are counted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.lint.globs import relative
from gpuspec.lint.result import Located
from gpuspec.untrusted_file import in_words, read_file

Key = tuple[str, str, str]
LARGEST = 16 * 1024 * 1024
"""Bytes: some 100,000 findings."""


class Baseline:
    """Known findings; `admits` uses them up one by one."""

    def __init__(self, path: str, known: Mapping[Key, int]) -> None:
        self.path = path
        self._root = os.path.dirname(os.path.abspath(path))
        self._left = Counter(known)

    def admits(self, found: Located) -> bool:
        """Whether a finding is known, and so not to be shown."""
        key = key_of(found, self._root)
        if self._left[key] <= 0:
            return False
        self._left[key] -= 1
        return True

    def stale(self, files: Collection[str], rules: Collection[str]) -> tuple[str, ...]:
        """Entries that no longer find anything, among the files and rules (codes) of this run."""
        linted = {relative(path, self._root) for path in files}
        return tuple(
            f"{path}: {code} {where}".rstrip()
            for (path, code, where), left in sorted(self._left.items())
            if left > 0
            and code in rules
            and (path in linted or not os.path.exists(os.path.join(self._root, path)))
        )


def key_of(found: Located, root: str) -> Key:
    """(file relative to the baseline's folder, code, pointer or text of the line)."""
    finding = found.finding
    where = finding.pointer if finding.span is None or finding.pointer else found.place.text.strip()
    return relative(found.path, root), finding.code, where


def read_baseline(path: str) -> Baseline:
    """A baseline file. Raises UserError `bad-baseline` or `no-such-file`."""
    import json

    try:
        document: Any = json.loads(read_file(path, LARGEST))
        entries = document["findings"]
        known = {(str(e["path"]), str(e["rule"]), str(e["where"])): int(e["count"]) for e in entries}
    except FileNotFoundError:
        hint = "write one with --write-baseline."
        raise UserError("no-such-file", f"the baseline {path} does not exist", hint) from None
    except OSError as error:
        raise UserError("unreadable-file", f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        hint = "write it again with --write-baseline."
        said = f"{type(error).__name__}: {in_words(error)}"[:200]
        raise UserError("bad-baseline", f"{path} is not a baseline: {said}", hint) from None
    return Baseline(path, known)


def baseline_text(found: Iterable[Located], path: str) -> str:
    """The baseline file for some findings."""
    root = os.path.dirname(os.path.abspath(path))
    counted = Counter(key_of(item, root) for item in found)
    entries = [
        {"path": file, "rule": code, "where": where, "count": number}
        for (file, code, where), number in sorted(counted.items())
    ]
    return json_text({"version": 1, "findings": entries})
