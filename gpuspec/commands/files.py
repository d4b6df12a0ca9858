"""Files beside the spec, read and nothing else."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping

from gpuspec.untrusted_file import read_file

MAX_BYTES = 1 << 20
MAX_FILES = 20

ReadFile = Callable[[str], "str | None"]

SYNCED = "~/sky_workdir"
"""Where SkyPilot puts the job's folder on the machine."""


class Folder:
    """The spec's folder. A path that leaves it, by `..`, by an absolute name or through a link, is not read; neither
    is what is no plain file or longer than MAX_BYTES. `workdir` is the folder in it that goes to the machine;
    `written` holds files that the commands themselves write."""

    def __init__(self, root: str | None, read_file: ReadFile | None = None, workdir: str = "") -> None:
        self.root = root
        self.read_file = read_file
        self.workdir = workdir
        self.written: Mapping[str, str] = {}
        self._texts: dict[str, str | None] = {}

    def write(self, path: str, text: str) -> Folder:
        """The folder as it is once a command wrote a file, for the commands after it."""
        after = Folder(self.root, self.read_file, self.workdir)
        after.written, after._texts = {**self.written, path: text}, self._texts
        return after

    def path(self, path: str, within: str) -> str:
        """A path of a command that runs `within` a folder, as seen from the spec's folder."""
        found = posixpath.normpath(path if path.startswith("~") else posixpath.join(within, path))
        if found == SYNCED or found.startswith(SYNCED + "/"):
            found = posixpath.normpath(posixpath.join(self.workdir, found[len(SYNCED) :].lstrip("/")))
        return found

    def read(self, path: str) -> str | None:
        """Text of a file by its path from the spec's folder; None where there is none that may be read."""
        if path in self.written:
            return self.written[path]
        if os.path.isabs(path) or path.startswith(("..", "~")) or "\0" in path:
            return None
        if path not in self._texts and len(self._texts) < MAX_FILES:
            self._texts[path] = self._text(path)
        return self._texts.get(path)

    def _text(self, path: str) -> str | None:
        if self.read_file is not None:
            return self.read_file(path)
        if self.root is None:
            return None
        try:
            # Most scripts are not beside the spec: resolving links costs more than seeing that.
            if not os.path.isfile(os.path.join(self.root, path)):
                return None
            root = os.path.realpath(self.root)
            full = os.path.realpath(os.path.join(root, path))
            if os.path.commonpath([root, full]) != root:
                return None
            return read_file(full, MAX_BYTES).decode("utf-8-sig", "replace")
        except (OSError, ValueError):
            return None
