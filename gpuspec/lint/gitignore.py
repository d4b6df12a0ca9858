"""What git ignores, by the .gitignore files of a repository."""

import errno
import os
from collections.abc import Sequence

from gpuspec.lint.globs import glob_means
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import read_file

LARGEST = 1 << 20
MOST_PATTERNS = 2000
"""Lines with wildcards that hold in a folder: each is tried on every file in it."""
MOST_FILES = 100
"""That hold in a folder: its own, and those of the folders it is in."""


class _Line(NamedTuple):
    number: int
    glob: str
    negated: bool
    folders_only: bool


class GitIgnore:
    """The .gitignore of a folder; the last line that means a path decides."""

    def __init__(self, folder: str, lines: list[str]) -> None:
        self.folder = folder
        self.plain: dict[tuple[str, bool], _Line] = {}
        """(a name, or "/" and a path from the folder; whether it means folders only) → the last line that says so"""
        patterns: dict[str, _Line] = {}
        for number, text in enumerate(lines):
            negated = text.startswith("!")
            glob = text[1:] if negated else text
            line = _Line(number, glob, negated, glob.endswith("/"))
            if not glob.strip("/") or text.startswith("#"):
                continue
            if any(sign in glob for sign in "*?[\\"):
                patterns[glob] = line
            else:
                body = glob.rstrip("/")
                rooted = body if body.startswith("/") else f"/{body}" if "/" in body else body
                self.plain[rooted, line.folders_only] = line
        self.patterns = sorted(patterns.values(), reverse=True)

    def says(self, inner: str, is_folder: bool) -> bool | None:
        """Whether git would ignore a path in the folder; None where no line means it."""
        kinds = (False, True) if is_folder else (False,)
        names = (f"/{inner}", inner.rpartition("/")[2])
        found = [line for name in names for kind in kinds if (line := self.plain.get((name, kind)))]
        best = max(found, default=None)
        for line in self.patterns:
            if best and line.number < best.number:
                break
            if (is_folder or not line.folders_only) and glob_means(inner, line.glob):
                return not line.negated
        return None if best is None else not best.negated


def read_gitignore(
    folder: str,
    above: Sequence[GitIgnore] = (),
    *,
    name: str = ".gitignore",
    within: str | None = None,
    unread: list[OSError] | None = None,
) -> list[GitIgnore]:
    """What holds in a folder: what holds `above` it, and its own .gitignore, which means paths in `within` (None: in
    that folder). One that cannot be read goes to `unread`."""
    path = os.path.join(folder, name)
    held = list(above)
    try:
        text = read_file(path, LARGEST).decode("utf-8-sig", "replace")
        held.append(GitIgnore(within or folder, [_without_blanks(line) for line in text.split("\n")]))
        _require_few(held, path)
    except (FileNotFoundError, NotADirectoryError):
        return list(above)
    except OSError as error:
        if unread is not None:
            unread.append(OSError(errno.EIO, error.strerror, path))
        return list(above)
    return held


def _require_few(held: Sequence[GitIgnore], path: str) -> None:
    own, most = len(held[-1].patterns), MOST_PATTERNS
    if own > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} lines with wildcards", path)
    if sum(len(each.patterns) for each in held) > most:
        words = f"it and those of the folders above have more than {most:,} lines with wildcards"
        raise OSError(errno.EFBIG, words, path)
    if len(held) > MOST_FILES:
        raise OSError(errno.EFBIG, f"more than {MOST_FILES} folders above have one, too", path)


def _without_blanks(line: str) -> str:
    """A line without the blanks at its end; one after a backslash stays."""
    line = line.removesuffix("\r")
    kept = line.rstrip(" ")
    return kept + " " if kept.endswith("\\") and kept != line else kept


def gitignores_above(folder: str, unread: list[OSError] | None = None) -> list[GitIgnore]:
    """What git ignores in `folder` by rules from above it, up to the repository's root."""
    root = repository_of(folder)
    if root is None:
        return []  # no repository: .gitignore means nothing, as to git itself
    here, above = os.path.abspath(folder), list[str]()
    while here != root:
        here = os.path.dirname(here)
        above.append(here)
    found = read_gitignore(os.path.join(root, ".git", "info"), name="exclude", within=root, unread=unread)
    for each in reversed(above):
        found = read_gitignore(each, found, unread=unread)
    return found


def repository_of(folder: str) -> str | None:
    """The root of the repository that a folder lies in; None where it lies in none."""
    here = os.path.abspath(folder)
    while not os.path.exists(os.path.join(here, ".git")):
        parent = os.path.dirname(here)
        if parent == here:
            return None
        here = parent
    return here


def is_ignored(path: str, is_folder: bool, ignores: list[GitIgnore]) -> bool:
    """Whether git would ignore an absolute path in a folder that it does not ignore; the nearest file that says
    anything of it decides."""
    for each in reversed(ignores):
        if path.startswith(each.folder + os.sep) or each.folder == os.sep:
            inner = path[len(each.folder) :].lstrip(os.sep).replace(os.sep, "/")
            said = each.says(inner, is_folder)
            if said is not None:
                return said
    return False
