"""Ledgers in a workdir from another's hands: no pipe is waited for, and no link leads to a file that is written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gpuspec.errors import UserError
from gpuspec.launch.on_machine.downloader import fetch
from gpuspec.launch.on_machine.downloader.file import Failure, alone_with
from gpuspec.launch.on_machine.downloader.ledger import Ledger
from gpuspec.launch.outputs import Outputs


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text("precious")
    return path


@pytest.mark.parametrize("kind", ["pipe", "link"])
@pytest.mark.parametrize("name", ["downloads.json", "downloads.json.new"])
def test_a_ledger_that_is_no_file_is_begun_anew(name: str, kind: str, mine: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name) if kind == "pipe" else (tmp_path / name).symlink_to(mine)
    ledger = Ledger(str(tmp_path / "downloads.json"))
    ledger.load()
    ledger.note("a", {"size": 1})
    again = Ledger(ledger.path)
    again.load()
    assert again.get("a") == {"size": 1}
    assert not os.path.islink(ledger.path)
    assert mine.read_text() == "precious"


def odd(path: Path, kind: str) -> None:
    """Put a thing of that kind at `path`."""
    if kind == "link":
        path.symlink_to(path.parent / "mine.txt")
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)


ODD = pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe", "pipe with a reader"])


@pytest.fixture
def reader(kind: str) -> Iterator[Callable[[Path], None]]:
    """Opens a pipe for reading, where there is to be a reader."""
    opened: list[int] = []
    yield (
        lambda path: (
            opened.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            if kind == "pipe with a reader"
            else None
        )
    )
    for each in opened:
        os.close(each)


@ODD
def test_the_lock_of_a_ledger_is_no_way_out(
    kind: str, reader: Callable[[Path], None], mine: Path, tmp_path: Path
) -> None:
    odd(tmp_path / "outputs.json.lock", kind)
    reader(tmp_path / "outputs.json.lock")
    wrong = r"outputs.json.lock is a link, a folder or a pipe, .* move it away"
    with pytest.raises(Failure, match=wrong), alone_with(str(tmp_path / "outputs.json")):
        pass
    assert mine.read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == [".gitignore", "mine.txt", "outputs.json.lock"]


@ODD
def test_a_download_says_what_is_in_the_place_of_its_lock(
    kind: str, reader: Callable[[Path], None], mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".gpuspec").mkdir()
    odd(tmp_path / ".gpuspec" / "downloads.json.lock", kind)
    reader(tmp_path / ".gpuspec" / "downloads.json.lock")
    (tmp_path / "manifest.json").write_text('{"downloads": []}')
    assert fetch.main([str(tmp_path / "manifest.json"), "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"download: error: \S+downloads.json.lock is a link, .* move it away\n", said)


@ODD
def test_outputs_say_what_is_in_the_place_of_their_lock(
    kind: str, reader: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "work" / ".gpuspec").mkdir(parents=True)
    (tmp_path / "far" / "out").mkdir(parents=True)
    (tmp_path / "far" / "out" / "a").write_text("result")
    odd(tmp_path / "work" / ".gpuspec" / "outputs.json.lock", kind)
    reader(tmp_path / "work" / ".gpuspec" / "outputs.json.lock")
    staging = str(tmp_path / "staging")
    outputs = Outputs(str(tmp_path / "far"), str(tmp_path / "work"), staging, "id", ["out"], [])
    with pytest.raises(UserError) as caught:
        outputs.fetch()
    assert caught.value.code == "outputs-not-written"
    assert "outputs.json.lock is a link, a folder or a pipe" in caught.value.message
