"""Tools that exist only as npm packages, for tests that say what those tools would say."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / "node_modules" / ".gpuspec"


def installed(packages: tuple[str, ...]) -> Path:
    """The folder that has npm packages (NAME@VERSION) in its node_modules. Skips where there is no npm, or no
    registry."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = CACHE / re.sub(r"[^\w.@-]", "_", "+".join(packages))
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers may come at once
        if not (folder / "done").exists():
            options = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix", str(folder)]
            install = ["npm", "install", *options, *packages]
            done = subprocess.run(install, capture_output=True, text=True, timeout=300)
            if done.returncode:
                pytest.skip(f"{' '.join(install)}: {(done.stderr or done.stdout)[-200:]}")
            (folder / "done").touch()
    return folder


def run(packages: tuple[str, ...], script: str, *arguments: str) -> str:
    """What a CommonJS script prints that requires npm packages (NAME@VERSION)."""
    folder = installed(packages)
    done = subprocess.run(
        ["node", "-e", script, *arguments],
        cwd=folder,
        env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
