"""Which files a folder holds for lint: job files, scripts on request, nothing that git ignores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from gpuspec.formats import FORMATS, Known, Source, known_by_name, recognised
from gpuspec.lint.globs import Ignore, gitignores_above, glob_matches, is_ignored, read_gitignore, relative
from gpuspec.lint.script import script_kind
from gpuspec.lint.settings import Settings

LARGEST_LOOKED_INTO = 1 << 20
"""Bytes: a folder may hold anything, and no job file comes near."""
_NEVER = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache"}


def walk(
    folder: str, settings: Settings, *, scripts: bool = False, formats: Sequence[Known] = FORMATS
) -> Iterator[str]:
    """Job files (and scripts) below a folder, by name, links to folders not followed."""
    ignores = gitignores_above(folder)
    absolute = os.path.abspath(folder)
    yield from _walk(folder, absolute, settings, scripts=scripts, ignores=ignores, formats=formats)


def excluded(path: str, settings: Settings) -> bool:
    """Whether the `exclude` globs of the settings mean a path."""
    if not settings.exclude:
        return False
    inner = relative(path, settings.root)
    return any(glob_matches(inner, glob) for glob in settings.exclude)


def _walk(
    folder: str,
    absolute: str,
    settings: Settings,
    *,
    scripts: bool,
    ignores: list[Ignore],
    formats: Sequence[Known],
) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError:
        return
    if any(entry.name == ".gitignore" for entry in entries):
        ignores = ignores + read_gitignore(absolute)
    for entry in entries:
        name = entry.name
        below = entry.is_dir(follow_symlinks=False)
        named = below or wanted(entry.path, name, settings, scripts=scripts, formats=formats)
        looked_into = [] if named else [known for known in formats if known.is_looked_into(name)]
        if name in _NEVER if below else not ((named or looked_into) and entry.is_file()):
            continue
        path = os.path.join(absolute, name)
        if is_ignored(path, below, ignores) or excluded(path, settings):
            continue
        if below:
            yield from _walk(entry.path, path, settings, scripts=scripts, ignores=ignores, formats=formats)
        elif named or _holds_a_job(path, looked_into):
            yield entry.path[2:] if entry.path.startswith("./") else entry.path


def _holds_a_job(path: str, formats: Sequence[Known]) -> bool:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_LOOKED_INTO + 1)
    except OSError:
        return False
    return len(data) <= LARGEST_LOOKED_INTO and recognised(Source(path, data), formats) is not None


def wanted(
    path: str, name: str, settings: Settings, *, scripts: bool, formats: Sequence[Known] = FORMATS
) -> bool:
    """Whether a file's name is one that lint looks for: a spec's, one that `include` means, a script's if asked."""
    if known_by_name(name, formats=formats) or (scripts and script_kind(path)):
        return True
    if not settings.include:
        return False
    inner = relative(path, settings.root)
    return any(glob_matches(inner, glob) for glob in settings.include)
