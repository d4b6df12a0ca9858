"""Outputs over a real sshd whose connection is cut, or falls silent, in the middle: nothing is lost or left half."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import PATIENCE, until

from gpuspec.errors import UserError
from gpuspec.launch.outputs import FetchReport, Outputs

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
NO_LOGIN = pwd.getpwuid(os.getuid()).pw_shell.endswith(("nologin", "false"))
pytestmark = [
    pytest.mark.skipif(
        not (SSHD and shutil.which("ssh") and shutil.which("rsync")), reason="needs sshd, ssh and rsync"
    ),
    pytest.mark.skipif(NO_LOGIN, reason="sshd lets nobody in who has no shell"),
]


class Link:
    """A TCP proxy: the network between us and the machine. `budget` is how many bytes may still come from there
    (None: all); then the link is as `after` says, "cut" or "silent"."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.budget: int | None = None
        self.after = "cut"
        self.passed = 0
        self.open: list[socket.socket] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.silent = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def mend(self) -> None:
        """A new network: what was open stays as it was."""
        self.budget, self.passed = None, 0

    def close(self) -> None:
        self.server.close()
        for each in self.open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self.to))
            except OSError:  # nobody listens there yet
                client.close()
                continue
            self.open += [client, there]
            for source, target, counted in ((client, there, False), (there, client, True)):
                threading.Thread(target=self._copy, args=(source, target, counted), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while block := source.recv(1 << 16):
                if counted:
                    self.passed += len(block)
                    if self.budget is not None and self.passed > self.budget:
                        if self.after == "cut":
                            break
                        self.silent.set()
                        return  # neither read nor closed: packets that go nowhere
                target.sendall(block)
        except OSError:
            pass
        # Not close: that tells nobody while the other direction's thread still waits on it.
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Machine:
    """An sshd of our own, reached over a Link."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.there, self.here = folder, folder / "there", folder / "here"
        self.there.mkdir()
        self.here.mkdir()
        for name in ("host", "client"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(key, check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/client.pub\nStrictModes no\nPasswordAuthentication no\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        assert SSHD is not None
        self.sshd = subprocess.Popen(
            [SSHD, "-D", "-f", str(folder / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.link = Link(port)
        (folder / "ssh_config").write_text(
            f"Host machine\n  HostName 127.0.0.1\n  Port {self.link.port}\n  User {getpass.getuser()}\n"
            f"  IdentityFile {folder}/client\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n"
            "  LogLevel ERROR\n"
        )
        until(self._answers)
        self.link.mend()

    def _answers(self) -> bool:
        assert self.sshd.poll() is None
        asked = ["ssh", "-F", str(self.folder / "ssh_config"), "machine", "true"]
        return subprocess.run(asked, capture_output=True).returncode == 0

    def close(self) -> None:
        self.link.close()
        self.sshd.kill()
        self.sshd.wait()

    def outputs(self, keepalive: str = "") -> Outputs:
        options = ["-e", f"ssh -F {self.folder}/ssh_config {keepalive}"]
        staging = str(self.folder / "staging")
        return Outputs(f"machine:{self.there}", str(self.here), staging, "k3abc", ("r/",), (), options)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


SIZE = 8_000_000


def big(machine: Machine) -> bytes:
    body = os.urandom(SIZE)
    (machine.there / "r").mkdir(exist_ok=True)
    (machine.there / "r" / "big").write_bytes(body)
    return body


def ssh_left(machine: Machine) -> list[str]:
    """Command lines of ssh and rsync that still use this machine."""
    mark = str(machine.folder)
    shown = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True).stdout.splitlines()
    return [line for line in shown if mark in line and line.startswith(("ssh ", "rsync "))]


def test_a_fetch_that_was_cut_goes_on_where_it_was(machine: Machine) -> None:
    body = big(machine)
    machine.link.budget = 5_000_000
    with pytest.raises(UserError) as caught:
        machine.outputs().fetch()
    assert caught.value.code == "outputs-not-fetched"
    assert "still on the machine" in (caught.value.hint or "")
    assert not list(machine.here.rglob("big*"))
    machine.link.mend()
    assert machine.outputs().fetch() == FetchReport(("r/big",), ())
    assert (machine.here / "r" / "big").read_bytes() == body
    assert machine.link.passed < SIZE - 3_000_000, "it began anew"
    assert [path.name for path in (machine.here / "r").iterdir()] == ["big"]


def test_a_network_that_falls_silent_is_waited_for_only_so_long(machine: Machine) -> None:
    big(machine)
    machine.link.budget, machine.link.after = 2_000_000, "silent"
    began = time.monotonic()
    with pytest.raises(UserError, match="did not come within 2 s"):
        machine.outputs().fetch(timeout=2)
    assert time.monotonic() - began < PATIENCE
    assert not list(machine.here.rglob("big*"))
    assert ssh_left(machine) == []


def test_ssh_itself_notices_a_network_that_is_gone(machine: Machine) -> None:
    big(machine)
    machine.link.budget, machine.link.after = 2_000_000, "silent"
    began = time.monotonic()
    with pytest.raises(UserError, match="rsync failed"):
        machine.outputs("-o ServerAliveInterval=1 -o ServerAliveCountMax=2").fetch()
    assert time.monotonic() - began < PATIENCE


def test_a_fetch_that_hangs_in_the_background_does_not_hold_the_last_one(machine: Machine) -> None:
    body = big(machine)
    machine.link.budget, machine.link.after = 2_000_000, "silent"
    outputs, over = machine.outputs(), threading.Event()
    thread = outputs.keep_fetching(over, interval=0.01)
    assert machine.link.silent.wait(PATIENCE)
    over.set()
    machine.link.mend()
    assert outputs.fetch(timeout=PATIENCE) == FetchReport(("r/big",), ())
    assert (machine.here / "r" / "big").read_bytes() == body
    thread.join(PATIENCE)
    assert not thread.is_alive()
