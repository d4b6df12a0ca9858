"""The outputs of a managed job. Its machine goes as soon as it is over, and so waits until somebody has fetched them
(`job_script.wait_for_fetch_text`)."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run
from gpuspec.launch.outputs import ACKNOWLEDGED, Outputs
from gpuspec.launch.records import run_folder
from gpuspec.launch.skypilot.client import Client
from gpuspec.launch.skypilot.controllers import Controllers, ManagedJob, machine_of_job
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.job_script import FETCHED
from gpuspec.launch.skypilot.results import TEARDOWN_FETCH_SECONDS, outputs_of

PAUSE_SECONDS = 5.0
"""Between two tries to fetch from a machine that waits."""


class ManagedOutputs:
    """Fetches while the job runs, and once more when its machine waits for that, and lets the machine go. `trouble`
    is why not all is here, "" once it is."""

    def __init__(self, outputs: Outputs, watch: JobLog, say: Callable[[str], None]) -> None:
        self.outputs = outputs
        self.watch = watch
        self.say = say
        self.trouble = "the job is over and its outputs were not fetched"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def start(self) -> None:
        self.outputs.keep_fetching(self._over)
        self._thread.start()

    def close(self) -> None:
        """Leave off. Call it when the log has ended: the machine is gone then."""
        self._over.set()
        self._thread.join()

    def _wait(self) -> None:
        while not self._over.is_set():
            if not self.watch.held.wait(1):
                continue
            try:
                for line in self.outputs.fetch().lines():
                    self.say(line)
                self.outputs.acknowledge(FETCHED)
                self.trouble = ""
                self.watch.held.clear()
            except UserError as error:
                if self.trouble != error.message:
                    self.say(f"{error.message}; the machine waits for a while, this is tried again")
                self.trouble = error.message
                self._over.wait(PAUSE_SECONDS)


def held(
    controllers: Client, run: Run, job: ManagedJob, watch: JobLog, say: Callable[[str], None]
) -> ManagedOutputs | None:
    """Begin to fetch what a job writes; None where it has no outputs."""
    outputs = outputs_of(controllers, run, job.machine)
    if outputs is None:
        return None
    begun = ManagedOutputs(outputs, watch, say)
    begun.start()
    return begun


def bring_now(controllers: Controllers, run: Run, job: ManagedJob) -> None:
    """Fetch what a job has written before it is ended, in a minute at most; what came, or why nothing did, goes to
    standard error."""
    outputs = outputs_of(controllers, run, job.machine)
    machine = machine_of_job(controllers, job)
    if outputs is None or machine is None or not machine.up:
        return
    try:
        lines = outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS).lines()
    except UserError as error:
        lines = [f"outputs: {error.message}"]
    for line in lines:
        print(line, file=sys.stderr)


def outputs_were_lost(controllers: Controllers, run: Run, job: ManagedJob) -> bool:
    """Whether a job that is over had outputs, and its machine went before anybody had fetched them."""
    return (
        job.state in ("SUCCEEDED", "FAILED")
        and not os.path.exists(os.path.join(run_folder(run.id), ACKNOWLEDGED))
        and outputs_of(controllers, run, job.machine) is not None
    )
