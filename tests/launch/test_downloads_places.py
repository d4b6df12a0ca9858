"""Where a download writes: in files of its own alone, whatever lies in their places, and in turn with other runs."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until
from webserver import Site

from gpuspec.launch.on_machine.downloader import hubs
from gpuspec.launch.on_machine.downloader.fetch import PLANNERS
from gpuspec.launch.on_machine.downloader.file import Failure, File
from gpuspec.launch.on_machine.downloader.ledger import Ledger
from gpuspec.launch.on_machine.downloader.part import GrowingFile
from gpuspec.launch.on_machine.downloader.transfer import Fetcher

from .conftest import Fetch, command

BODY = bytes(range(256)) * 4000  # 1,024,000 bytes
HALF = 512_000
SUM = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def model(site: Site) -> Site:
    site.files["/model.bin"] = BODY
    site.headers["/model.bin"] = {"ETag": '"one"'}
    return site


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    (made / "m").mkdir(parents=True)
    return made


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text("precious")
    return path


def http(site: Site, **more: object) -> dict[str, Any]:
    return {"strategy": "http", "source": f"{site.url}/model.bin", "target": "m/", **more}


IN_THE_WAY: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda part, mine: part.symlink_to(mine),
    "dangling link": lambda part, mine: part.symlink_to(mine.with_name("not there")),
    "link to itself": lambda part, mine: part.symlink_to(part.name),
    "another name of a file": lambda part, mine: os.link(mine, part),
    "pipe": lambda part, mine: os.mkfifo(part),
}


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_stands_where_a_file_grows_is_neither_written_nor_waited_for(
    kind: str, model: Site, fetch: Fetch, work: Path, mine: Path
) -> None:
    IN_THE_WAY[kind](work / "m/model.bin.part", mine)
    done = fetch(http(model, timeout=60))
    assert done.returncode == 0, done.stderr
    assert (work / "m/model.bin").read_bytes() == BODY
    assert not (work / "m/model.bin").is_symlink()
    assert mine.read_text() == "precious"
    assert not mine.with_name("not there").exists()
    assert sorted(path.name for path in (work / "m").iterdir()) == ["model.bin"]


def test_a_folder_where_a_file_grows_is_named_at_once(model: Site, fetch: Fetch, work: Path) -> None:
    (work / "m/model.bin.part").mkdir()
    done = fetch(http(model))
    assert done.returncode == 1
    assert "model.bin.part is a folder" in done.stderr
    assert not model.requests


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_in_the_place_of_one_is_named(
    kind: str, model: Site, fetch: Fetch, work: Path
) -> None:
    path = work / "m/model.bin"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    done = fetch(http(model, sha256=SUM))
    assert done.returncode == 1
    assert "exists and is no file" in done.stderr


def test_a_name_that_no_file_can_have_is_not_asked_for(site: Site, fetch: Fetch, work: Path) -> None:
    done = fetch({"strategy": "http", "source": f"{site.url}/{'n' * 252}", "target": "m/"})
    assert done.returncode == 1
    assert "File name too long; choose a shorter `target`" in done.stderr
    assert not site.requests


def test_a_disk_that_fails_is_not_the_servers_fault(model: Site, fetch: Fetch, work: Path) -> None:
    def no_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = fetch(http(model), preexec_fn=no_files)
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert len(model.requests) == 1


def test_a_folder_that_a_download_of_the_same_run_turns_into_a_link(model: Site, work: Path) -> None:
    outside = work.parent / "outside"
    outside.mkdir()
    fetcher = Fetcher(str(work), PLANNERS, backoff=0.0)
    fetcher.ledger = Ledger(str(work / "ledger"))
    task = PLANNERS["http"](fetcher, http(model))[0]
    (work / "m").rmdir()
    (work / "m").symlink_to(outside)
    assert task.file
    with pytest.raises(Failure, match="is a link by now"):
        fetcher.download(task.file, time.monotonic() + PATIENCE)
    assert not list(outside.iterdir())


def test_a_folder_that_becomes_a_link_while_the_file_comes(model: Site, work: Path) -> None:
    outside = work.parent / "outside"
    outside.mkdir()
    model.faults["/model.bin"] = [("stall", HALF)]
    fetcher, said = Fetcher(str(work), PLANNERS, backoff=0.0), []
    part = work / "m/model.bin.part"

    def go() -> None:
        try:
            fetcher.fetch([http(model, timeout=60)])
        except Failure as failure:
            said.append(str(failure))

    run = threading.Thread(target=go)
    run.start()
    until(lambda: part.exists() and part.stat().st_size)
    (work / "m").rename(work / "was")
    (work / "m").symlink_to(outside)
    model.release.set()
    run.join(PATIENCE)
    assert "is a link by now" in said[0]
    assert not list(outside.iterdir())


def test_a_ledger_that_becomes_a_link_is_not_written_through(work: Path, mine: Path) -> None:
    ledger = Ledger(str(work / "downloads.json"))
    ledger.load()
    os.remove(ledger.path)
    os.symlink(mine, ledger.path)
    ledger.note("a", {"size": 1})
    assert mine.read_text() == "precious"


def test_links_among_the_notes_of_the_hubs_library_are_removed(work: Path, mine: Path) -> None:
    notes = work / "m/.cache/huggingface/download"
    notes.mkdir(parents=True)
    (notes / "a.lock").symlink_to(mine)
    os.link(mine, notes / "a.metadata")
    (notes / "folder").symlink_to(mine.parent)
    (notes / "b.metadata").write_text("kept")
    hubs._keep_in_place(str(work / "m"), [File("https://hub/a", str(work / "m/a"))])
    assert [path.name for path in notes.iterdir()] == ["b.metadata"]
    assert mine.read_text() == "precious"


def test_notes_of_the_hubs_library_that_are_elsewhere_are_left_alone(work: Path, mine: Path) -> None:
    elsewhere = mine.with_name("elsewhere")
    (elsewhere / "huggingface").mkdir(parents=True)
    (elsewhere / "huggingface/link").symlink_to(mine)
    (work / "m/.cache").symlink_to(elsewhere)
    with pytest.raises(Failure, match="is a link by now"):
        hubs._keep_in_place(str(work / "m"), [])
    assert (elsewhere / "huggingface/link").is_symlink()


def test_a_file_that_another_run_is_at_is_waited_for_until_the_timeout(model: Site, work: Path) -> None:
    fetcher = Fetcher(str(work), PLANNERS, backoff=0.0)
    deadline = time.monotonic() + PATIENCE
    with GrowingFile(
        str(work / "m/model.bin.part"), inode=None, deadline=deadline, stop=threading.Event()
    ) as other:
        other.write(b"of another run", 0)
        with pytest.raises(Failure, match="another run is at this file"):
            fetcher.fetch([http(model, timeout=0.2)])
        assert other.start(100) == b"of another run"
    assert not model.requests
    Fetcher(str(work), PLANNERS, backoff=0.0).fetch([http(model)])
    assert (work / "m/model.bin").read_bytes() == BODY


def test_workspaces_inside_one_another_take_turns(
    model: Site, work: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    model.faults["/model.bin"] = [("stall", HALF)]
    inner = work / "m"

    def start(root: Path, target: str, name: str) -> subprocess.Popen[str]:
        asked = http(model, target=target, sha256=SUM)
        run = command(tmp_path / name, [asked], [sys.executable, "-I", "-S"])
        return subprocess.Popen(
            [*run, "--root", str(root)], env=environment, stdout=subprocess.PIPE, text=True
        )

    first = start(work, "m/n/", "first")
    assert model.stalled.wait(PATIENCE)
    second = start(inner, "n/", "second")
    until(lambda: (inner / ".gpuspec/downloads.json").exists())
    model.release.set()
    said = [each.communicate(timeout=PATIENCE)[0] for each in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert (inner / "n/model.bin").read_bytes() == BODY
    assert "0 bytes fetched" in said[1]


def test_a_part_of_another_workspace_is_not_gone_on_from(
    model: Site, other_site: Site, fetch: Fetch, work: Path
) -> None:
    """Its ledger knows of which version the part is; this one knows of a part that was here before."""
    model.faults["/model.bin"] = [("cut", HALF), *[("status", 503)] * 5]
    assert fetch(http(model)).returncode == 1
    other_site.files["/model.bin"] = BODY[::-1]
    other_site.headers["/model.bin"] = {"ETag": '"two"'}
    other_site.faults["/model.bin"] = [("cut", HALF), *[("status", 503)] * 5]
    with pytest.raises(Failure, match="gave up"):
        Fetcher(str(work / "m"), PLANNERS, backoff=0.0).fetch([http(other_site, target="")])
    assert (work / "m/model.bin.part").read_bytes() == BODY[::-1][:HALF]
    assert fetch(http(model)).returncode == 0
    assert (work / "m/model.bin").read_bytes() == BODY


def test_a_change_that_keeps_size_and_time_is_seen_where_a_checksum_tells(
    model: Site, fetch: Fetch, work: Path
) -> None:
    assert fetch(http(model, sha256=SUM)).returncode == 0
    path = work / "m/model.bin"
    times = path.stat()
    path.write_bytes(BODY[::-1])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    done = fetch(http(model, sha256=SUM))
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == BODY


def test_new_permissions_are_no_change_of_a_file_without_a_checksum(
    model: Site, fetch: Fetch, work: Path
) -> None:
    assert fetch(http(model)).returncode == 0
    (work / "m/model.bin").chmod(0o400)
    assert "1 of 1 already there" in fetch(http(model)).stdout
