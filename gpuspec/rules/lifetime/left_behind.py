"""Whether a file of a folder that is sent is left behind: what `.skyignore` or git leaves out."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gpuspec.lint.gitignore import GitIgnore, gitignores_above, is_ignored, read_gitignore, repository_of
from gpuspec.lint.globs import glob_matches
from gpuspec.untrusted_file import read_file

_LARGEST = 1 << 20
_LARGEST_INDEX = 64 << 20


def left_out_by(folder: str, path: str, ignores: Sequence[str]) -> str | None:
    """Which file of those named leaves `path` (relative to `folder`) out; None where none does."""
    for name in ignores:
        if os.path.isfile(os.path.join(folder, name)):
            ignored = _by_git(folder, path) if name == ".gitignore" else _by_globs(folder, name, path)
            return name if ignored else None
    return ".gitignore" if ".gitignore" in ignores and _by_git(folder, path) else None


def _by_globs(folder: str, name: str, path: str) -> bool:
    """Each line is a glob: from the folder where it begins with a slash, else anywhere in it. There is no `!`."""
    try:
        text = read_file(os.path.join(folder, name), _LARGEST).decode("utf-8-sig", "replace")
    except OSError:
        return False
    lines = [line.strip() for line in text.split("\n")[:2_000]]
    return any(
        glob_matches(path, line if line.startswith("/") else f"**/{line}")
        for line in lines
        if line and not line.startswith("#")
    )


def _by_git(folder: str, path: str) -> bool:
    """What git ignores and does not have: of a file that it has, an ignoring line means nothing."""
    here = os.path.abspath(folder)
    held: list[GitIgnore] = gitignores_above(here)
    root = repository_of(here)
    if root is None:
        return False
    parts = path.split("/")
    for depth in range(len(parts)):
        within = os.path.join(here, *parts[:depth])
        held = read_gitignore(within, held)
        if is_ignored(os.path.join(within, parts[depth]), depth < len(parts) - 1, held):
            return not _is_tracked(root, os.path.join(here, path))
    return False


def _is_tracked(root: str, path: str) -> bool:
    """Whether the name stands in git's index, as far as that can be read."""
    try:
        index = read_file(os.path.join(root, ".git", "index"), _LARGEST_INDEX)
    except OSError:
        return os.path.isfile(os.path.join(root, ".git"))  # a worktree, whose index is elsewhere
    return os.path.relpath(path, root).replace(os.sep, "/").encode() + b"\0" in index
