"""Tools that exist only as npm packages, for tests that say what those tools would say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("GPUSPEC_NPM_DIR", Path(__file__).parents[1] / "node_modules" / ".gpuspec"))


def run(packages: tuple[str, ...], script: str, *arguments: str) -> str:
    """What a CommonJS script prints that requires npm packages (NAME@VERSION). Skips where there is no npm, or no
    registry."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    wanted = {package.rpartition("@")[0]: package.rpartition("@")[2] for package in packages}
    if not all((CACHE / "node_modules" / name).is_dir() for name in wanted):
        CACHE.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix", str(CACHE)]
        done = subprocess.run(["npm", "install", *options, *packages], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm install {' '.join(packages)}: {done.stderr[-200:] or done.stdout[-200:]}")
    done = subprocess.run(
        ["node", "-e", script, *arguments],
        cwd=CACHE,
        env={**os.environ, "NODE_PATH": str(CACHE / "node_modules")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
