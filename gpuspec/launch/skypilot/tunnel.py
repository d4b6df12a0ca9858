"""A rented machine's ports on this machine's localhost, through ssh with SkyPilot's own settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence

from gpuspec.errors import UserError

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try to connect again, and from then on the last."""


def ssh(machine: str, *options: str) -> list[str]:
    """The words that reach a machine by ssh. Never through a connection that SkyPilot keeps open: ports forwarded by
    that one would stay after us."""
    settings = os.path.expanduser(f"~/.sky/generated/ssh/{machine}")
    alone = ["ControlMaster=no", "ControlPath=none", "BatchMode=yes", "ConnectTimeout=10"]
    alive = ["ServerAliveInterval=5", "ServerAliveCountMax=3"]
    return ["ssh", "-F", settings, *(w for each in (*alone, *alive) for w in ("-o", each)), *options, machine]


class Tunnel(threading.Thread):
    """Forwards `ports` until `close`, and connects again where that breaks. `up` is set while they answer here;
    `trouble` is why they do not. `patience` is for how many seconds it is tried before `gave_up`; None: for ever."""

    def __init__(
        self,
        machine: str,
        ports: Sequence[int],
        say: Callable[[str], None],
        patience: float | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.machine = machine
        self.ports = ports
        self.say = say
        self.patience = patience
        self.up = threading.Event()
        self.gave_up = threading.Event()
        self.trouble = ""
        self._over = threading.Event()
        self._ssh: subprocess.Popen[str] | None = None
        if shutil.which("ssh") is None:
            raise UserError("not-forwarded", "this machine has no ssh", "install OpenSSH's client")

    def run(self) -> None:
        """Connect, and again."""
        lost = time.monotonic()
        tries = 0
        while not self._over.is_set():
            began = time.monotonic()
            if self._connect():
                lost, tries = time.monotonic(), 0
            if self._over.is_set():
                return
            if self.patience is not None and time.monotonic() - lost > self.patience:
                self.gave_up.set()
                return
            if tries == 0:
                self.say(f"ports are not forwarded ({self.trouble}); trying again …")
            self._over.wait(max(0.0, PAUSES[min(tries, len(PAUSES) - 1)] - (time.monotonic() - began)))
            tries += 1

    def close(self) -> None:
        """Forward no longer."""
        self._over.set()
        if self._ssh is not None and self._ssh.poll() is None:
            self._ssh.terminate()

    def _connect(self) -> bool:
        """One ssh from its start to its end; whether the ports answered in between."""
        forwards = [word for port in self.ports for word in ("-L", f"127.0.0.1:{port}:localhost:{port}")]
        # `cat` ends with us, also when we are killed, and ssh with it; the word before it says that all is up.
        command = [*ssh(self.machine, "-o", "ExitOnForwardFailure=yes", *forwards), "echo up; exec cat"]
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            with subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to answer
            ) as self._ssh:
                if self._over.is_set():  # closed meanwhile
                    self._ssh.terminate()
                assert self._ssh.stdout
                connected = bool(self._ssh.stdout.readline())
                if connected:
                    self.up.set()
                    addresses = ", ".join(f"http://localhost:{port}" for port in self.ports)
                    self.say(f"forwarded{' again' if self.trouble else ''}: {addresses}")
                self._ssh.wait()
            self.up.clear()
            said.seek(0)
            lines = [line for line in said.read().splitlines() if not line.startswith("channel ")]
            self.trouble = lines[-1].strip() if lines else "the connection ended"
        return connected
