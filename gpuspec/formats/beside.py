"""Files beside a job file that it names: read and nothing else."""

import os

from gpuspec.untrusted_file import read_file

MAX_BYTES = 1 << 18


def read_beside(path: str, name: str) -> bytes | None:
    """The bytes of a file that the file at `path` names, in its folder or below; None for one that leads out of it
    (by `..`, by an absolute name or through a link), is no plain file, or is longer than MAX_BYTES."""
    if not name or "\0" in name or os.path.isabs(name):
        return None
    folder = os.path.dirname(path) or "."
    try:
        if not os.path.isfile(os.path.join(folder, name)):
            return None
        root, full = os.path.realpath(folder), os.path.realpath(os.path.join(folder, name))
        if os.path.commonpath([root, full]) != root:
            return None
        return read_file(full, MAX_BYTES)
    except (OSError, ValueError):
        return None
