"""`--output` names a file, which gets the exact bytes, or a stream, where they are shown to somebody: there they are
escaped as all that is printed, whatever option names the stream."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """{
  // \x1b[31m\u202e ::error::red
  'gpu_types': ["RTX 4090"], // \x1b[0m
  "keep_alive_minutes": 3, "budget": { "max_hours": 1 }, "run": "true",
}
"""


def gpuspec(*words: str, folder: Path, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "gpuspec", *words]
    return subprocess.run(command, cwd=folder, stdout=stdout, stderr=subprocess.PIPE, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "job.gpu.jsonc").write_text(SPEC, encoding="utf-8")
    return tmp_path


DIFF = ("lint", "--isolated", "--select", "GS007", "--diff", "job.gpu.jsonc")


def test_a_file_gets_the_diff_as_it_is(folder: Path) -> None:
    assert gpuspec(*DIFF, "--output", "d.patch", folder=folder).returncode == 1
    assert "\x1b[31m\u202e ::error::red" in (folder / "d.patch").read_text("utf-8")


@pytest.mark.parametrize("stream", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_stream_shows_it_escaped(stream: str, folder: Path) -> None:
    shown = gpuspec(*DIFF, "--output", stream, folder=folder)
    assert shown.returncode == 1, shown.stderr
    assert b"\x1b" not in shown.stdout
    assert r"\x1b[31m\u202e ::error::red" in shown.stdout.decode()
    assert shown.stdout == gpuspec(*DIFF, folder=folder).stdout


def test_a_pipe_with_a_name_shows_it_escaped(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert gpuspec(*DIFF, "--output", "pipe", folder=folder).returncode == 1
        assert rb"\x1b[31m" in os.read(reader, 1 << 16)
    finally:
        os.close(reader)


@pytest.mark.parametrize("words", [DIFF, (*DIFF[:4], "job.gpu.jsonc"), ("init", "--task", "serve")])
def test_standard_output_that_goes_to_a_file_is_a_stream_and_is_not_replaced(
    words: tuple[str, ...], folder: Path
) -> None:
    """The link `/dev/stdout` was replaced by a file, for whoever may write to `/dev`."""
    before = os.lstat("/dev/stdout").st_ino
    with open(folder / "out", "wb") as out:
        out.write(b"first\n")
        out.flush()
        ran = gpuspec(*words, "--output", "/dev/stdout", folder=folder, stdout=out.fileno())
    assert ran.returncode < 2, ran.stderr
    assert os.lstat("/dev/stdout").st_ino == before
    written = (folder / "out").read_bytes()
    assert written.startswith(b"first\n")
    assert len(written) > 100
    assert b"\x1b" not in written


def test_a_stream_that_is_closed_is_an_error_in_words(folder: Path) -> None:
    ran = gpuspec(*DIFF, "--output", "/dev/fd/97", folder=folder)
    assert ran.returncode == 2
    assert b"error[cannot-write]: /dev/fd/97 cannot be written: Bad file descriptor" in ran.stderr
