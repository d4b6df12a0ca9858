"""A document that an editor has open: its text, what lint finds in it, and what can be asked about it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gpuspec.errors import UserError
from gpuspec.formats import FORMATS, Document, Known, Source, recognised
from gpuspec.lint.config import Configs
from gpuspec.lint.discover import excluded, wanted
from gpuspec.lint.files import lint_data
from gpuspec.lint.registry import Registry
from gpuspec.lint.result import Located, Problem
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.script import shebang_kind
from gpuspec.lint.settings import Settings
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case
from gpuspec.text import Tree


class Opened(NamedTuple):
    """One state of a document. `ours` is False for what is neither a job spec nor a script: editors send every JSON
    file there is. `refused` says why lint could not look; `problems` are failures of rules."""

    path: str
    text: str
    tree: Tree
    settings: Settings
    documents: tuple[Document, ...] = ()
    on_disk: bool = True
    ours: bool = False
    findings: tuple[Located, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: UserError | None = None

    @property
    def data(self) -> bytes:
        """The text as a file would hold it; half a character (it cannot hold one) becomes "?"."""
        return self.text.encode("utf-8", "replace")

    @property
    def is_spec(self) -> bool:
        """Whether it is JSONC in the fields of the job spec, which can be completed, explained and fixed."""
        return self.ours and any(document.format.in_spec_fields for document in self.documents)

    def case(self) -> Case:
        """The first job of the file, with the settings of its folder; it has none while it has syntax errors."""
        return self.settings.case(self.documents[0], on_disk=self.on_disk)


def look(
    registry: Registry,
    path: str,
    text: str,
    *,
    on_disk: bool = True,
    formats: Sequence[Known] = FORMATS,
) -> Opened:
    """A document as it is now, linted with the settings in force for its path. Settings and neighbours are read
    afresh: they may have changed since the last key. Never raises."""
    data = text.encode("utf-8", "replace")
    documents = documents_in(path, data, formats, on_disk=on_disk)
    opened = Opened(
        path, text, documents[0].tree if documents else Tree(text), Settings(), documents, on_disk
    )
    try:
        settings = Configs(registry).settings_for(path)
        settings.catalog().check_kept_models()
        opened = opened._replace(settings=settings)
    except UserError as error:
        return opened._replace(ours=_is_ours(opened, formats), refused=error)
    if excluded(path, opened.settings) or not _is_ours(opened, formats):
        return opened
    opened = opened._replace(ours=True)
    linter = Linter(registry, formats=formats)
    try:
        findings = lint_data(linter, path, data, opened.settings, on_disk=on_disk)
    except UserError as error:
        return opened._replace(refused=error)
    except Exception as error:  # a half-typed text must not take the server down
        failed = Problem("lint", f"{type(error).__name__}: {error}", path)
        return opened._replace(problems=(failed,))
    return opened._replace(findings=tuple(findings), problems=tuple(linter.problems))


def _is_ours(opened: Opened, formats: Sequence[Known]) -> bool:
    """Whether a file is a job file or a script: by its name, or by what it holds."""
    path, data = opened.path, opened.data
    if wanted(path, os.path.basename(path), opened.settings, scripts=True) or shebang_kind(data):
        return True
    return recognised(Source(path, data), formats) is not None
