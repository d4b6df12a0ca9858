"""Files beside the spec, read and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable

MAX_BYTES = 1 << 20
MAX_FILES = 20

ReadFile = Callable[[str], "str | None"]


class Folder:
    """The spec's folder. A path that leaves it, by `..`, by an absolute name or through a link, is not read; neither
    is what is no plain file or longer than MAX_BYTES. `written` holds files that the commands themselves write."""

    def __init__(self, root: str | None, read_file: ReadFile | None = None) -> None:
        self.root = root
        self.read_file = read_file
        self.written: dict[str, str] = {}
        self.left = MAX_FILES

    def read(self, path: str, within: str = "") -> str | None:
        """Text of a file, by its path relative to `within`; None where there is none that may be read."""
        relative = os.path.normpath(os.path.join(within, path.removeprefix("~/sky_workdir/")))
        if relative in self.written:
            return self.written[relative]
        if os.path.isabs(relative) or relative.startswith(("..", "~")) or "\0" in path or self.left <= 0:
            return None
        self.left -= 1
        if self.read_file is not None:
            return self.read_file(relative)
        if self.root is None:
            return None
        try:
            # Most scripts are not beside the spec: resolving links costs more than seeing that.
            if not os.path.isfile(os.path.join(self.root, relative)):
                return None
            root = os.path.realpath(self.root)
            full = os.path.realpath(os.path.join(root, relative))
            if os.path.commonpath([root, full]) != root or os.path.getsize(full) > MAX_BYTES:
                return None
            with open(full, "rb") as file:
                return file.read(MAX_BYTES).decode("utf-8-sig", "replace")
        except (OSError, ValueError):
            return None
