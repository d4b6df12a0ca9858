"""A folder in which every module and program that gpuspec, or Python before it, may look for is a trap."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OTHERS = (
    "sitecustomize", "usercustomize", "gpuspec_trap", "click", "pluggy", "packaging", "jsonschema", "json5", "pygls",
    "tree_sitter", "tree_sitter_bash", "pynvml", "pip", "huggingface_hub", "sky",
)  # fmt: skip
PROGRAMS = (
    "bash", "sh", "git", "ssh", "rsync", "ps", "env", "nvidia-smi", "aws", "gcloud", "gsutil", "python3", "ldconfig",
    "gcc", "cc", "ld", "objdump", "timeout", "sky",
)  # fmt: skip


def lay(folder: Path, log: Path) -> None:
    """Fill a folder with traps; each that is sprung adds its name to `log`."""
    for name in sorted({*sys.stdlib_module_names, *OTHERS} - set(sys.builtin_module_names)):
        if name != "__future__":
            note = f"import posix\nfd = posix.open({str(log)!r}, posix.O_APPEND | posix.O_CREAT | posix.O_WRONLY)\n"
            (folder / f"{name}.py").write_text(
                f"{note}posix.write(fd, b'{name} ')\nraise ImportError('a trap')\n"
            )
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\necho -n '{name} ' >>{log}\nexit 1\n")
        (folder / name).chmod(0o755)
    info = folder / "trap-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: trap\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gpuspec]\ntrap = gpuspec_trap\n")


def sprung(log: Path) -> list[str]:
    """The names of the traps that were sprung."""
    return log.read_text().split() if os.path.exists(log) else []
