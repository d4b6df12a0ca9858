"""Files beside the spec, read and nothing else."""

from __future__ import annotations

import errno
import os
import posixpath
from bisect import bisect_right
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from gpuspec.untrusted_file import read_file

MAX_BYTES = 1 << 20
MAX_FILES = 50
"""Of one job, that are there and can be read."""

MAX_PROGRAMS = 1 << 19
"""Characters of all programs in other languages that a job runs, together."""

T = TypeVar("T")

ReadFile = Callable[[str], "str | None"]

SYNCED = "~/sky_workdir"
"""Where SkyPilot puts the job's folder on the machine."""


class Folder:
    """The spec's folder. A path that leaves it, by `..`, by an absolute name or through a link, is not read; neither
    is what is no plain file or longer than MAX_BYTES. `workdir` is the folder in it that goes to the machine.
    `unread` is what was left out because there is too much, and what to do about it, in words."""

    def __init__(self, root: str | None, read_file: ReadFile | None = None, workdir: str = "") -> None:
        self.root = root
        self.read_file = read_file
        self.workdir = workdir
        self.unread: dict[str, str] = {}
        self._texts: dict[str, str | None] = {}
        self._files = MAX_FILES
        self._programs: dict[Hashable, Any] = {}
        self._characters = MAX_PROGRAMS
        self._written: dict[str, list[tuple[int, str]]] = {}
        """Path → when it was written, and what: commands may write a file more than once."""
        self._writes = 0

    def write(self, path: str, text: str) -> int:
        """Note that a command writes a file; the number of writes so far, for `read` by the commands after it."""
        self._writes += 1
        self._written.setdefault(path, []).append((self._writes, text))
        return self._writes

    def path(self, path: str, within: str) -> str:
        """A path of a command that runs `within` a folder, as seen from the spec's folder."""
        found = posixpath.normpath(path if path.startswith("~") else posixpath.join(within, path))
        if found == SYNCED or found.startswith(SYNCED + "/"):
            found = posixpath.normpath(posixpath.join(self.workdir, found[len(SYNCED) :].lstrip("/")))
        return found

    def read(self, path: str, writes: int = 0) -> str | None:
        """Text of a file by its path from the spec's folder, after so many writes of the commands; None where there
        is none that may be read."""
        if written := self._written.get(path):
            last = bisect_right(written, writes, key=lambda one: one[0])
            if last:
                return written[last - 1][1]
        if os.path.isabs(path) or path.startswith(("..", "~")) or "\0" in path:
            return None
        if path not in self._texts:
            self._texts[path] = self._text(path)
        return self._texts[path]

    def read_program(self, key: Hashable, text: str, read: Callable[[], T]) -> T | None:
        """What `read` makes of a program's text, asked once for each `key`; None once the job's programs are too long
        together."""
        if key not in self._programs:
            self._characters -= len(text)
            if self._characters < 0:
                too_long = f"the programs it runs have more than {MAX_PROGRAMS:,} characters"
                self.unread[too_long] = "run fewer programs in one job, or shorter ones"
            self._programs[key] = read() if self._characters >= 0 else None
        found: T | None = self._programs[key]
        return found

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
            if self._files == 0:
                self.unread[f"it names more than {MAX_FILES} files"] = "name fewer files in one job"
                return None
            self._files -= 1
            return read_file(full, MAX_BYTES).decode("utf-8-sig", "replace")
        except OSError as error:
            if error.errno == errno.EFBIG:
                self.unread[f"{path} is larger than {MAX_BYTES >> 20} MiB"] = (
                    "split it, or keep its data apart"
                )
            return None
        except ValueError:
            return None
