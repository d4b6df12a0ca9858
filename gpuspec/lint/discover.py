"""Which files a folder holds for lint: job files, scripts on request, nothing that git ignores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from stat import S_ISDIR, S_ISREG

from gpuspec.formats import FORMATS, Known, Source, known_by_name, read_ahead, recognised
from gpuspec.lint.gitignore import GitIgnore, gitignores_above, is_ignored, read_gitignore
from gpuspec.lint.globs import glob_matches, relative
from gpuspec.lint.script import script_kind
from gpuspec.lint.settings import Settings
from gpuspec.untrusted_file import check_plain, read_file

LARGEST_LOOKED_INTO = 1 << 20
"""Bytes: a folder may hold anything, and no job file comes near."""
_NEVER = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache"}


def walk(
    folder: str,
    settings: Settings,
    *,
    scripts: bool = False,
    formats: Sequence[Known] = FORMATS,
    unread: list[OSError] | None = None,
) -> Iterator[str]:
    """Job files (and scripts) below a folder, by name, links to folders not followed. What might be one, or hold one,
    and cannot be read goes to `unread`; a link that leads nowhere is no file."""
    unread = [] if unread is None else unread
    found = _Walk(settings, scripts=scripts, formats=formats, unread=unread)
    yield from found.below(folder, os.path.abspath(folder), gitignores_above(folder, unread))


def excluded(path: str, settings: Settings) -> bool:
    """Whether the `exclude` globs of the settings mean a path."""
    if not settings.exclude:
        return False
    inner = relative(path, settings.root)
    return any(glob_matches(inner, glob) for glob in settings.exclude)


class _Walk:
    """What one walk looks for, and what it could not read on its way."""

    def __init__(
        self, settings: Settings, *, scripts: bool, formats: Sequence[Known], unread: list[OSError]
    ) -> None:
        self.settings = settings
        self.scripts = scripts
        self.formats = formats
        self.unread = unread

    def below(self, folder: str, absolute: str, ignores: list[GitIgnore]) -> Iterator[str]:
        """Job files below a folder, whose full path is `absolute`. Folders may be nested deeper than calls."""
        open_folders = [self._entries(folder, absolute, ignores)]
        while open_folders:
            found = next(open_folders[-1], None)
            if found is None:
                open_folders.pop()
            elif isinstance(found, str):
                yield found
            else:
                open_folders.append(self._entries(*found))

    def _entries(
        self, folder: str, absolute: str, ignores: list[GitIgnore]
    ) -> Iterator[str | tuple[str, str, list[GitIgnore]]]:
        """Of one folder, by name: job files, and folders to look into, each as `_entries` takes it."""
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            self.unread.append(OSError(error.errno, error.strerror, folder))
            return
        if any(entry.name == ".gitignore" for entry in entries):
            ignores = read_gitignore(absolute, ignores, unread=self.unread)
        for entry in entries:
            name, path = entry.name, os.path.join(absolute, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if name not in _NEVER and not self._passed_over(path, True, ignores):
                    yield entry.path, path, ignores
            elif self._is_meant(entry, path, ignores):
                yield _shown(entry.path)

    def _passed_over(self, path: str, is_folder: bool, ignores: list[GitIgnore]) -> bool:
        return is_ignored(path, is_folder, ignores) or excluded(path, self.settings)

    def _is_meant(self, entry: os.DirEntry[str], path: str, ignores: list[GitIgnore]) -> bool:
        name = entry.name
        named = wanted(entry.path, name, self.settings, scripts=self.scripts, formats=self.formats)
        looked_into = [] if named else [known for known in self.formats if known.is_looked_into(name)]
        if not (named or looked_into) or self._passed_over(path, False, ignores):
            return False
        try:
            mode = entry.stat().st_mode  # of what a link leads to
            if named and not S_ISDIR(mode):
                check_plain(entry.path, mode)
        except FileNotFoundError:
            return False
        except OSError as error:
            if named:
                self.unread.append(OSError(error.errno, error.strerror, _shown(entry.path)))
            return False
        return S_ISREG(mode) and (named or _holds_a_job(_shown(entry.path), looked_into))


def _shown(path: str) -> str:
    return path[2:] if path.startswith("./") else path


def _holds_a_job(path: str, formats: Sequence[Known]) -> bool:
    try:
        data = read_file(path, LARGEST_LOOKED_INTO)
    except OSError:
        return False
    source = Source(path, data)
    found = recognised(source, formats)
    if found is None:
        return any(known.is_broken(source) for known in formats)
    documents = found.read(source)
    if documents:
        read_ahead(source, documents)
    return bool(documents)


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
