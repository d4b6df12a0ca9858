"""A virtual environment with SkyPilot, made and compiled once and kept beside the Debian of `debian.py`. Each stack
has a copy. It may be deleted whenever no stack comes up."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from .debian import PLACE

COMPILED = "import sky.server.server, sky.client.cli.command"
"""What every stack imports first."""


def copy(skypilot: str, to: Path) -> None:
    """A virtual environment at `to` in which `skypilot`, as pip names it, and uv are installed."""
    made = _made(skypilot)
    subprocess.run(["cp", "--archive", str(made), str(to)], check=True)
    for program in (to / "bin").iterdir():  # they name their interpreter, and `activate` its folder
        if program.is_file() and not program.is_symlink():
            text = program.read_bytes()
            if str(made).encode() in text:
                program.write_bytes(text.replace(str(made).encode(), str(to).encode()))


def _made(skypilot: str) -> Path:
    """The one that is kept, made if need be. Of several that ask, one makes it."""
    made = PLACE / f"venv-{hashlib.sha256(skypilot.encode()).hexdigest()[:12]}"
    done = made / "done"
    PLACE.mkdir(exist_ok=True)
    with open(f"{made}.lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(made, ignore_errors=True)
            python = str(made / "bin" / "python")
            subprocess.run(["/usr/bin/python3", "-m", "venv", str(made)], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "uv"], check=True)
            subprocess.run(
                [made / "bin" / "uv", "pip", "install", "-q", "--python", python, skypilot], check=True
            )
            home = {**os.environ, "HOME": str(made / "home")}
            subprocess.run([python, "-c", COMPILED], env=home, check=True, capture_output=True)
            done.touch()
    return made
