"""A document that an editor has open: its text, what lint finds in it, and what can be asked about it."""

from __future__ import annotations

import os
from typing import NamedTuple

from gpuspec.errors import UserError
from gpuspec.formats import read, recognised
from gpuspec.lint.config import Configs
from gpuspec.lint.discover import excluded, wanted
from gpuspec.lint.files import lint_data
from gpuspec.lint.registry import Registry
from gpuspec.lint.result import Located, Problem
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import script_kind, shebang_kind
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.text import Tree, parse


class Opened(NamedTuple):
    """One state of a document. `ours` is False for what is neither a job spec nor a script: editors send every JSON
    file there is. `refused` says why lint could not look; `problems` are failures of rules."""

    path: str
    text: str
    tree: Tree
    settings: Settings
    ours: bool = False
    is_spec: bool = False
    on_disk: bool = True
    findings: tuple[Located, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: UserError | None = None

    @property
    def data(self) -> bytes:
        """The text as a file would hold it; half a character (it cannot hold one) becomes "?"."""
        return self.text.encode("utf-8", "replace")

    def case(self) -> Case:
        """The first job of the file, with the settings of its folder; it has none while it has syntax errors."""
        document = read(self.path, self.data)[0]
        return Case(document, settings=self.settings.job, on_disk=self.on_disk)


def look(registry: Registry, path: str, text: str, *, on_disk: bool = True) -> Opened:
    """A document as it is now, linted with the settings in force for its path. Settings and neighbours are read
    afresh: they may have changed since the last key. Never raises."""
    kind = script_kind(path) or shebang_kind(text[:200].encode("utf-8", "replace"))
    tree = Tree(text) if kind else parse(text)
    try:
        settings = Configs(registry).settings_for(path)
    except UserError as error:
        return Opened(path, text, tree, Settings(), _is_ours(path, text, Settings()), refused=error)
    opened = Opened(path, text, tree, settings, True, kind is None, on_disk)
    if excluded(path, settings) or not (kind or _is_ours(path, text, settings)):
        return opened._replace(ours=False, is_spec=False)
    linter = Linter(registry)
    try:
        findings = lint_data(linter, path, opened.data, settings, on_disk=on_disk)
    except UserError as error:
        return opened._replace(refused=error)
    except Exception as error:  # a half-typed text must not take the server down
        failed = Problem("lint", f"{type(error).__name__}: {error}", path)
        return opened._replace(problems=(failed,))
    return opened._replace(findings=tuple(findings), problems=tuple(linter.problems))


def _is_ours(path: str, text: str, settings: Settings) -> bool:
    """Whether a file is a job file or a script: by its name, or by what it holds."""
    name = os.path.basename(path)
    if wanted(path, name, settings, scripts=True):
        return True
    return recognised(path, text.encode("utf-8", "replace")) is not None
