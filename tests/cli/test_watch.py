"""`gpuspec lint --watch`, a real process: files and settings change under it, and Ctrl-C ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import PATIENCE

CLEAN = '{ "run": "python x.py" }\n'
TWICE = '{ "run": "python x.py", "run": "python y.py" }\n'


class Watching:
    """The process; each round ends with the line that says it is watching."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "gpuspec", "lint", "--watch", "--format", "concise", *options]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def round(self) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("watching "):
                break
        return "".join(lines)

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, rest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gpuspec.toml").write_text('select = ["GS0"]\n')
    (tmp_path / "job.jsonc").write_text(CLEAN)
    return tmp_path


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    started = Watching(folder)
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for a child")
def test_it_lints_after_every_change(watching: Watching, folder: Path) -> None:
    assert watching.round() == "watching 1 file; Ctrl-C ends it\n"
    (folder / "job.jsonc").write_text(TWICE)
    assert "GS002" in watching.round()
    (folder / "new.gpu.jsonc").write_text(TWICE)
    again = watching.round()
    assert again.count("GS002") == 2
    assert "watching 2 files" in again
    (folder / "gpuspec.toml").write_text("selekt = []\n")
    assert "error[bad-config]" in watching.round()
    (folder / "gpuspec.toml").write_text('select = ["GS001"]\n')
    assert "GS002" not in watching.round()
    (folder / "base.toml").write_text('select = ["GS001"]\n')
    (folder / "gpuspec.toml").write_text('extend = "base.toml"\n')
    assert "GS002" not in watching.round()
    (folder / "base.toml").write_text('select = ["GS002"]\n')
    assert "GS002" in watching.round()
    status, rest = watching.interrupt()
    assert (status, rest.strip()) == (0, "")


@pytest.mark.parametrize("words", [["-"], ["--write-baseline", "b.json"]])
def test_what_cannot_be_watched(folder: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "gpuspec", "lint", "--watch", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, input="")
    assert done.returncode == 2
    assert "error[cannot-watch]" in done.stderr


def test_a_wrong_option_ends_it(folder: Path) -> None:
    command = [sys.executable, "-m", "gpuspec", "lint", "--watch", "--select", "GS9999"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, "error[unknown-rule]" in done.stderr) == (2, True)
