"""What the clouds of one's own share: real SkyPilot and gpuspec side by side, in a home of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from . import kept_venv

REPOSITORY = Path(__file__).resolve().parents[2]


class SkyPilotStack(ABC):
    """A cloud, SkyPilot and gpuspec under one folder. `log` hears what is being done."""

    skypilot: str
    """What pip installs."""
    packages: tuple[str, ...]
    """What apt installs."""
    lock: Path
    """Held while the stack is up: others that cannot be up beside it wait for it."""
    by_hand = False
    """Up until somebody says `down`, not as long as this process lives."""

    def __init__(self, folder: str | os.PathLike[str], log: Callable[[str], None] = print) -> None:
        self.folder = Path(folder).resolve()
        self._say = log
        self._began = time.monotonic()
        self.home = self.folder / "home"
        self.venv = self.folder / "venv"
        self.prices = self.folder / "prices.csv"
        """What gpuspec is told with --prices."""
        self._held: int | None = None

    @classmethod
    def why_not(cls) -> str:
        """Why the stack cannot run on this machine; "" where it can."""
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            return "needs root on Linux"
        release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
        if "bookworm" not in release:
            return "needs Debian 12 (bookworm): the stack was made for its packages"
        missing = [package for package in cls.packages if not installed(package)]
        if missing and subprocess.run(["apt-get", "update", "-q"], capture_output=True).returncode != 0:
            return f"apt cannot be reached to install {' '.join(missing)}"
        return ""

    # -- what tests use ----------------------------------------------------------------------------

    @abstractmethod
    def api_port(self) -> int:
        """Where SkyPilot's API server listens. `sky api stop` looks for its server by this number among all
        processes of the host, so no two stacks may have the same."""

    @abstractmethod
    def machines(self) -> list[str]:
        """The machines that are up: lines that begin with the name of the cluster."""

    @abstractmethod
    def up(self) -> None:
        """Install what is missing, write every config, start the cloud and SkyPilot's API server."""

    @abstractmethod
    def down(self) -> None:
        """End all that was started."""

    def environment(self) -> dict[str, str]:
        """The environment in which gpuspec and sky find this stack and nothing of the machine's user."""
        kept = ("TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "PIP_INDEX_URL", "UV_INDEX_URL",
                "UV_DEFAULT_INDEX", "http_proxy", "https_proxy", "no_proxy")  # fmt: skip
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "HOME": str(self.home),
            "PATH": f"{self.venv}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "SKYPILOT_API_SERVER_LOCAL_PORT": str(self.api_port()),
            "SKYPILOT_DISABLE_USAGE_COLLECTION": "1",
            "GPUSPEC_STATE_DIR": str(self.home / "state"),
            "GPUSPEC_DATA_DIR": str(self.home / "data"),
        }

    def command(self, *words: str) -> list[str]:
        """The words that run a command where the stack's client lives. The process they start is the command's own:
        it may be signalled."""
        return list(words)

    def run(self, *command: str, timeout: float = 300, check: bool = True) -> str:
        """Standard output of a command in the stack's environment."""
        done = subprocess.run(
            self.command(*command),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def remove(self) -> None:
        """`down`, and the folder with it."""
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, line: str) -> None:
        """Say what is being done, with the seconds since the start."""
        self._say(f"[{time.monotonic() - self._began:4.0f} s] {line}")

    # -- up and down -------------------------------------------------------------------------------

    def hold(self, *, wait: bool = True) -> bool:
        """Take the lock; False where another has it and we do not wait."""
        held = os.open(self.lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return False
        self._held = held
        return True

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def install_packages(self) -> None:
        with open("/tmp/gpuspec-e2e-apt.lock", "w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # one stack at a time, whatever its kind
            want = [package for package in self.packages if not installed(package)]
            if want:
                self.log(f"apt-get install {' '.join(want)}")
                install(want)

    def install_python(self) -> None:
        """An environment with SkyPilot and gpuspec side by side (SkyPilot pins click<8.2)."""
        python = self.venv / "bin" / "python"
        if not python.exists():
            self.log(f"venv with {self.skypilot}")
            kept_venv.copy(self.skypilot, self.venv)
        self.log("gpuspec into the venv")
        uv = [str(self.venv / "bin" / "uv"), "pip", "install", "-q", "--python", str(python)]
        subprocess.run([*uv, "--reinstall-package", "gpuspec", str(REPOSITORY)], check=True)

    def stop_api_server(self) -> None:
        if (self.venv / "bin" / "sky").exists():
            self.run("sky", "api", "stop", timeout=90, check=False)

    def kill_api_server(self, *, alone: bool = False) -> int:
        """SIGKILL for SkyPilot's API server and all it has started. `alone`: for its first process only, as the
        kernel does when memory is short. The process group."""
        mark = f"sky.server.server --host=127.0.0.1 --port={self.api_port()}"
        shown = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True).stdout
        (server,) = (int(line.split()[0]) for line in shown.splitlines() if mark in line)
        (os.kill if alone else os.killpg)(server, signal.SIGKILL)
        return server

    def check_cloud(self, cloud: str) -> None:
        """Start the API server; it must see the cloud."""
        self.log("sky api start")
        self.run("sky", "api", "start")
        if "enabled" not in (said := self.run("sky", "check", cloud)):
            raise RuntimeError(f"SkyPilot does not see the {cloud}:\n{said}")


def installed(package: str) -> bool:
    query = ["dpkg-query", "-W", "-f=${Status}", package]
    return "install ok installed" in subprocess.run(query, capture_output=True, text=True).stdout


def install(packages: list[str]) -> None:
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:  # keeps the packages' own scripts from starting system-wide daemons
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
            done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"apt-get failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    finally:
        if ours:
            policy.unlink()


def kill(process: int) -> None:
    """End a process, politely first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            return
        if until(lambda: not Path(f"/proc/{process}").exists(), seconds=5, must=False):
            return


def until(true: Callable[[], bool], seconds: float = 30, *, must: bool = True) -> bool:
    """Wait for something to be so. Between two looks lies twice the time that one takes, up to 5 s: to ask SkyPilot
    costs seconds of processor time, which what is waited for needs itself."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if true():
            return True
        now = time.monotonic()
        if now > deadline:
            if must:
                raise RuntimeError(f"not so after {seconds} s")
            return False
        time.sleep(min(max(0.1, 2 * (now - began)), 5))


def by_hand(stack: type[SkyPilotStack]) -> None:
    """`python -m tests.e2e.…_stack up|down|remove FOLDER`."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("up", "down", "remove"):
        sys.exit(f"usage: {sys.argv[0]} up|down|remove FOLDER")
    made = stack(sys.argv[2])
    made.by_hand = True
    getattr(made, sys.argv[1])()
