"""A run as a SkyPilot managed job: its controller replaces a spot machine that is taken back, and ends the last one
as soon as the job is over. The controller lives in SkyPilot's server (`mode.py`); should that be gone, the machine's
own timer, which the controller sets and we read back, ends it."""

from __future__ import annotations

import math
import os
import re
import sys
import threading
import time
from contextlib import suppress
from typing import Any, TextIO

from gpuspec.errors import UserError
from gpuspec.launch.launcher import FINAL, Outcome, Run, State
from gpuspec.launch.records import alive, record_of
from gpuspec.launch.skypilot.client import Machine
from gpuspec.launch.skypilot.controlled_launch import ControlledLaunch
from gpuspec.launch.skypilot.controlled_run import ControlledRun
from gpuspec.launch.skypilot.controller_task import managed_job_task
from gpuspec.launch.skypilot.controllers import (
    ENDED,
    Controllers,
    ManagedJob,
    end_managed_job,
    lock_sky_folder,
    machine_of_job,
    wait_until_gone,
)
from gpuspec.launch.skypilot.follow_log import follow_to_end
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.machine_launch import outcome_of_state, with_trouble
from gpuspec.launch.skypilot.managed_outputs import ManagedOutputs, fetch_outputs, outputs_were_lost
from gpuspec.launch.skypilot.mode import consolidation_signal, durable_folder
from gpuspec.launch.skypilot.noted_use import asked_of_machine, heard_of, note_use
from gpuspec.launch.skypilot.price_check import check_machine
from gpuspec.launch.skypilot.results import TEARDOWN_FETCH_SECONDS, fetch_before_teardown
from gpuspec.launch.skypilot.standard_streams import to_stderr
from gpuspec.launch.skypilot.task import JobRecovery
from gpuspec.named_tuple import NamedTuple

POLL_SECONDS = 5.0
"""Between two questions to the controller, which itself looks at the machine every 15 s (SkyPilot 0.14.1)."""

SETTLE_SECONDS = 120.0
"""How long to wait for the controller to notice the end of a job, and then for the machine to go."""

BACKSTOP_MINUTES = 10
"""Idle minutes after which a machine goes without its controller, as SkyPilot 0.14.1 sets them for managed jobs."""

_STATES: dict[str, State] = {
    "PENDING": "provisioning",
    "SUBMITTED": "provisioning",
    "STARTING": "provisioning",
    "RECOVERING": "provisioning",
    "RUNNING": "running",
    "WINDING_DOWN": "running",
    "CANCELLING": "interrupted",
    "CANCELLED": "interrupted",
    "SUCCEEDED": "succeeded",
}
"""The controller's state of a job → the state of our run; any other is a failure."""


class ManagedJobLaunch(ControlledLaunch):
    """One managed job on its way. `seen` is the job as it was last asked for, `fault` what is wrong with a machine
    that took over."""

    outputs: ManagedOutputs | None = None
    seen: ManagedJob | None = None
    fault: UserError | None = None

    def _prepare(self, clouds: frozenset[str]) -> Any:
        if not os.path.exists(consolidation_signal()):
            raise UserError(
                "controller-elsewhere",
                "SkyPilot's server was started before its controller was to live in it, and would rent a machine",
                "sky api stop, then run this again; or give --plain",
            )
        if self.job.secrets:
            lock_sky_folder()
        run_id, fetched = self.record.run.id, self.settings.outputs and (self.job.outputs or self.job.items)
        hours = self.plan.max_hours
        recovery = JobRecovery(
            deadline=math.inf if hours is None else time.time() + hours * 3600,
            fetch_minutes=self.idle_minutes if fetched else 0,
            folder=durable_folder(self.job, run_id),
        )
        config = managed_job_task(self._task_config(clouds, recovery=recovery), self.job)
        return self._priced_task(config, self._secrets())

    def _record_fields(self) -> dict[str, Any]:
        return {
            "through": "job",
            "recoveries": 0,
            "keep_alive_minutes": BACKSTOP_MINUTES,
            "max_hours": self.plan.max_hours,
        }

    def _launch_task(self, sky_task: Any) -> Outcome:
        self.request = self.client.launch_job(sky_task, self.name)
        self.number = self.client.wait_job(self.request, JobLog(sys.stderr, sys.stderr, self.record.run))
        self._begin_items()
        self.record.update(machine_job=str(self.number))
        # The controller tries until there is a machine; the job may also end without one.
        while (job := self._refresh()).state not in ENDED and not self._check_own_machine(job):
            time.sleep(POLL_SECONDS)
        if self.settings.detach and self._refresh().state not in ENDED:
            run_id = self.record.run.id
            return Outcome("running", None, f"running as {self.name}; `gpuspec logs -f {run_id}` follows it")
        return self._follow()

    def _refresh(self) -> ManagedJob:
        """The job as it is now; what changed is said and recorded."""
        job = self.client.job(self.name)
        if job is None:
            raise UserError(
                "machine-gone", f"SkyPilot's controller knows no {self.name}", "see `sky jobs queue`"
            )
        before, self.seen = self.seen, job
        if before is None or before.state != job.state:
            said = {
                "PENDING": "waits for a machine; it tries again by itself (Ctrl-C ends it)",
                "RECOVERING": "its machine was taken back; SkyPilot gets another",
            }
            if job.state in said:
                self.settings.say(f"{self.name}: {said[job.state]}")
        if self.record.run.recoveries != job.recoveries:
            self.record.update(recoveries=job.recoveries)
        return job

    def _check_own_machine(self, job: ManagedJob) -> bool:
        """Record and check the machine the job runs on; False while there is none. UserError where it is not what was
        asked for."""
        machine = machine_of_job(self.client, job)
        if job.state != "RUNNING" or machine is None or not machine.up:
            return False
        machine = self._recorded(machine, keep_alive_minutes=machine.idle_minutes)
        wanted = machine.idle_minutes if machine.idle_minutes >= 0 else BACKSTOP_MINUTES
        check_machine(
            machine, wanted=None if self.settings.accept_no_timer else wanted, max_price=self.job.max_price
        )
        self.settings.say(
            f"{machine.summary}; goes with the job, or after {machine.idle_minutes} idle minutes"
        )
        return True

    def _follow(self) -> Outcome:
        assert self.seen is not None
        log, over = JobLog(sys.stdout, sys.stderr, self.record.run), threading.Event()
        note_use(log, self.record)
        watcher = threading.Thread(target=self._watch_machines, args=(log, over), daemon=True)
        watcher.start()
        self.outputs = fetch_outputs(self.client, self.record.run, self.seen, log=log, say=self.settings.say)
        try:
            follow_to_end(
                ManagedJobLogs(self.client), self.name, self.seen.number, log=log, say=self.settings.say
            )
        finally:
            over.set()
            log.finish()
            if self.outputs:
                self.outputs.close()
        watcher.join()
        job = self._wait_until_gone()
        self._note_measured(log)
        self.record.update(spent=self.client.spent(re.escape(job.machine)))
        if self.fault:
            raise self.fault
        ended = outcome_of_state(job.state, log)
        known = ("SUCCEEDED", "CANCELLED", "FAILED", "FAILED_SETUP")
        if job.state not in known and not log.timed_out:
            ended = Outcome("failed", None, f"SkyPilot's controller gave up ({job.state}): {job.why[:300]}")
        trouble = self.outputs.trouble if self.outputs and job.state != "FAILED_SETUP" else ""
        return with_trouble(ended, trouble)

    def _watch_machines(self, log: JobLog, over: threading.Event) -> None:
        """Keep the record true while the log is followed, and check each machine that takes over."""
        state = "RUNNING"
        while not over.wait(POLL_SECONDS):
            with suppress(UserError):  # a server that is away is noticed by the log
                job = self._refresh()
                if job.state == state:
                    continue
                log.waits_for_fetch.clear()  # that was another machine
                try:
                    checked = job.state != "RUNNING" or self._check_own_machine(job)
                except UserError as error:
                    self.fault = error
                    self.client.end_job(job.number)
                    return
                state = job.state if checked else state

    def _wait_until_gone(self) -> ManagedJob:
        """The job once its controller has noticed that it is over, and its machine is gone."""
        try:
            return wait_until_gone(self.client, self._refresh, SETTLE_SECONDS)
        except TimeoutError as error:
            raise UserError(
                "left-running",
                f"{error}. {self._what_may_run()}",
                f"gpuspec down {self.record.run.id}",
                status=1,
            ) from error

    def _take_down(self) -> None:
        self._cancel_hand_in()
        if self.outputs:
            with suppress(UserError):
                self.outputs.outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS)
        end_managed_job(self.client, self.name)

    def _what_may_run(self) -> str:
        return (
            f"{self.name} may be running; SkyPilot's controller ends its machine with the job, and the machine's "
            f"own timer {BACKSTOP_MINUTES} idle minutes after it. Look: gpuspec ps; end it: gpuspec down "
            f"{self.record.run.id} (or sky jobs cancel -n {self.name})"
        )


class ManagedJobLogs(NamedTuple):
    """A managed job's log and state, asked for as those of a job on a machine are (`follow_log.LogSource`)."""

    controllers: Controllers

    def logs(self, name: str, number: int | None, out: TextIO | JobLog, *, follow: bool) -> int:
        assert number is not None
        return self.controllers.job_log(number, out, follow=follow)

    def job_state(self, name: str, number: int) -> str | None:
        job = self.controllers.job(name)
        if job is None:
            return None
        return "FAILED" if job.state.startswith("FAILED") else job.state


class ManagedJobRun(ControlledRun[ManagedJob]):
    """The run of a managed job, asked about by a later command."""

    request = "jobs.launch"
    not_found = "SkyPilot's controller knows no such job; nothing runs under its name"
    take_down = staticmethod(end_managed_job)
    end_by_hand = "sky jobs cancel -n {name}; sky jobs queue"

    def find(self) -> ManagedJob | None:
        """The managed job."""
        return self.controllers.job(self.name)

    def state_of(self, found: ManagedJob) -> Run:
        """The run as its controller has it, kept in the record once it is over."""
        known: dict[str, Any] = {
            "state": _STATES.get(found.state, "failed"),
            "machine_job": str(found.number),
            "recoveries": found.recoveries,
            "spent": self.controllers.spent(re.escape(found.machine)),
        }
        machine = machine_of_job(self.controllers, found)
        if known["state"] in FINAL:
            return self._ended(found, machine, known)
        message = ""
        if found.state == "RECOVERING":
            message = "its machine was taken back; SkyPilot gets another"
        elif found.recoveries:
            message = f"taken back and replaced {found.recoveries} time{'s' * (found.recoveries > 1)}"
        if machine is not None and machine.up:
            known.update(actual_price=machine.paid(self.run.paid_share))
            if not alive(self.run):  # else who looks after it has it from the log
                message = self._note_use(machine.name) or message
            if machine.idle_minutes < 0 and not alive(self.run):
                message = "its machine has no timer of its own"
        return self.run._replace(**known, message=message)

    def _note_use(self, machine: str) -> str:
        """Record how much of its machine it uses; why it was ended for that, "" where it was not."""
        told = asked_of_machine(self.controllers, machine)
        why: str = told.pop("message", "")
        if told:
            self.run = record_of(self.run).update(**told)
        return why

    def _ended(self, found: ManagedJob, machine: Machine | None, known: dict[str, Any]) -> Run:
        if machine is not None and not alive(self.run):
            still = f"the job is over ({found.state}), and its machine is still there"
            why = f"{still}: its controller ends it in a minute"
            return self.run._replace(**{**known, "state": "running"}, message=why)
        message = found.why if known["state"] == "failed" else ""
        if outputs_were_lost(self.controllers, self.run, found) and not alive(self.run):
            message = "; ".join(filter(None, (message, "its machine went before its outputs were fetched")))
        return record_of(self.run).update(**known, message=message)

    def logs(self, *, follow: bool) -> int:
        """Print the log, over all machines; 0, or 1 if the job did not succeed. `follow` brings the outputs when the
        job is over, where nobody else does."""
        job = self.find()
        if job is None:
            why = f"SkyPilot's controller knows no job of run {self.run.id}"
            raise UserError("no-log", why, self.run.message or None)
        log = JobLog(sys.stdout, sys.stderr, self.run)
        if not follow or job.state in ENDED:
            status = self.controllers.job_log(job.number, log, follow=False)
            log.finish()
            return int(status != 0)
        fetching = None
        if not alive(self.run):
            fetching = fetch_outputs(self.controllers, self.run, job, log=log, say=to_stderr)
        try:
            source = ManagedJobLogs(self.controllers)
            status = follow_to_end(source, job.name, job.number, log=log, say=to_stderr)
        finally:
            log.finish()
            if fetching:
                fetching.close()
            if told := heard_of(log):
                record_of(self.run).update(**told)
        if fetching and fetching.trouble:
            to_stderr(f"outputs: {fetching.trouble}")
        return int(status != 0)

    def before_end(self, found: ManagedJob) -> None:
        """Bring what the job has written, in a minute at most."""

        def is_up() -> bool:
            machine = machine_of_job(self.controllers, found)
            return machine is not None and machine.up

        if found.state not in ENDED:
            fetch_before_teardown(self.controllers, self.run, host=found.machine, is_up=is_up)
