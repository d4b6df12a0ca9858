"""Machines of a fleet, for real: an sshd on loopback for each, with a throw-away account and a lock of its own."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from as_installed import command, environment, gpuspec

SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/sshd.pid
AllowUsers {user}
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
SetEnv GPUSPEC_FLEET_LOCK={folder}/lock
"""
CONFIG = """\
Host {name}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {keys}/client
  IdentitiesOnly yes
  UserKnownHostsFile {keys}/known_hosts
"""
FLEET = """\
as-of = "2026-11-01"
ssh-config = "ssh.config"

[[machines]]
cloud = "fleet"
instance = "alpha"
gpu = "RTX 4090"
price = 0.40
ssh = "alpha"

[[machines]]
cloud = "fleet"
instance = "beta"
gpu = "RTX A6000"
price = 0.60
ssh = "beta"
"""
LISTENING = ["env", "--default-signal=INT"]
"""A test session in the background ignores Ctrl-C, and so would what it starts."""
GPUS = {"gpu_types": ["RTX 4090", "RTX A6000"]}


PATIENCE = 180.0
"""Seconds to wait for what comes at once on an idle machine: on a busy one, too, only what hangs takes longer."""


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
    return found


class Machine:
    """One sshd with its account. Not below pytest's own folder, which is closed to other accounts."""

    def __init__(self, name: str, keys: Path) -> None:
        self.name = name
        self.keys = keys
        self.folder = Path(tempfile.mkdtemp(prefix="gpuspec-fleet-"))
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self.user = f"gs-{self.folder.name[-8:].lower().replace('_', 'x')}"
        add = ["useradd", "-m", "-d", str(self.home), "-s", "/bin/bash", "-p", "*", self.user]
        subprocess.run(add, check=True, capture_output=True)
        (self.folder / "lock").touch()
        (self.folder / "lock").chmod(0o666)
        (self.home / ".ssh").mkdir()
        shutil.copy(keys / "client.pub", self.home / ".ssh" / "authorized_keys")
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "host")]
        subprocess.run(keygen, check=True)
        account = pwd.getpwnam(self.user)
        for path in (self.home / ".ssh", self.home / ".ssh" / "authorized_keys"):
            os.chown(path, account.pw_uid, account.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (self.folder / "sshd_config").write_text(
            SSHD.format(port=self.port, folder=self.folder, user=self.user)
        )
        with open(keys / "known_hosts", "a") as known:
            kind, key, _ = (self.folder / "host.pub").read_text().split(None, 2)
            known.write(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        with open(keys / "ssh.config", "a") as config:
            config.write(CONFIG.format(name=name, port=self.port, user=self.user, keys=keys))
        self.up()

    def up(self) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)
        start = [
            "/usr/sbin/sshd",
            "-f",
            str(self.folder / "sshd_config"),
            "-E",
            str(self.folder / "sshd.log"),
        ]
        subprocess.run(start, check=True)
        until(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0)

    def down(self) -> None:
        """End the sshd; connections that are open stay."""
        pid = int((self.folder / "sshd.pid").read_text())
        os.kill(pid, 15)
        until(lambda: not Path(f"/proc/{pid}").exists())

    def processes(self) -> list[int]:
        """Everything that runs in the account."""
        uid = pwd.getpwnam(self.user).pw_uid
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    found.append(int(name))
            except OSError:
                continue
        return found

    def state(self, run: str) -> dict[str, Any]:
        """What the machine has written down of a run."""
        try:
            read: dict[str, Any] = json.loads(
                (self.home / ".gpuspec-fleet/runs" / run / "state.json").read_text()
            )
            return read
        except (OSError, ValueError):
            return {}

    def work(self, run: str) -> Path:
        """The workdir of a run on the machine."""
        return Path(until(lambda: self.state(run).get("workdir")))

    def remove(self) -> None:
        self.down()
        for pid in self.processes():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        until(lambda: not self.processes())
        subprocess.run(["userdel", self.user], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class Here:
    """The person's side: a workdir with a spec, records, and a fleet file above both."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        shutil.copy(keys / "ssh.config", folder / "ssh.config")
        (folder / "gpuspec-fleet.toml").write_text(FLEET)
        self.env = environment(folder)
        self.env.pop("GPUSPEC_FLEET", None)

    def spec(self, **fields: Any) -> None:
        job = {"name": "test", "budget": {"max_hours": 1}, **GPUS, **fields}
        (self.work / "job.gpu.jsonc").write_text(json.dumps(job))

    def run(self, *options: str, **fields: Any) -> tuple[int, str]:
        """`gpuspec run --on fleet` of a job, to its end."""
        self.spec(**fields)
        return self.gpuspec("run", "job.gpu.jsonc", "--on", "fleet", "--yes", *options)

    def start(self, *options: str, **fields: Any) -> subprocess.Popen[str]:
        """The same, under way."""
        self.spec(**fields)
        words = [*LISTENING, *command("run", "job.gpu.jsonc", "--on", "fleet", "--yes", *options)]
        out = subprocess.PIPE
        return subprocess.Popen(
            words, cwd=self.work, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip

    def gpuspec(self, *arguments: str) -> tuple[int, str]:
        return gpuspec(*arguments, cwd=self.work, env=self.env)

    def runs(self) -> list[dict[str, Any]]:
        """`gpuspec ps --json`, newest first."""
        status, said = self.gpuspec("ps", "--json")
        assert status == 0, said
        found: list[dict[str, Any]] = json.loads(said[said.index("{") :])["runs"]
        return found

    def recorded(self) -> dict[str, Any]:
        """The newest row of the records, without asking its machine."""
        import sqlite3

        path = self.folder / "state" / "runs.sqlite3"
        if not path.exists():
            return {}
        connection = sqlite3.connect(path)
        connection.row_factory = sqlite3.Row
        try:
            row = connection.execute("SELECT * FROM runs ORDER BY started DESC LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            return {}
        finally:
            connection.close()
        return dict(row) if row else {}
