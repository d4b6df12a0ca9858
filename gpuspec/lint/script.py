"""A script beside the specs: shell, Python, Makefile, GitHub workflow or package.json."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from gpuspec.catalog import Catalog
from gpuspec.lint.suppression import Suppression
from gpuspec.planning.case import JobOverrides, JobSettings
from gpuspec.text import Span, Tree

if TYPE_CHECKING:
    from gpuspec.scripts import Launches

Kind = Literal["shell", "python", "makefile", "workflow", "package"]

_ENDINGS: dict[str, Kind] = {
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".ksh": "shell",
    ".py": "python",
    ".mk": "makefile",
    ".just": "makefile",
}
_NAMES: dict[str, Kind] = {
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "justfile": "makefile",
    "package.json": "package",
}


class Script:
    """A script's text. Rules find things in `text` by offset and point at them with a Span.

    `options` are the asking rule's options, defaults filled in; `settings` are those for jobs in the script's folder;
    `catalog` is the one to ask about them (None: the installed one).
    """

    def __init__(self, path: str, text: str, kind: Kind) -> None:
        self.path = path
        self.text = text
        self.kind = kind
        self.settings = JobSettings()
        self.overrides = JobOverrides()
        self.catalog: Catalog | None = None
        self.options: Mapping[str, Any] = {}
        self.suppressions: tuple[Suppression, ...] = ()
        # A Tree without a value: line and column arithmetic is the same for any text.
        self.lines = Tree(text)

    def line(self, number: int) -> Span:
        """A line (from 1), without its indent."""
        start = self.lines.line_starts()[number - 1]
        text = self.text[start:].split("\n", 1)[0].rstrip()
        return Span(start + len(text) - len(text.lstrip()), start + len(text))

    @cached_property
    def launches(self) -> Launches:
        """What it launches, and how often: read once, whoever asks."""
        from gpuspec.scripts import launches

        return launches(self.path, self.text, self.kind)


def kind_of(path: str, data: bytes) -> Kind | None:
    """What kind of script a file is, by its name or its first line; None if it is none."""
    return script_kind(path) or shebang_kind(data)


def script_kind(path: str) -> Kind | None:
    """What kind of script a path is by its name; None if by its name it is none."""
    name = os.path.basename(path).lower()
    if name in _NAMES:
        return _NAMES[name]
    if name.endswith(".gitlab-ci.yml"):
        return "workflow"
    ending = os.path.splitext(name)[1]
    if ending in (".yml", ".yaml"):
        folder = os.path.dirname(os.path.abspath(path)).replace(os.sep, "/")
        return "workflow" if folder.endswith("/.github/workflows") else None
    return _ENDINGS.get(ending)


def shebang_kind(data: bytes) -> Kind | None:
    """What kind of script a text is by its first line (`#!…`)."""
    if not data.startswith(b"#!"):
        return None
    first = data[:200].split(b"\n", 1)[0]
    if b"python" in first:
        return "python"
    return "shell" if b"sh" in first else None
