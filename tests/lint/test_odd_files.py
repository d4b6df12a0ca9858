"""Files that are none, or not what they seem: each costs a line, and the others are linted all the same."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gpuspec import untrusted_file
from gpuspec.cli.main import main
from gpuspec.lint.discover import walk
from gpuspec.lint.neighbours import Folders
from gpuspec.lint.settings import Settings
from gpuspec.untrusted_file import open_file, read_file

SPEC = '{ "run": "true" }\n'
LOOP = "Too many levels of symbolic links"
CANNOT = "cannot be read: "


def pipe(path: Path) -> None:
    os.mkfifo(path)


def looping_link(path: Path) -> None:
    path.symlink_to(path.name)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening_socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(path.name)


def sparse_file(path: Path) -> None:
    path.touch()
    os.truncate(path, 10 * 10**9)


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "elsewhere")
    path.symlink_to("elsewhere")


def folder(path: Path) -> None:
    path.mkdir()


ODD = {
    pipe: CANNOT + "it is a pipe, not a file",
    link_to_pipe: CANNOT + "it is a pipe, not a file",
    looping_link: CANNOT + LOOP,
    device: CANNOT + "it is a device, not a file",
    listening_socket: CANNOT + "it is a socket, not a file",
    sparse_file: "is larger than ",
}
Make = Callable[[Path], None]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.gpu.jsonc").write_text(SPEC)
    return tmp_path


@pytest.mark.parametrize("make", ODD)
def test_one_among_the_specs_costs_one_line(
    make: Make, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(here / "a.gpu.jsonc")
    status = main(["lint", "--select", "GS001", "."])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "clean: 1 file\n")
    (line,) = [line for line in err.splitlines() if "error[" in line]
    assert f"a.gpu.jsonc {ODD[make]}" in line
    assert [spec.path for spec in Folders().alike("good.gpu.jsonc", SPEC)] == ["good.gpu.jsonc"]


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize(
    "command",
    [
        ["lint", "odd.csv"],
        ["show", "odd.csv"],
        ["plan", "odd.csv"],
        ["size", "odd.csv"],
        ["explain", "odd.csv"],
        ["run", "--dry-run", "odd.csv"],
        ["lint", "good.gpu.jsonc", "--config", "odd.csv"],
        ["lint", "good.gpu.jsonc", "--baseline", "odd.csv"],
        ["lint", "good.gpu.jsonc", "--prices", "odd.csv"],
        ["plan", "good.gpu.jsonc", "--prices", "odd.csv"],
        ["size", "./odd.safetensors"],
        ["size", "./odd.gguf"],
        ["size", "./model"],
    ],
    ids=lambda command: " ".join(command),
)
def test_one_that_is_named_is_refused_in_words(
    make: Make, command: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "model").mkdir()
    make(here / "model" / "config.json") if make is not listening_socket else None
    make(here / "odd.csv")
    if make is not link_to_pipe:
        make(here / "odd.safetensors")
        make(here / "odd.gguf")
    assert main(command) == 2
    err = capsys.readouterr().err
    assert "error[" in err
    assert "internal" not in err


def dangling_link(path: Path) -> None:
    path.symlink_to("../shared/settings.toml")


@pytest.mark.parametrize("name", ["gpuspec.toml", ".gpuspec.toml", "pyproject.toml"])
@pytest.mark.parametrize("make", [pipe, device, listening_socket, sparse_file, looping_link, dangling_link])
def test_settings_that_are_no_file_are_an_error(
    make: Make, name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(here / name)
    assert main(["lint", "good.gpu.jsonc"]) == 2
    err = capsys.readouterr().err
    assert "error[unreadable-file]" in err
    assert name in err


@pytest.mark.parametrize("make", [pipe, looping_link, device, listening_socket, sparse_file])
def test_a_gitignore_that_is_no_file_costs_one_line(
    make: Make, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / ".git").mkdir()
    make(here / ".gitignore")
    assert main(["lint", "--select", "GS001", "."]) == 2
    out, err = capsys.readouterr()
    assert out == "clean: 1 file\n"
    assert err.count("error[") == 1
    assert ".gitignore" in err


@pytest.mark.parametrize("make", [*ODD, folder])
def test_a_script_that_is_no_file_is_not_followed(
    make: Make, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(here / "train.py")
    (here / "good.gpu.jsonc").write_text('{ "run": "python train.py && bash train.py" }\n')
    assert main(["lint", "--select", "GS001", "good.gpu.jsonc"]) == 0
    assert main(["show", "good.gpu.jsonc"]) == int(make is sparse_file)  # that one is said to be too large


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_nobody_may_read_costs_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "shut").mkdir(mode=0)
    assert main(["lint", "--select", "GS001", "."]) == 2
    out, err = capsys.readouterr()
    assert out == "clean: 1 file\n"
    assert "shut cannot be read: Permission denied" in err


def test_a_folder_that_vanishes_under_the_walk_costs_one_line(here: Path) -> None:
    (here / "a").mkdir()
    (here / "b").mkdir()
    (here / "a" / "x.gpu.jsonc").write_text(SPEC)
    unread: list[OSError] = []
    found = walk(".", Settings(), unread=unread)
    assert next(found) == "a/x.gpu.jsonc"
    (here / "b").rmdir()
    assert list(found) == ["good.gpu.jsonc"]
    assert [error.filename for error in unread] == ["./b"]


def test_folders_nested_deeper_than_calls(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = 1500
    nest = f"import os\nfor _ in range({deep}): os.mkdir('d'); os.chdir('d')\n"
    script = nest + "open('x.gpu.jsonc', 'w').write('{}')"
    subprocess.run([sys.executable, "-c", script], check=True)
    try:
        assert list(walk(".", Settings())) == ["d/" * deep + "x.gpu.jsonc", "good.gpu.jsonc"]
        assert main(["lint", "--select", "GS001", "."]) == 0
        assert capsys.readouterr().out == "clean: 2 files\n"
    finally:
        subprocess.run(["rm", "-r", "d"], check=True)  # too deep for pytest to clear away


def test_a_link_that_leads_nowhere_is_no_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Emacs marks a file that is being edited by such a link."""
    (here / ".#good.gpu.jsonc").symlink_to("someone@somewhere.1234:5678")
    assert main(["lint", "--select", "GS001", "."]) == 0
    assert capsys.readouterr().out == "clean: 1 file\n"


def test_a_name_with_a_line_break_that_is_no_utf_8(here: Path) -> None:
    name = b"a\nb\xff.gpu.jsonc"
    (here / os.fsdecode(name)).write_text(SPEC)
    assert os.fsdecode(name) in list(walk(".", Settings()))
    assert main(["lint", "--select", "GS001", "."]) == 0


def test_a_shell_may_hand_over_a_pipe(here: Path) -> None:
    for lint in (
        "lint --select GS001 <(cat good.gpu.jsonc)",
        "lint --select GS001 /dev/stdin < good.gpu.jsonc",
    ):
        command = ["bash", "-c", f'"$0" -m gpuspec {lint}', sys.executable]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ran.stdout, ran.returncode) == ("clean: 1 file\n", 0)


def test_the_folder_it_was_started_in_is_gone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "gone").mkdir()
    os.chdir("gone")
    (here / "gone").rmdir()
    assert main(["lint"]) == 2
    assert "the folder this was started in does not exist any more" in capsys.readouterr().err


def test_a_file_that_grows_is_read_up_to_the_limit() -> None:
    """The kernel's own files say that they are empty."""
    status = read_file("/proc/self/status", 65536)
    assert status.startswith(b"Name:")
    with pytest.raises(OSError, match="larger than 1 KiB"):
        read_file("/proc/self/maps", 1024)


def test_no_file_can_have_a_nul_or_half_a_character_in_its_name() -> None:
    for name in ("a\0b", "a\ud800"):
        with pytest.raises(OSError, match="no file can have this name"):
            open_file(name)


def test_output_to_a_device_is_written_to_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    null = here / "null"
    os.mkfifo(null)
    reader = os.open(null, os.O_RDONLY | os.O_NONBLOCK)
    assert main(["lint", "--select", "GS001", "good.gpu.jsonc", "--output", "null"]) == 0
    assert os.read(reader, 100) == b"clean: 1 file\n"
    assert null.is_fifo()
    os.close(reader)


def test_the_neighbours_of_a_spec_take_bounded_room(here: Path) -> None:
    """A character of four bytes among 60,000 makes each text four times as long in memory."""
    for number in range(300):
        (here / f"{number:03}.gpu.jsonc").write_text("// 😀" + "a" * 60_000, encoding="utf-8")
    kept = sum(len(spec.text.encode()) for spec in Folders().beside(str(here / "none.gpu.jsonc")))
    assert 15 << 20 < kept <= 16 << 20


def test_a_file_of_the_kernels_that_has_nothing_yet_is_an_error_of_that_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A read of /proc/kmsg that does not wait gives None, which only root can see happen."""

    class Empty(io.BytesIO):
        name = "odd.gpu.jsonc"

        def fileno(self) -> int:
            return plain.fileno()

        def read(self, size: int | None = -1) -> bytes:
            return None  # type: ignore[return-value]

    (here / "odd.gpu.jsonc").write_text(SPEC)
    plain = (here / "odd.gpu.jsonc").open("rb")
    opened = untrusted_file.open_file
    monkeypatch.setattr(untrusted_file, "open_file", lambda path: Empty() if "odd" in path else opened(path))
    for command in (["."], ["good.gpu.jsonc", "--config", "odd"], ["good.gpu.jsonc", "--baseline", "odd"]):
        assert main(["lint", "--select", "GS001", *command]) == 2
        out, err = capsys.readouterr()
        assert "error[unreadable-file]" in err
        assert "nothing to read now" in err
        assert ("clean: 1 file" in out) == (command == ["."])
    plain.close()
