"""The process that looks after one local run: its steps, its time limit, its log, its record, its end.

It is apart from the client so that the limit holds and nothing is left behind, whatever becomes of the
client. A foreground client holds the other end of stdin: when that closes, the job is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.alert_watch import AlertWatch, wanted
from gpuspec.launch.launcher import State
from gpuspec.launch.local.inherited import masked_here
from gpuspec.launch.local.machine_use import MachineUse
from gpuspec.launch.local.processes import MARK, adopt_orphans, end, reap_adopted
from gpuspec.launch.on_machine.item_runner.runner import BUSY, REFUSED
from gpuspec.launch.on_machine.readiness import Watch, ask_here
from gpuspec.launch.on_machine.redact import Redactor
from gpuspec.launch.outputs import missing
from gpuspec.launch.programs import required_program
from gpuspec.launch.records import Records, log_path, record_of
from gpuspec.launch.utilization import ended_for_it
from gpuspec.printable import one_line

PUMP_SECONDS = 5.0
"""How long the log is still read once the job and all that it started are ended: what holds it open then is out of
our reach."""


OURS = "gpuspec: "
"""What a line of our own in the log begins with."""


class Supervisor:
    """Runs the steps of `job` (see `local_launcher.job_file`) one after the other."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.record = record_of(Records().get(job["id"]))
        self.began = time.monotonic()
        self.signals = 0
        self.orphaned = False
        # Only the steps carry the mark: what ends the run must not end its supervisor.
        self.environment = {**os.environ, **job["env"], MARK: job["id"], "PYTHONUNBUFFERED": "1"}
        self.log = open(log_path(job["id"]), "ab", buffering=0)  # noqa: SIM115
        self.redactor = Redactor(masked_here(job["secrets"], os.environ))
        self.reading, self.writing = os.pipe()
        self.pump = threading.Thread(target=self._pump, daemon=True)

    def say(self, line: str) -> None:
        """A line of our own in the log."""
        self._write(f"{OURS}{one_line(self.redactor.masked(line))}\n".encode())

    def _write(self, text: bytes) -> None:
        # A full disk costs the log, never the job: what nobody reads from its pipe would stop it.
        with contextlib.suppress(OSError):
            self.log.write(text)

    def run(self) -> None:
        """Everything from the first step to the final state in the record."""
        adopt_orphans()
        self.record.update(pid=os.getpid())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._count_signal)
        if not self.job["detached"]:
            threading.Thread(target=self._watch_client, daemon=True).start()
        self.pump.start()
        self.use = MachineUse(
            self.environment,
            gpu=self.job["gpu"],
            wanted=self.job["least_use"],
            say=self.say,
            note=self._note,
        )
        try:
            state, code, message = self._steps()
        finally:  # also where the record could not be written: nothing is left behind
            self._end(grace=2.0)
            os.close(self.writing)
            self.pump.join(PUMP_SECONDS)
        ended: dict[str, Any] = {"state": state, "exit_code": code}
        try:
            message += self._why() if state == "failed" else ""
            self._last_words(state, message)
            ended["message"] = self.redactor.masked(message)
            ended.update(self.use.end())
        finally:  # whatever goes wrong with what is said of it, the result is noted
            self.record.update(**ended)

    def _note(self, **fields: Any) -> None:
        with contextlib.suppress(UserError):  # a full disk: the job matters more
            self.record.update(**fields)

    def _last_words(self, state: State, message: str) -> None:
        if self.pump.is_alive():
            self.say("a process that could not be ended still holds the log open; it is read no more")
        if message:
            self.say(message)
        if state == "succeeded":
            for pattern in missing(self.job["workdir"], self.job["outputs"]):
                self.say(f"outputs: nothing was written to {pattern}")

    def _why(self) -> str:
        """What the setup or a download said of its failure: the last line of the log, where it is one of ours."""
        if self.record.run.state != "setup":
            return ""
        with open(log_path(self.job["id"]), "rb") as log:
            log.seek(max(0, os.path.getsize(log.name) - 1000))
            last = log.read().decode("utf-8", "replace").strip().split("\n")[-1]
        told = next(
            (last[len(begins) :] for begins in (OURS, "download: error: ") if last.startswith(begins)), ""
        )
        return f": {told}" if told else ""

    def _end(self, grace: float, group: int | None = None) -> None:
        end(
            self.job["id"],
            grace=grace,
            group=group,
            supervisor=os.getpid(),
            hurry=lambda: self.signals > 1,
        )

    def _count_signal(self, number: int, frame: object) -> None:
        self.signals += 1

    def _watch_client(self) -> None:
        while os.read(0, 64):
            pass
        self.orphaned = True

    def _pump(self) -> None:
        """Steps → secrets masked → log."""
        while block := os.read(self.reading, 1 << 16):
            self._write(self.redactor.feed(block))
        self._write(self.redactor.rest())

    def _steps(self) -> tuple[State, int | None, str]:
        """Final state, exit code and message."""
        for step in self.job["steps"]:
            self.record.update(state=step["state"])
            if step["name"] == "run":
                self.use.command_begins()
            try:
                process = subprocess.Popen(
                    step["argv"],
                    executable=required_program(step["argv"][0]),
                    cwd=self.job["workdir"],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=self.writing,
                    stderr=self.writing,
                    start_new_session=True,
                )
            except OSError as error:
                return "failed", None, f"{step['name']} could not start: {error.strerror}"
            ended = self._wait(process, step)
            if ended:
                self._end(grace=self.job["grace"], group=process.pid)
                process.wait()
                return ended
            if process.returncode:
                code = process.returncode if process.returncode > 0 else 128 - process.returncode
                if step.get("items") and code == BUSY:
                    return "failed", code, f"refused: another run {REFUSED}"
                return "failed", code, f"{step['name']} ended with exit status {code}"
        return "succeeded", 0, ""

    def _wait(self, process: subprocess.Popen[bytes], step: dict[str, Any]) -> tuple[State, int, str] | None:
        """None when the step ended by itself, else why it has to be ended: state, exit status, message."""
        watch = None
        if step["name"] == "run" and self.job["readiness"]:
            wanted = self.job["readiness"]
            watch = Watch(wanted, lambda: ask_here(wanted, self.job["workdir"], self.environment), self.say)
            watch.start()
        limit = self.job["max_seconds"]
        try:
            while True:
                try:
                    process.wait(0.2)
                    return None
                except subprocess.TimeoutExpired:
                    reap_adopted(process.pid)
                if self.signals:
                    return "interrupted", 130, "stopped"
                if self.orphaned:
                    return "interrupted", 130, "stopped, because the gpuspec that started it is gone"
                if limit is not None and time.monotonic() - self.began > limit:
                    return "timeout", 124, f"ended at its time limit of {limit / 3600:g} h"
                if self.use.ended:
                    return "failed", 1, ended_for_it(self.use.ended)
                if watch and watch.failure:
                    return "failed", 1, watch.failure
        finally:
            if watch:
                watch.over.set()


def main(folder: str) -> None:
    """Look after the run whose job file lies in `folder`."""
    with open(os.path.join(folder, "job.json"), encoding="utf-8") as text:
        job = json.load(text)
    supervisor = Supervisor(job)
    run = supervisor.record.run
    with AlertWatch(run.id, supervisor.say, wanted=wanted(run)):
        supervisor.run()
