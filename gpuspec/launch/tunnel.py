"""A machine's ports on this machine's localhost, through ssh."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run
from gpuspec.launch.on_machine.readiness import ASKS_WHO, Unreachable, Watch, ask_http, patience
from gpuspec.launch.programs import program
from gpuspec.numerals import is_digits

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try to connect again, and from then on the last."""


PATIENCE_SECONDS = 60.0
"""For how long a machine that was reached before is tried again."""

Ssh = Callable[..., list[str]]
"""Options → the words that reach the machine by ssh, as far as its name; never through a shared connection, whose
forwarded ports would stay after us."""


class Tunnel(threading.Thread):
    """Forwards `ports` until `close`, and connects again where that breaks. `up` is set while they answer here;
    `trouble` is why they do not. `patience` is for how many seconds it is tried before `gave_up`; None: for ever."""

    def __init__(
        self,
        ssh: Ssh,
        ports: Sequence[int],
        say: Callable[[str], None],
        patience: float | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.ssh = ssh
        self.ports = ports
        self.say = say
        self.patience = patience
        self.up = threading.Event()
        self.gave_up = threading.Event()
        self.trouble = ""
        self._over = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        if program("ssh") is None:
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
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _connect(self) -> bool:
        """One ssh from its start to its end; whether the ports answered in between."""
        import tempfile  # a dry run comes by here without it

        forwards = [word for port in self.ports for word in ("-L", f"127.0.0.1:{port}:localhost:{port}")]
        # `cat` ends with us, also when we are killed, and ssh with it; the word before it says that all is up.
        command = [*self.ssh("-o", "ExitOnForwardFailure=yes", *forwards), "echo up; exec cat"]
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            with subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to answer
            ) as self._process:
                if self._over.is_set():  # closed meanwhile
                    self._process.terminate()
                assert self._process.stdout
                connected = bool(self._process.stdout.readline())
                if connected:
                    self.up.set()
                    addresses = ", ".join(f"http://localhost:{port}" for port in self.ports)
                    self.say(f"forwarded{' again' if self.trouble else ''}: {addresses}")
                self._process.wait()
            self.up.clear()
            said.seek(0)
            lines = [line for line in said.read().splitlines() if not line.startswith("channel ")]
            self.trouble = lines[-1].strip() if lines else "the connection ended"
        return connected


def require_free(port: int) -> None:
    """UserError where something on this machine listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(
                "port-in-use",
                f"port {port} on this machine: {error.strerror}",
                "end what listens there (another run or `gpuspec attach`?), or change `ports` and the command",
            ) from error


def forward(run: Run, ssh: Ssh, say: Callable[[str], None]) -> None:
    """Forward the ports of a run that goes on, until Ctrl-C, and say when it is ready. UserError without ports,
    without a machine, or where ssh cannot."""
    noted = [int(port) for port in (run.ports or "").split() if is_digits(port) and len(port) < 6]
    ports = [port for port in noted if 0 < port < 65536]
    if not ports:
        raise UserError("no-ports", f"run {run.id} has no `ports`", 'add "ports": [8000] to the spec')
    if run.machine is None:
        raise UserError("machine-gone", f"run {run.id} has no machine", "`gpuspec ps` shows what runs")
    for port in ports:
        require_free(port)
    tunnel = Tunnel(ssh, ports, say, patience=0.0)
    tunnel.start()
    try:
        while not tunnel.up.wait(0.1) and not tunnel.gave_up.is_set():
            pass
        tunnel.patience = PATIENCE_SECONDS
        if run.ready and tunnel.up.is_set():
            _say_when_ready(run.ready, tunnel, say)
        tunnel.join()
    finally:
        tunnel.close()
    raise UserError(
        "not-forwarded",
        f"ssh to {run.machine} ended: {tunnel.trouble}",
        "the machine may be gone: `gpuspec ps` tells",
        status=1,
    )


def _say_when_ready(address: str, tunnel: Tunnel, say: Callable[[str], None]) -> None:
    wanted = {"http": address}

    def ask() -> str | None:
        if not tunnel.up.is_set():
            raise Unreachable(tunnel.trouble)
        trouble = ask_http(address, patience(wanted))
        if trouble == ASKS_WHO:
            say(
                f"{address} answers, and asks who you are ({ASKS_WHO}). The record of a run keeps no password, so "
                "whether it is ready is not known here: open it with those of the spec's `readiness.http`"
            )
            watch.over.set()  # no later answer would be another
        return trouble

    watch = Watch(wanted, ask, say)
    watch.start()
