"""While a job runs: the way to its machine by ssh, its ports on this machine, and the wait until it is ready."""

from __future__ import annotations

import shlex
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.launcher import RunSettings
from gpuspec.launch.on_machine.readiness import (
    Unreachable,
    Watch,
    ask_command,
    ask_http,
    last_lines,
    patience,
)
from gpuspec.launch.programs import program
from gpuspec.launch.skypilot.client import Client, ssh_settings
from gpuspec.launch.skypilot.follow_log import follow_to_end
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.tunnel import Tunnel

SSH_FAILED = 255
"""ssh's exit status where it is the connection that failed."""


def forwarded_ports(job: Job, settings: RunSettings) -> tuple[int, ...]:
    """The ports that a launch forwards: `ports`, and that of this machine which `readiness` asks. None for one part
    of many: one localhost cannot be several machines. None with --detach, unless they are needed to see that the job
    is ready."""
    if settings.shard is not None or (settings.detach and job.readiness is None):
        return ()
    found = [port.port for port in job.ports]
    if job.readiness and job.readiness.http:
        address = urllib.parse.urlsplit(job.readiness.http)
        if address.hostname in ("localhost", "127.0.0.1", "::1"):
            found.append(address.port or (443 if address.scheme == "https" else 80))
    return tuple(dict.fromkeys(found))


def ssh(machine: str, *options: str) -> list[str]:
    """The words that reach a machine by ssh, with SkyPilot's own settings. Never through a connection that SkyPilot
    keeps open: ports forwarded by that one would stay after us."""
    alone = ["ControlMaster=no", "ControlPath=none", "BatchMode=yes", "ConnectTimeout=10"]
    alive = ["ServerAliveInterval=5", "ServerAliveCountMax=3"]
    return [
        program("ssh") or "/usr/bin/ssh",
        "-F",
        ssh_settings(machine),
        *(w for each in (*alone, *alive) for w in ("-o", each)),
        *options,
        machine,
    ]


def asked_there(job: Job, workdir: str) -> str:
    """The one argument of ssh that asks the readiness command of a job, with the job's variables."""
    assert job.readiness
    assert job.readiness.command
    words = ["env", *(f"{name}={value}" for name, value in job.env.items()), *job.readiness.command]
    inside = f"{workdir} && exec {shlex.join(words)}"
    return f"bash --login -c {shlex.quote(inside)}"


class PortsAndReadiness:
    """Ports are forwarded and readiness is awaited from `start` to `close`. `settled` is set once the job is ready,
    or failed to be: then `failure` says why, and `end_job` was called. `workdir` is the shell text that
    changes to the job's folder on the machine."""

    def __init__(
        self,
        job: Job,
        settings: RunSettings,
        *,
        machine: str,
        workdir: str,
        log: JobLog,
        end_job: Callable[[], None],
    ) -> None:
        self.job = job
        self.say = settings.say
        self.machine = machine
        self.workdir = workdir
        self.log = log
        self.end_job = end_job
        self.failure = ""
        self.settled = threading.Event()
        self._over = threading.Event()
        self._watch: Watch | None = None
        here = forwarded_ports(job, settings)
        self._tunnel = Tunnel(partial(ssh, machine), here, settings.say) if here else None
        self._awaited = settings.shard is None and job.readiness is not None

    def start(self) -> None:
        """Begin; the wait for readiness begins when the job's command does."""
        if self._tunnel:
            self._tunnel.start()
        if self._awaited:
            threading.Thread(target=self._await, daemon=True).start()

    def close(self) -> None:
        """Forward and wait no longer."""
        self._over.set()
        if self._watch:
            self._watch.over.set()
        if self._tunnel:
            self._tunnel.close()

    def _await(self) -> None:
        assert self.job.readiness
        while not self.log.command_began.wait(0.1):  # downloads and setup are not its time
            if self._over.is_set():
                return
        wanted = self.job.readiness._asdict()
        self._watch = Watch(wanted, lambda: self._ask(wanted), self.say)
        if self._over.is_set():
            return
        self._watch.run()
        if self._watch.failure:
            self._fail(self._watch.failure)
        if self._watch.failure or self._watch.ready:
            self.settled.set()

    def _fail(self, why: str) -> None:
        self.failure = why
        for line in last_lines(self.log.tail):
            self.say(line)
        self.say(f"{why}: ending the job")
        try:
            self.end_job()
        except UserError as error:
            self.failure = f"{why}; ending the job failed ({error.message}): its own limit and timer end it"

    def _ask(self, wanted: Mapping[str, Any]) -> str | None:
        if wanted["http"]:
            if self._tunnel and not self._tunnel.up.is_set():
                raise Unreachable(self._tunnel.trouble or "connecting to the machine")
            return ask_http(wanted["http"], patience(wanted))
        trouble = ask_command([*ssh(self.machine), asked_there(self.job, self.workdir)], patience(wanted))
        if trouble == f"exit status {SSH_FAILED}":
            raise Unreachable("ssh does not reach the machine")
        return trouble


def wait_until_ready(client: Client, number: int | None, readiness: PortsAndReadiness) -> int | None:
    """Wait until the job is ready, or failed to be; SkyPilot's code for one that ended before. UserError where that
    is not known."""
    ended: list[int | UserError] = []

    def follow() -> None:
        try:
            machine, log = readiness.machine, readiness.log
            ended.append(follow_to_end(client, machine, number, log=log, say=readiness.say))
        except UserError as error:
            ended.append(error)

    following = threading.Thread(target=follow, daemon=True)
    following.start()
    try:
        readiness.start()
        while not readiness.settled.wait(0.1) and following.is_alive():
            pass
    finally:
        readiness.close()
    if readiness.settled.is_set() or not ended:
        return None
    if isinstance(ended[0], UserError):
        raise ended[0]
    return ended[0]
