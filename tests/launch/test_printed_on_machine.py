"""What programs print on a machine begins no command to a CI runner, whatever an item is called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from waiting import PATIENCE

from gpuspec.job import Job
from gpuspec.launch import items

ITEMS = ("##[error]forged", "##vso[task.setvariable variable=a]b", "a\u3164")


def test_lines_about_items(tmp_path: Path) -> None:
    wanted = items.manifest(Job(run="test {item} = a"), ITEMS, str(tmp_path / "status"), fresh=True)
    command = items.local_command(wanted, str(tmp_path))
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=env, timeout=PATIENCE)
    said = done.stdout.decode()
    assert done.returncode == 1
    assert r"items: 1 of 3: '\x23#[error]forged'" in said
    assert r"items: '\x23#vso[task.setvariable variable=a]b' failed (exit status 1)" in said
    assert r"'a\u3164'" in said
    assert "##" not in said
    assert "\u3164" not in said
