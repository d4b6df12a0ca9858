"""The outputs of a managed job. Its machine goes as soon as the job is over, so the job itself waits until somebody
has fetched them (`job_script.wait_for_fetch_text`)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run
from gpuspec.launch.outputs import ACKNOWLEDGED, Outputs
from gpuspec.launch.records import run_folder
from gpuspec.launch.skypilot.client import Client
from gpuspec.launch.skypilot.controllers import Controllers, ManagedJob
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.job_script import FETCHED
from gpuspec.launch.skypilot.results import recorded_outputs

PAUSE_SECONDS = 5.0
"""Between two tries to fetch from a machine that waits."""


class ManagedOutputs:
    """Fetches while the job runs, and once more when its machine waits for that, and lets the machine go. `trouble`
    is why not all is here, "" once it is."""

    def __init__(self, outputs: Outputs, log: JobLog, say: Callable[[str], None]) -> None:
        self.outputs = outputs
        self.log = log
        self.say = say
        self.trouble = "the job is over and its outputs were not fetched"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        outputs.keep_fetching(self._over)
        self._thread.start()

    def close(self) -> None:
        """Stop. Call it when the log has ended: the machine is gone then."""
        self._over.set()
        self._thread.join()

    def _wait(self) -> None:
        while not self._over.is_set():
            if not self.log.waits_for_fetch.wait(1):
                continue
            try:
                for line in self.outputs.fetch().lines():
                    self.say(line)
                self.outputs.acknowledge(FETCHED)
                self.trouble = ""
                self.log.waits_for_fetch.clear()
            except UserError as error:
                if self.trouble != error.message:
                    self.say(f"{error.message}; the machine waits for a while, this is tried again")
                self.trouble = error.message
                self._over.wait(PAUSE_SECONDS)


def fetch_outputs(
    controllers: Client, run: Run, job: ManagedJob, *, log: JobLog, say: Callable[[str], None]
) -> ManagedOutputs | None:
    """Begin to fetch what a job writes; None where it has no outputs."""
    outputs = recorded_outputs(controllers, run, job.machine)
    return ManagedOutputs(outputs, log, say) if outputs else None


def outputs_were_lost(controllers: Controllers, run: Run, job: ManagedJob) -> bool:
    """Whether a job that is over had outputs, and its machine went before anybody had fetched them."""
    return (
        job.state in ("SUCCEEDED", "FAILED")
        and not os.path.exists(os.path.join(run_folder(run.id), ACKNOWLEDGED))
        and recorded_outputs(controllers, run, job.machine) is not None
    )
