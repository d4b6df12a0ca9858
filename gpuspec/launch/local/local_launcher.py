"""The local launcher: downloads, setup and run of a job on this machine, in its own workdir.

In place, because that surprises least: what the command reads and writes is where it would be without
gpuspec, no data set is copied, and nothing of the author's is ever deleted. So outputs need no syncing here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.bash_steps import items_wanted
from gpuspec.launch.checks import check_job
from gpuspec.launch.downloads import download_manifest, downloader_zip
from gpuspec.launch.interrupts import ASKED_TO_END, handled
from gpuspec.launch.launcher import FINAL, Outcome, Record, Run, RunSettings, Stray
from gpuspec.launch.local.inherited import not_in_secrets
from gpuspec.launch.local.nvml import require_gpu, wants_gpu
from gpuspec.launch.local.processes import end, marked
from gpuspec.launch.on_machine.item_runner.runner import BUSY
from gpuspec.launch.on_machine.readiness import NOT_READY, last_lines
from gpuspec.launch.program_room import require_room, require_startable, room_here
from gpuspec.launch.programs import program, python
from gpuspec.launch.records import Records, alive, log_path, record_of, run_folder, state_dir, writing_for
from gpuspec.launch.setup_steps import setup_script
from gpuspec.launch.tunnel import require_free
from gpuspec.launch.utilization import least_use
from gpuspec.planning.plan import Plan
from gpuspec.printable import one_line

GRACE_SECONDS = 10.0
"""What a job gets to save its state between TERM and KILL."""


class LocalLauncher:
    """Runs a job here; see `launcher.Launcher`."""

    name = "local"
    rents = False

    def check(self, job: Job, plan: Plan, settings: RunSettings) -> None:
        """UserError for what is missing on this machine: bash, the workdir, a secret, a GPU, a free port."""
        if not program("bash"):
            raise UserError("no-bash", "this machine has no bash", "on Windows run gpuspec inside WSL")
        check_job(job, settings)
        require_room(job, items.resolve(job, settings.workdir), room_here())
        require_startable(setup=setup_script(job), run=job.run or "")
        if not settings.allow_no_gpu:
            short = require_gpu(job, plan.need, {**os.environ, **job.env})
            if short:
                settings.say(short)
        unnamed = not_in_secrets(job, os.environ)
        if unnamed:
            settings.say(
                f"{', '.join(unnamed)}: set here, so the job has it here; `secrets` does not name it, so on a rented "
                "machine it would be missing"
            )
        for port in job.ports:
            require_free(port.port)

    def describe(self, job: Job, plan: Plan, settings: RunSettings) -> str:
        """The steps, in order, for --dry-run."""
        lines = [f"on this machine, in {settings.workdir}:"]
        lines += [f"  download  {item.strategy} {item.source}" for item in job.downloads]
        lines += [f"  setup     {line}" for text in job.setup for line in text.splitlines()]
        lines += [f"  run       {line}" for line in (job.run or "").splitlines()]
        if settings.max_hours is not None:
            lines.append(f"  ended after {settings.max_hours:g} h at the latest")
        return "\n".join(map(one_line, lines))

    def launch(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> Outcome:
        """Start the supervisor and, unless detached, show its log until the end. Ctrl-C ends the job, a
        second one at once."""
        run = record.run
        with writing_for(run.id) as folder:
            with open(os.open(os.path.join(folder, "job.json"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
                json.dump(job_file(job, settings, run.id, folder), out, indent=1)
            os.close(os.open(log_path(run.id), os.O_CREAT | os.O_WRONLY, 0o600))
        record.update(machine=folder)
        supervisor = _start(settings, folder)
        if settings.detach:
            return _wait_started(supervisor, run)
        with _ctrl_c_ends(supervisor, settings):
            _show(log_path(run.id), lambda: supervisor.poll() is None)
        outcome = _outcome(supervisor, run)
        if job.items is not None and outcome.exit_code == BUSY:
            raise UserError(
                "items-busy",
                outcome.message,
                "wait for it, or end it; `--resume` then does what it left",
            )
        if outcome.message.startswith(NOT_READY):
            with open(log_path(run.id), encoding="utf-8", errors="replace") as log:
                for line in last_lines(line for line in log if not line.startswith("gpuspec: ")):
                    settings.say(line)
        return outcome

    def state(self, run: Run) -> Run:
        """The run, `lost` where the process that looks after it is gone without a word."""
        run = Records().get(run.id)
        if run.state in FINAL or alive(run):
            return run
        left = len(marked(run.id))
        gone = "the process that looked after it is gone"
        return run._replace(
            state="lost",
            message=f"{gone}; {left} of its processes still run" if left else f"{gone}, and so is the job",
        )

    def logs(self, run: Run, *, follow: bool) -> int:
        """Print the log; with `follow`, until the run ends."""
        path = log_path(run.id)
        if not os.path.exists(path):
            raise UserError("no-log", f"run {run.id} wrote no log", "it ended before it started anything")
        _show(path, lambda: follow and self.state(run).state not in (*FINAL, "lost"))
        return 1 if self.state(run).state in ("failed", "timeout", "lost") else 0

    def stop(self, run: Run) -> Run:
        """End the job and everything it started."""
        run = self.state(run)
        if run.state in FINAL:
            return run
        if run.state != "lost" and run.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGTERM)
            deadline = time.monotonic() + GRACE_SECONDS + 5
            while alive(run) and time.monotonic() < deadline:
                time.sleep(0.05)
        end(run.id, grace=2.0)
        now = Records().get(run.id)
        if now.state in FINAL:
            return now
        return record_of(now).update(state="interrupted", message="stopped; " + (run.message or "by force"))

    def down(self, run: Run) -> Run:
        """As `stop`: here the machine stays."""
        return self.stop(run)

    def attach(self, run: Run, *, say: Callable[[str], None]) -> None:
        """Nothing to do: what runs here listens here."""
        ports = " ".join(f"http://localhost:{port}" for port in (run.ports or "").split())
        say(f"it runs on this machine: {ports or 'it has no ports'}; `gpuspec logs -f {run.id}` follows it")

    def strays(self) -> tuple[Stray, ...]:
        """None: whatever a run left here is found by its record."""
        return ()

    def remove(self, machine: str) -> None:
        """UserError: there is no machine to take away."""
        raise UserError(
            "unknown-run", f"there is no machine {machine!r} here", "`gpuspec ps --all` lists runs"
        )


def job_file(job: Job, settings: RunSettings, run_id: str, folder: str) -> dict[str, Any]:
    """What the supervisor reads. Names of secrets only: their values travel in its environment."""
    steps: list[dict[str, Any]] = []
    if job.downloads:
        packed, wanted = os.path.join(folder, "fetch.pyz"), os.path.join(folder, "manifest.json")
        with open(packed, "wb") as out:
            out.write(downloader_zip())
        with open(wanted, "w", encoding="utf-8") as text:
            json.dump(download_manifest(job.downloads), text)
        # Not `-I`: huggingface_hub may be one of the user's own packages. The first place for modules is the program.
        fetch = [sys.executable, "-E", packed, wanted, "--root", settings.workdir]
        steps.append({"name": "download", "state": "setup", "argv": fetch})
    if job.setup:
        steps.append({"name": "setup", "state": "setup", "argv": ["bash", "-c", setup_script(job)]})
    each = items_wanted(job, settings)
    run = items.local_command(each, folder) if each else ["bash", "-c", job.run or ""]
    steps.append({"name": "run", "state": "running", "argv": run, "items": each is not None})
    ready, least = job.readiness, least_use(job)
    return {
        "id": run_id,
        "workdir": settings.workdir,
        "env": dict(job.env),
        "steps": steps,
        "readiness": ready._asdict() if ready and (ready.http or ready.command) else None,
        "secrets": list(job.secrets),
        "gpu": wants_gpu(job),
        "least_use": least._asdict() if least else None,
        "outputs": list(job.outputs) if settings.outputs else [],
        "max_seconds": None if settings.max_hours is None else settings.max_hours * 3600,
        "grace": GRACE_SECONDS,
        "detached": settings.detach,
    }


def _start(settings: RunSettings, folder: str) -> subprocess.Popen[bytes]:
    code = "from gpuspec.launch.local.supervisor import main; main(sys.argv[1])"
    environment = dict(os.environ)
    if environment.get("GPUSPEC_STATE_DIR"):  # it may be relative to where we are
        environment["GPUSPEC_STATE_DIR"] = state_dir()
    with open(os.path.join(folder, "supervisor.txt"), "wb") as trouble:
        return subprocess.Popen(
            python(code, folder),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if settings.detach else subprocess.PIPE,
            stdout=trouble,
            stderr=trouble,
            start_new_session=True,
        )


def _wait_started(supervisor: subprocess.Popen[bytes], run: Run) -> Outcome:
    """Until the supervisor has taken over the record: from then on the run needs us no more."""
    while supervisor.poll() is None:
        if Records().get(run.id).pid == supervisor.pid:
            return Outcome(
                "running", None, f"`gpuspec logs -f {run.id}` shows it, `gpuspec stop {run.id}` ends it"
            )
        time.sleep(0.02)
    return _outcome(supervisor, run)


def _outcome(supervisor: subprocess.Popen[bytes], run: Run) -> Outcome:
    supervisor.wait()
    now = Records().get(run.id)
    if now.state not in FINAL:
        end(run.id, grace=2.0)
        said = os.path.join(run_folder(run.id), "supervisor.txt")
        with open(said, encoding="utf-8", errors="replace") as text:
            last = (text.read().strip().splitlines() or [f"exit status {supervisor.returncode}"])[-1]
        now = record_of(now).update(state="failed", message=f"the process that looked after it died: {last}")
    return Outcome(now.state, now.exit_code, now.message)


def _show(path: str, more: Any) -> None:
    """Copy a growing file to stdout until `more()` is False and all is shown."""
    with open(path, "rb") as log:
        going = True
        while going:
            going = more()
            while block := log.read(1 << 16):
                sys.stdout.buffer.write(block)
            sys.stdout.flush()
            if going:
                time.sleep(0.05)


@contextlib.contextmanager
def _ctrl_c_ends(supervisor: subprocess.Popen[bytes], settings: RunSettings) -> Iterator[None]:
    """While open, Ctrl-C (or a TERM, or the terminal's end) ends the job, and a second one at once."""
    pressed = 0

    def stop(*_: object) -> None:
        nonlocal pressed
        pressed += 1
        if pressed == 1:
            settings.say(f"stopping (up to {GRACE_SECONDS:.0f} s; Ctrl-C again to kill)")
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGTERM)

    with handled(stop, *ASKED_TO_END):
        yield
