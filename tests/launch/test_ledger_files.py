"""Ledgers in a workdir from another's hands: no pipe is waited for, and no link leads to a file that is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpuspec.launch.on_machine.downloader.file import alone_with
from gpuspec.launch.on_machine.downloader.ledger import Ledger


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


def test_the_lock_of_a_ledger_is_no_way_out(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "outputs.json.lock").symlink_to(mine)
    with pytest.raises(OSError, match=r"Too many levels"), alone_with(str(tmp_path / "outputs.json")):
        pass
    assert mine.read_text() == "precious"
