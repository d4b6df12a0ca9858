"""Asking a machine of the fleet: ssh, rsync and the agent that lies there (agent.py)."""

from __future__ import annotations

import functools
import hashlib
import inspect
import io
import json
import os
import shlex
import subprocess
import zipfile
from typing import Any

from gpuspec import UserError
from gpuspec.launch import Redactor, Watch
from gpuspec_fleet import agent
from gpuspec_fleet.fleet import Machine

FOLDER = ".gpuspec-fleet"
"""In the home of the account on the machine."""

OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15",
           "-o", "ServerAliveCountMax=4", "-o", "ControlPath=none")  # fmt: skip
"""Nobody can be asked for a password here; a connection that was cut without a word is given up after a minute."""


@functools.lru_cache(maxsize=1)
def bundle() -> bytes:
    """The agent as one file for python3; the same bytes every time."""
    files = {
        "__main__.py": "import sys\nfrom agent import main\nsys.exit(main(sys.argv[1:]))\n",
        "agent.py": inspect.getsource(agent),
        "readiness.py": inspect.getsource(inspect.getmodule(Watch) or Watch),
        "redact.py": inspect.getsource(inspect.getmodule(Redactor) or Redactor),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


class Unreachable(UserError):
    """The machine does not answer, or not as it should."""

    def __init__(self, machine: Machine, why: str) -> None:
        hint = f"`ssh {machine.ssh} true` must work without a question"
        super().__init__("fleet-unreachable", f"{machine.name} ({machine.ssh}): {why}", hint)


class Remote:
    """One machine, through ssh."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.agent = f"{FOLDER}/agent-{hashlib.sha256(bundle()).hexdigest()[:12]}.pyz"

    def ssh(self, *options: str) -> list[str]:
        """The ssh command, as far as the machine's name."""
        config = ["-F", self.machine.config] if self.machine.config else []
        return ["ssh", *config, *OPTIONS, *options, "--", self.machine.ssh]

    def rsync_options(self) -> list[str]:
        """How rsync reaches the machine."""
        config = ["-F", self.machine.config] if self.machine.config else []
        return ["-e", shlex.join(["ssh", *config, *OPTIONS])]

    def command(self, *words: str) -> list[str]:
        """The agent with a verb and its words."""
        return [*self.ssh(), shlex.join(["python3", self.agent, *words])]

    def install(self) -> None:
        """Put the agent where it belongs. Unreachable where that cannot be."""
        new = f"{self.agent}.$$"
        put = f"umask 077; mkdir -p {FOLDER} && cat > {new} && mv {new} {self.agent} && command -v python3 >/dev/null"
        self._run([*self.ssh(), put], bundle(), 60, "it has no python3, or no room")

    def ask(self, verb: str, run_id: str, timeout: float = 90) -> dict[str, Any]:
        """The agent's answer. Unreachable where there is none."""
        try:
            said = self._run(self.command(verb, run_id), b"", timeout, "the agent failed")
        except Unreachable as trouble:
            if "No such file" not in trouble.message and "can't open file" not in trouble.message:
                raise
            self.install()  # another version of it was there
            said = self._run(self.command(verb, run_id), b"", timeout, "the agent failed")
        return answered(said.decode(errors="replace"))

    def upload(self, workdir: str, target: str) -> None:
        """Copy the workdir, without what its .gitignore leaves out. Nothing there is removed: earlier downloads and
        results stay."""
        leave = ["--exclude=/.git/", "--exclude=/.gpuspec/", "--filter=:- .gitignore"]
        command = ["rsync", "-rlptz", *self.rsync_options(), *leave, "--", workdir + "/"]
        self._run([*command, f"{self.machine.ssh}:{target}/"], b"", None, "the workdir could not be copied")

    def _run(self, command: list[str], given: bytes, timeout: float | None, what: str) -> bytes:
        try:
            done = subprocess.run(command, input=given, capture_output=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise Unreachable(self.machine, f"no answer in {timeout:.0f} s") from error
        except FileNotFoundError as error:
            raise UserError("fleet-tools", f"this machine has no {command[0]}", "install it") from error
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise Unreachable(self.machine, lines[-1] if lines else f"{what} (exit status {done.returncode})")
        return done.stdout


def answered(text: str) -> dict[str, Any]:
    """The answer among what was printed: a login shell may greet."""
    for line in reversed(text.splitlines()):
        if line.startswith(agent.ANSWER):
            found: dict[str, Any] = json.loads(line[len(agent.ANSWER) :])
            return found
    return {}


def remembered(folder: str) -> tuple[Machine, str] | None:
    """(machine, workdir there) of a run, from the folder of its files; None where nothing was started."""
    try:
        with open(os.path.join(folder, "machine.json"), encoding="utf-8") as text:
            known = json.load(text)
    except (OSError, ValueError):
        return None
    return Machine(known["name"], known["ssh"], known["config"]), known["workdir"]


def remember(folder: str, machine: Machine, workdir: str) -> None:
    """Note where a run is: `gpuspec ps` may be called where no fleet file is."""
    path = os.path.join(folder, "machine.json")
    with open(path + ".new", "w", encoding="utf-8") as out:
        json.dump({**machine._asdict(), "workdir": workdir}, out)
    os.replace(path + ".new", path)
