"""Looks after one job on a machine of the fleet: its lock, its steps, its time limit, its log, its end.

Standard library only, Python 3.8 or newer: it is sent to the machine as one file, with `redact.py` and `readiness.py`
of gpuspec beside it, and lies in the folder it keeps everything in (mode 0700). It ends the job at its time limit
whatever has become of the client. `python3 agent.pyz VERB RUN …`; answers are lines that begin with ANSWER.

One job at a time: the lock is a file that every account of the machine shares, `$GPUSPEC_FLEET_LOCK` or
/run/lock/gpuspec-fleet.lock, and goes with the process that holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

ANSWER = "gpuspec-fleet:"
FINAL = ("succeeded", "failed", "timeout", "interrupted")
MARK = "GPUSPEC_RUN_ID"
"""Every process of a job inherits it: so they are found again, whatever became of their parents."""
WAIT_SECONDS = 3600
"""How long a machine is held for a client that is still copying the workdir."""
KEEP_DAYS = 30
"""How long the log of a run that is over is kept."""

HOME = os.path.dirname(os.path.abspath(sys.argv[0]))


def answer(**what: Any) -> None:
    print(ANSWER + json.dumps(what), flush=True)


def lock_path() -> str:
    folder = "/run/lock" if os.access("/run/lock", os.W_OK) else "/tmp"
    return os.environ.get("GPUSPEC_FLEET_LOCK") or os.path.join(folder, "gpuspec-fleet.lock")


def take(path: str, shared_by_all: bool = False) -> int | None:
    """The descriptor of a lock that is now ours; None where another process has it."""
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o644 if shared_by_all else 0o600)
    except PermissionError:  # made by another account: it can still be locked
        number = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        return None
    return number


class Run:
    """One run's folder: state.json, log.txt, a lock, and the texts of its steps. No secret is in any of them."""

    def __init__(self, run_id: str) -> None:
        if not run_id.isalnum():
            raise SystemExit("not the id of a run")
        self.id = run_id
        self.folder = os.path.join(HOME, "runs", run_id)
        self.log = self.path("log.txt")

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def write(self, **changes: Any) -> None:
        state = {**self.read(), **changes}
        with open(self.path("state.json.new"), "w", encoding="utf-8") as out:
            json.dump(state, out)
        os.replace(self.path("state.json.new"), self.path("state.json"))

    def read(self) -> dict[str, Any]:
        try:
            with open(self.path("state.json"), encoding="utf-8") as text:
                state: dict[str, Any] = json.load(text)
                return state
        except (OSError, ValueError):
            return {}

    def over(self) -> bool:
        """Whether nobody looks after it (any more)."""
        if not os.path.isdir(self.folder):
            return True
        number = take(self.path("lock"))
        if number is None:
            return False
        os.close(number)
        return True

    def status(self) -> dict[str, Any]:
        """What is known of it; state "lost" where its end was not written down, "unknown" where it never was here."""
        over = self.over()
        state = self.read()
        if not state:
            return {"state": "unknown"}
        if over and state["state"] not in FINAL:
            left = len(marked(self.id))
            state["message"] = "the process that looked after it is gone (was the machine restarted?)"
            state["message"] += f"; {left} of its processes still run" if left else ""
            state["state"] = "lost"
        state["ago"] = max(0.0, time.time() - state.get("ended", time.time()))
        return state


def marked(run_id: str) -> list[int]:
    """Processes that carry the run's mark."""
    wanted, found = f"{MARK}={run_id}".encode(), []
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as environment:
                if wanted in environment.read().split(b"\0"):
                    found.append(int(name))
    return found


def end(run_id: str, grace: float) -> None:
    """TERM to all that a run started, KILL to what is left after `grace` seconds."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience
        told: set[int] = set()
        while time.monotonic() < deadline:
            left = marked(run_id)
            if not left:
                return
            for pid in left:
                if (
                    pid not in told or number == signal.SIGKILL
                ):  # a second TERM means "at once" to many programs
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
            told |= set(left)
            time.sleep(0.02)


def hold(run: Run) -> int:
    """Take the machine for the job that comes on standard input, let its files be copied, and start it at "go"."""
    job = json.loads(sys.stdin.buffer.readline())
    machine = take(lock_path(), shared_by_all=True)
    if machine is None:
        with contextlib.suppress(OSError, ValueError), open(lock_path(), encoding="utf-8") as text:
            answer(busy=json.load(text))
            return 0
        answer(busy={})
        return 0
    with contextlib.suppress(OSError):  # the lock of another account cannot be written, and need not be
        os.truncate(machine, 0)
        os.write(machine, json.dumps({"who": job["who"], "run": run.id, "name": job["name"]}).encode())
    forget_old()
    os.makedirs(run.folder, mode=0o700, exist_ok=True)
    own = take(run.path("lock"))
    if own is None:
        answer(busy={"who": job["who"], "run": run.id, "name": job["name"]})
        return 0
    workdir = os.path.join(HOME, "work", job["key"])
    if job["fresh"]:
        shutil.rmtree(workdir, ignore_errors=True)
    os.makedirs(workdir, mode=0o700, exist_ok=True)
    run.write(state="starting", workdir=workdir, pid=os.getpid())
    answer(workdir=workdir)
    ready, _, _ = select.select([sys.stdin], [], [], WAIT_SECONDS)
    if not ready or sys.stdin.buffer.readline() != b"go\n":
        run.write(
            state="interrupted", message="the client went away before the job was started", ended=time.time()
        )
        return 1
    secrets = job.pop("secrets")
    for name, _, text in job["steps"]:
        with open(run.path(name + ".sh"), "w", encoding="utf-8") as out:
            out.write(text)
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            detach()
            Supervisor(run, job, secrets, workdir, writing).run()
        finally:
            os._exit(0)
    os.close(writing)
    os.read(reading, 1)  # until the job is looked after
    answer(started=True)
    return 0


def detach() -> None:
    """From here on the process needs nobody: no session, no terminal, no connection."""
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def forget_old() -> None:
    """Remove the folders of runs that ended long ago."""
    runs = os.path.join(HOME, "runs")
    for name in os.listdir(runs) if os.path.isdir(runs) else ():
        ended = Run(name).read().get("ended")
        if ended is not None and time.time() - ended > KEEP_DAYS * 86400:
            shutil.rmtree(os.path.join(runs, name), ignore_errors=True)


class Supervisor:
    """Runs the steps of a job one after the other. `started` is closed once the job is looked after."""

    def __init__(
        self, run: Run, job: dict[str, Any], secrets: dict[str, str], workdir: str, started: int
    ) -> None:
        self.run_ = run
        self.job = job
        self.secrets = secrets
        self.workdir = workdir
        self.started = started
        self.began = time.monotonic()
        self.stopped = False
        self.environment = {**os.environ, **job["env"], **secrets, MARK: run.id, "PYTHONUNBUFFERED": "1"}
        self.log = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.reading, self.writing = os.pipe()

    def run(self) -> None:
        """From the first step to the last word in state.json."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.run_.write(state="setup", pid=os.getpid())
        os.close(self.started)
        pump = threading.Thread(target=self._pump)
        pump.start()
        try:
            state, code, message = self._steps()
        except Exception as error:  # whatever it is: nothing is left behind, and it is said
            state, code, message = "failed", None, f"{type(error).__name__}: {error}"
        end(self.run_.id, 2.0)
        os.close(self.writing)
        pump.join()
        if message:
            self._say(message)
        self.run_.write(state=state, exit_code=code, message=message, ended=time.time())

    def _stop(self, *_: object) -> None:
        self.stopped = True

    def _pump(self) -> None:
        """What the steps write → secrets masked → log."""
        from redact import Redactor  # type: ignore[import-not-found]  # beside this file on the machine

        redactor = Redactor(self.secrets.values())
        for block in iter(lambda: os.read(self.reading, 1 << 16), b""):
            self._write(redactor.feed(block))
        self._write(redactor.rest())

    def _write(self, text: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk costs the log, never the job
            os.write(self.log, text)

    def _say(self, line: str) -> None:
        self._write(f"gpuspec: {line}\n".encode())

    def _steps(self) -> tuple[str, int | None, str]:
        """(state, exit status, message) of the end."""
        for name, state, _ in self.job["steps"]:
            self.run_.write(state=state)
            process = subprocess.Popen(
                ["bash", self.run_.path(name + ".sh")],
                cwd=self.workdir,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=self.writing,
                stderr=self.writing,
                start_new_session=True,
            )
            why = self._wait(process, self._watch() if name == "run" else None)
            if why:
                end(self.run_.id, self.job["grace"])
                process.wait()
                return why
            if process.returncode:
                code = process.returncode if process.returncode > 0 else 128 - process.returncode
                return "failed", code, f"{name} ended with exit status {code}"
        return "succeeded", 0, ""

    def _watch(self) -> Any:
        """Who asks whether the job is ready, where the spec has `readiness`."""
        wanted = self.job["readiness"]
        if not wanted:
            return None
        from readiness import Watch, ask_here  # type: ignore[import-not-found]  # beside this file on the machine

        watch = Watch(wanted, lambda: ask_here(wanted, self.workdir, self.environment), self._say)
        watch.start()
        return watch

    def _wait(self, process: subprocess.Popen[bytes], watch: Any) -> tuple[str, int, str] | None:
        """None when the step ended by itself, else why it has to be ended."""
        why = self._until(process, watch)
        if watch:
            watch.over.set()
        return why

    def _until(self, process: subprocess.Popen[bytes], watch: Any) -> tuple[str, int, str] | None:
        limit = self.job["max_seconds"]
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                return None
            if self.stopped:
                return "interrupted", 130, "stopped"
            if limit is not None and time.monotonic() - self.began > limit:
                return "timeout", 124, f"ended at its time limit of {limit / 3600:g} h"
            if watch and watch.failure:
                return "failed", 1, watch.failure


def follow(run: Run, offset: int) -> int:
    """Copy the log from `offset` to standard output until the run is over."""
    if not os.path.isdir(run.folder):
        return 3
    for block in grown(run, offset):
        sys.stdout.buffer.write(block)
        sys.stdout.flush()
    return 0


def grown(run: Run, offset: int) -> Iterator[bytes]:
    while True:
        over = run.over()
        if os.path.exists(run.log):
            with open(run.log, "rb") as log:
                log.seek(offset)
                for block in iter(lambda: log.read(1 << 16), b""):
                    offset += len(block)
                    yield block
        if over:
            return
        time.sleep(0.1)


def stop(run: Run) -> int:
    """End a run and say how it ended."""
    pid = run.read().get("pid")
    if pid and not run.over():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while not run.over() and time.monotonic() < deadline:
            time.sleep(0.05)
    end(run.id, 2.0)
    state = run.status()
    if state["state"] == "lost":
        run.write(state="interrupted", message="stopped; " + state["message"], ended=time.time())
    answer(**run.status())
    return 0


def main(arguments: list[str]) -> int:
    """One verb; see the module's text."""
    os.umask(0o077)
    verb, run = arguments[0], Run(arguments[1])
    if verb == "hold":
        return hold(run)
    if verb == "follow":
        return follow(run, int(arguments[2]))
    if verb == "log":
        for block in grown(run, 0) if run.over() else [_now(run)]:
            sys.stdout.buffer.write(block)
        return 0
    if verb == "stop":
        return stop(run)
    answer(**run.status())
    return 0


def _now(run: Run) -> bytes:
    with contextlib.suppress(OSError), open(run.log, "rb") as log:
        return log.read()
    return b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
