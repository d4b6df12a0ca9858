"""What gpuspec starts beside itself. It may be started in anybody's folder, and takes nothing from there: no module
that is called like one of the standard library, no program that is called like `ssh`."""

from __future__ import annotations

import os
import shutil
import sys


def program(name: str) -> str | None:
    """Where a program is; None if it is nowhere. Folders of PATH that are empty or relative mean the folder gpuspec
    was started in, and are passed over."""
    return shutil.which(name, path=os.pathsep.join(filter(os.path.isabs, os.get_exec_path())))


def required_program(name: str) -> str:
    """Where a program is. FileNotFoundError, as starting it would raise, if it is nowhere."""
    found = program(name)
    if found is None:
        raise FileNotFoundError(2, os.strerror(2), name)
    return found


def python(code: str, *arguments: str) -> list[str]:
    """The command that runs Python text in a process that finds the modules this one does, but for those of the
    folder it runs in. Not `-m`, which looks there first, and with `-I`, so that PYTHONPATH adds none."""
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    here = os.getcwd()
    others = (entry for entry in sys.path if os.path.isabs(entry) and entry != here)
    path = list(dict.fromkeys((root, *others)))
    utf8 = ["-X", "utf8"] if sys.flags.utf8_mode else []
    return [sys.executable, "-I", *utf8, "-c", f"import sys; sys.path[:] = {path!r}\n{code}", *arguments]
