"""The strategy `rsync` against a real rsync daemon on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import gpuspec_fleet
import pytest
from as_installed import environment, gpuspec, needs

from gpuspec.testing import lint_text, plugged


class Server:
    """A daemon with the module `models`; `log` tells what it sent."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.log = folder / "rsyncd.log"
        (self.files / "tiny").mkdir(parents=True)
        (self.files / "tiny" / "model.safetensors").write_bytes(b"weights" * 1000)
        (self.files / "tiny" / "notes.md").write_text("notes")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "passwords").write_text("gpu:canary-for-rsync\n")
        (folder / "passwords").chmod(0o600)
        owner = f"uid = {os.getuid()}\ngid = {os.getgid()}\n"
        module = f"path = {self.files}\nuse chroot = no\ntransfer logging = yes\nlog format = %o %f\n"
        (folder / "rsyncd.conf").write_text(
            f"{owner}port = {self.port}\naddress = 127.0.0.1\nlog file = {self.log}\n"
            f"[models]\n{module}\n[closed]\n{module}auth users = gpu\nsecrets file = {folder}/passwords\n"
        )
        command = ["rsync", "--daemon", "--no-detach", f"--config={folder}/rsyncd.conf"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 180
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            assert time.monotonic() < deadline, self.log.read_text()

    def url(self, path: str) -> str:
        return f"rsync://127.0.0.1:{self.port}/{path}"

    def sent(self) -> list[str]:
        return [line.split()[-1] for line in self.log.read_text().splitlines() if " send " in line]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    needs("rsync")
    made = Server(tmp_path)
    yield made
    made.process.terminate()
    made.process.wait()


def run(folder: Path, download: dict[str, object], **more: object) -> tuple[int, str]:
    """`gpuspec run --on local` of a job with this download: exit status and what it printed."""
    folder.mkdir(exist_ok=True)
    job = {
        "run": "true",
        "downloads": [{"strategy": "rsync", **download}],
        "budget": {"max_hours": 1},
        **more,
    }
    (folder / "job.gpu.jsonc").write_text(json.dumps(job))
    env = environment(folder.parent)
    return gpuspec("run", "job.gpu.jsonc", "--on", "local", "--yes", cwd=folder, env=env)


def test_a_folder_is_fetched_once(server: Server, tmp_path: Path) -> None:
    work = tmp_path / "work"
    download = {"source": server.url("models/tiny/"), "target": "weights/"}
    status, said = run(work, download)
    assert status == 0, said
    assert (work / "weights" / "model.safetensors").read_bytes() == b"weights" * 1000
    assert "7.0 kB fetched" in said
    assert server.sent() == ["tiny/model.safetensors", "tiny/notes.md"]
    status, said = run(work, download)
    assert (status, "0 bytes fetched, 1 of 1 already there" in said) == (0, True)
    assert len(server.sent()) == 2
    (work / "weights" / "model.safetensors").unlink()
    (work / "weights" / "notes.md").unlink()
    (work / "weights").rmdir()
    assert run(work, download)[0] == 0
    assert len(server.sent()) == 4


def test_only_what_matches_comes(server: Server, tmp_path: Path) -> None:
    source, work = server.url("models/"), tmp_path / "work"
    assert run(work, {"source": source, "target": "a/", "allow": ["*.safetensors"]})[0] == 0
    assert [path.name for path in (work / "a").rglob("*") if path.is_file()] == ["model.safetensors"]
    assert run(work, {"source": source, "target": "b/", "ignore": ["*.safetensors"]})[0] == 0
    assert [path.name for path in (work / "b").rglob("*") if path.is_file()] == ["notes.md"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("models/none", "failed (23)"),
        ("nothing/here", "failed (5)"),
        ("/etc/hostname", "the source names no server"),
        ("--rsh=touch x:y", "the source begins with a dash"),
    ],
)
def test_what_cannot_come_is_said(server: Server, tmp_path: Path, source: str, words: str) -> None:
    address = source if source.startswith(("/", "-")) else server.url(source)
    status, said = run(tmp_path / "work", {"source": address, "target": "x/"})
    assert (status, words in said) == (1, True), said


def test_a_file_that_is_another_is_refused(server: Server, tmp_path: Path) -> None:
    download = {"source": server.url("models/tiny/notes.md"), "target": "notes.md", "sha256": "0" * 64}
    status, said = run(tmp_path / "work", download)
    assert (status, "its sha256 checksum is" in said) == (1, True), said
    assert not (tmp_path / "work" / "notes.md").exists()


def test_a_password_is_a_secret_of_the_job(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = {"source": f"rsync://gpu@127.0.0.1:{server.port}/closed/tiny/", "target": "x/"}
    monkeypatch.setenv("RSYNC_PASSWORD", "wrong")
    assert run(tmp_path / "work", download, secrets=["RSYNC_PASSWORD"])[0] == 1
    monkeypatch.setenv("RSYNC_PASSWORD", "canary-for-rsync")
    assert run(tmp_path / "work", download, secrets=["RSYNC_PASSWORD"])[0] == 0
    here = [*(tmp_path / "work").rglob("*"), *(tmp_path / "state").rglob("*")]
    assert not [path for path in here if path.is_file() and b"canary-for-rsync" in path.read_bytes()]


def test_lint_knows_the_name() -> None:
    with plugged(gpuspec_fleet):
        check_names()


def check_names() -> None:
    spec = '{"run": "true", "downloads": [{"strategy": "%s", "source": "rsync://files/models/"}]}'
    assert not [found for found in lint_text(spec % "rsync") if found.finding.code == "GS003"]
    found = [found.finding for found in lint_text(spec % "rsinc") if found.finding.code == "GS003"]
    assert "Did you mean `rsync`?" in found[0].message
