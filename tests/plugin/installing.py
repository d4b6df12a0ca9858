"""Plugins as pip leaves them: a module, and a .dist-info with its entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RULE = '''
from gpuspec import Rule, hookimpl

class {cls}(Rule):
    """A rule."""
    code = "{code}"
    name = "{name}"
    severity = "info"
    def check(self, facts):
        yield self.finding("", "{name} was here")

@hookimpl
def gpuspec_rules():
    return [{cls}]
'''


def gpuspec(*arguments: str, path: Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path), **more}
    command = [sys.executable, "-m", "gpuspec", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def install(
    site: Path, name: str, source: str, target: str | None = None, requires: str = "gpuspec>=0.1"
) -> None:
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(source)
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {requires}\n"
    )
    (info / "entry_points.txt").write_text(
        f"[console_scripts]\nx = y:z\n\n[gpuspec]\n{name} = {target or module}\n"
    )
