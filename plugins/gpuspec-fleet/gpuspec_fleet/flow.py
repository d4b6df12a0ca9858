"""One job on its way to a machine of the fleet and back, with the record true at every step."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from getpass import getuser
from typing import Any

from gpuspec import Job, Plan, UserError
from gpuspec.launch import (
    Outcome,
    Record,
    RunSettings,
    State,
    Tunnel,
    interruptible,
    outputs_of,
    run_folder,
    steps_of,
)
from gpuspec_fleet.agent import FINAL
from gpuspec_fleet.fleet import Machine
from gpuspec_fleet.ssh import Remote, Unreachable, answered, remember

GRACE_SECONDS = 10.0
"""What a job gets to save its state between TERM and KILL."""

TRIES = 5
"""How often in a row a log that was cut off is asked for again; each pause is twice the one before."""


class Held:
    """A machine that is ours while this connection lasts, until `go` gives it to the job."""

    def __init__(self, remote: Remote, run_id: str, job: dict[str, Any]) -> None:
        # Through a login shell: the job finds what a person finds who logs in.
        inner = f"exec python3 {remote.agent} hold {run_id}"
        command = [*remote.ssh(), f"exec bash --login -c '{inner}'"]
        self.remote = remote
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        # On standard input: what it holds must stand in no command line, and in no file.
        told = self._say(json.dumps(job))
        self.busy = told.get("busy")
        self.workdir: str = told.get("workdir", "")

    def go(self) -> None:
        """Start the job. It needs this connection no more."""
        if not self._say("go").get("started"):
            raise Unreachable(self.remote.machine, "the job was not started")
        self.process.wait()

    def release(self) -> None:
        """Give the machine back."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()

    def _say(self, line: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        for heard in self.process.stdout:
            if told := answered(heard):
                return told
        trouble = self.process.stderr.read().strip().splitlines() if self.process.stderr else []
        self.process.wait()
        raise Unreachable(self.remote.machine, trouble[-1] if trouble else "it hung up")


class Launch:
    """One job on its way. `remote` is None until a machine is ours."""

    def __init__(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> None:
        self.job = job
        self.plan = plan
        self.settings = settings
        self.record = record
        self.remote: Remote | None = None
        self.workdir = ""

    def run(self, machines: list[tuple[Machine, float]]) -> Outcome:
        """Copy, run, follow, bring back. Whatever goes wrong, the record says where the job may still run."""
        try:
            with interruptible():
                held = self._hold(machines)
                try:
                    self.settings.say(f"copying {self.settings.workdir} to {held.remote.machine.name}")
                    held.remote.upload(self.settings.workdir, held.workdir)
                    self.record.update(state="setup")
                    held.go()
                finally:
                    held.release()
                if self.settings.detach:
                    self.record.update(state="running")
                    name, run_id = held.remote.machine.name, self.record.run.id
                    return Outcome(
                        "running", None, f"running on {name}; `gpuspec logs -f {run_id}` follows it"
                    )
                return self._follow(held.remote)
        except KeyboardInterrupt:
            return self._stop()

    def _hold(self, machines: list[tuple[Machine, float]]) -> Held:
        """The first machine that is free. UserError where none is."""
        why = []
        for machine, price in machines:
            remote = Remote(machine)
            try:
                remote.install()
                remember(run_folder(self.record.run.id), machine, "")
                self.remote = remote
                self.record.update(state="provisioning", **self._of(machine, price))
                held = Held(remote, self.record.run.id, self._job(price))
            except Unreachable as trouble:
                why.append(trouble.message)
            else:
                if held.busy is None:
                    self.workdir = held.workdir
                    remember(run_folder(self.record.run.id), machine, held.workdir)
                    self.settings.say(f"{machine.name} is free, ${price:.2f}/h")
                    return held
                held.release()
                why.append(f"{machine.name} is busy{_with(held.busy)}")
            self.settings.say(why[-1])
        self.record.update(state="failed", message="; ".join(why))
        raise UserError(
            "fleet-busy",
            f"no machine of the fleet can take the job: {'; '.join(why)}",
            "wait for one, or rent one: --on skypilot",
            status=1,
        )

    def _of(self, machine: Machine, price: float) -> dict[str, Any]:
        """What the record says of the machine."""
        offer = next(c.offer for c in self.plan.kept if c.offer.instance == machine.name)
        return {
            "machine": machine.name,
            "cloud": offer.cloud,
            "region": offer.region,
            "instance": offer.instance,
            "gpu": offer.gpu,
            "gpu_count": offer.gpu_count,
            "spot": False,
            "actual_price": price,
            "keep_alive_minutes": 0.0,  # it is yours: it goes nowhere, and the next job may have it at once
        }

    def _job(self, price: float) -> dict[str, Any]:
        texts = steps_of(self.job, self.settings, price)
        limit, ready = self.settings.max_hours, self.job.readiness
        where = f"{socket.gethostname()}\0{self.settings.workdir}"
        named = (
            ("download", "setup", texts.downloads),
            ("setup", "setup", texts.setup),
            ("run", "running", texts.run),
        )
        return {
            "name": self.record.run.name,
            "who": f"{getuser()}@{socket.gethostname()}",
            "key": hashlib.sha256(where.encode()).hexdigest()[:12],
            "fresh": self.settings.fresh,
            "env": dict(self.job.env),
            "secrets": {name: os.environ[name] for name in self.job.secrets},
            "steps": [step for step in named if step[2]],
            "readiness": ready._asdict() if ready and (ready.http or ready.command) else None,
            "max_seconds": None if limit is None else limit * 3600,
            "grace": GRACE_SECONDS,
        }

    def _follow(self, remote: Remote) -> Outcome:
        """Show the log to its end, bring the outputs back, and say how the job ended."""
        outputs = outputs_of(
            self.job,
            self.settings,
            self.record.run,
            f"{remote.machine.ssh}:{self.workdir}",
            remote.rsync_options(),
        )
        over = threading.Event()
        self.record.update(state="running")
        if outputs:
            outputs.keep_fetching(over)
        # One localhost cannot be several machines.
        ports = () if self.settings.shard else tuple(port.port for port in self.job.ports)
        tunnel = Tunnel(remote.ssh, ports, self.settings.say) if ports else None
        if tunnel:
            tunnel.start()
        try:
            self._show(remote)
        finally:
            over.set()
            if tunnel:
                tunnel.close()
        told = remote.ask("status", self.record.run.id)
        if told["state"] not in FINAL:
            message = told.get("message") or "how the job ended is not known"
            self.record.update(state="lost", message=message)
            raise UserError(
                "fleet-lost", f"{remote.machine.name}: {message}", "`gpuspec reap` clears up", status=1
            )
        trouble = ""
        if outputs:
            try:
                for line in outputs.fetch().lines():
                    self.settings.say(line)
            except UserError as error:
                trouble = f"{error.message}; what it wrote is on {remote.machine.name} in {self.workdir}"
        state: State = "failed" if trouble and told["state"] == "succeeded" else told["state"]
        message = "; ".join(part for part in (told.get("message"), trouble) if part)
        return Outcome(state, told.get("exit_code"), message)

    def _show(self, remote: Remote) -> None:
        """The log as it grows. A connection that is cut is made anew, where the log was left."""
        shown = failed = 0
        while True:
            command = remote.command("follow", self.record.run.id, str(shown))
            before = shown
            with subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as process:
                try:
                    for block in iter(lambda: process.stdout.read1(1 << 16), b""):  # type: ignore[union-attr]
                        shown += len(block)
                        sys.stdout.buffer.write(block)
                        sys.stdout.flush()
                except BaseException:
                    process.terminate()
                    raise
            if process.returncode == 0:
                return
            failed = 1 if shown > before else failed + 1
            if failed > TRIES:
                self.record.update(message=f"{remote.machine.name} does not answer")
                raise UserError(
                    "fleet-unreachable",
                    f"{remote.machine.name} does not answer; the job goes on there, to its time limit",
                    f"`gpuspec ps` asks again, `gpuspec logs -f {self.record.run.id}` follows it",
                    status=1,
                )
            time.sleep(2**failed)

    def _stop(self) -> Outcome:
        """End the job because its client is ended; results so far come back."""
        if self.remote is None:
            return Outcome("interrupted", None, "stopped before a machine was asked")
        self.settings.say(f"stopping the job on {self.remote.machine.name}")
        run_id = self.record.run.id
        try:
            told = self.remote.ask("stop", run_id)
        except UserError as error:
            self.record.update(message=f"it was to be stopped, and {error.message}")
            hint = f"it ends at its time limit; gpuspec stop {run_id}"
            raise UserError(
                "left-running", f"{error.message}: the job may go on there", hint, status=1
            ) from error
        with contextlib.suppress(UserError):
            outputs = self.workdir and outputs_of(
                self.job,
                self.settings,
                self.record.run,
                f"{self.remote.machine.ssh}:{self.workdir}",
                self.remote.rsync_options(),
            )
            if outputs:
                outputs.fetch(timeout=60)
        return Outcome("interrupted", told.get("exit_code"), "stopped; nothing of it is left running")


def _with(busy: dict[str, str]) -> str:
    return f" with {busy['name']} of {busy['who']} (run {busy['run']})" if busy else ""
