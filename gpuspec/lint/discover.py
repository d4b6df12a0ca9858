"""Which files a folder holds for lint: specs by their names, scripts on request, nothing that git ignores."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gpuspec.formats import known_by_name
from gpuspec.lint.globs import Ignore, gitignores_above, glob_matches, is_ignored, read_gitignore, relative
from gpuspec.lint.script import script_kind
from gpuspec.lint.settings import Settings

_NEVER = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache"}


def walk(folder: str, settings: Settings, *, scripts: bool = False) -> Iterator[str]:
    """Specs (and scripts) below a folder, by name, links to folders not followed."""
    ignores = gitignores_above(folder)
    yield from _walk(folder, os.path.abspath(folder), settings, scripts=scripts, ignores=ignores)


def excluded(path: str, settings: Settings) -> bool:
    """Whether the `exclude` globs of the settings mean a path."""
    if not settings.exclude:
        return False
    inner = relative(path, settings.root)
    return any(glob_matches(inner, glob) for glob in settings.exclude)


def _walk(
    folder: str, absolute: str, settings: Settings, *, scripts: bool, ignores: list[Ignore]
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
        if name in _NEVER if below else not (wanted(entry.path, name, settings, scripts) and entry.is_file()):
            continue
        path = os.path.join(absolute, name)
        if is_ignored(path, below, ignores) or excluded(path, settings):
            continue
        if below:
            yield from _walk(entry.path, path, settings, scripts=scripts, ignores=ignores)
        else:
            yield entry.path[2:] if entry.path.startswith("./") else entry.path


def wanted(path: str, name: str, settings: Settings, scripts: bool) -> bool:
    """Whether a file's name is one that lint looks for: a spec's, one that `include` means, a script's if asked."""
    if known_by_name(name) or (scripts and script_kind(path)):
        return True
    if not settings.include:
        return False
    inner = relative(path, settings.root)
    return any(glob_matches(inner, glob) for glob in settings.include)
