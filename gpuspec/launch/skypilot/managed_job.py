"""A run as a SkyPilot managed job: its controller replaces a spot machine that is taken back, and ends the last one
as soon as the job is over. The controller lives in SkyPilot's server (`mode.py`); should that be gone, the machine's
own timer, which the controller sets and we read back, ends it."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TextIO

from gpuspec.errors import UserError
from gpuspec.launch import items
from gpuspec.launch.launcher import FINAL, Outcome, Run, State
from gpuspec.launch.records import Records, alive
from gpuspec.launch.skypilot.client import Client
from gpuspec.launch.skypilot.controller_task import managed
from gpuspec.launch.skypilot.controllers import (
    ENDED,
    Controllers,
    ManagedJob,
    lock_sky_folder,
    machine_of_job,
    unknown,
)
from gpuspec.launch.skypilot.follow_log import follow_to_end
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.machine_launch import TEARDOWN_SECONDS, MachineLaunch, outcome_of_state
from gpuspec.launch.skypilot.managed_outputs import ManagedOutputs, bring_now, held, outputs_were_lost
from gpuspec.launch.skypilot.mode import consolidation_signal, durable_folder
from gpuspec.launch.skypilot.price_check import check_machine, check_price
from gpuspec.launch.skypilot.results import TEARDOWN_FETCH_SECONDS
from gpuspec.launch.skypilot.task import Recovery, task, timer

POLL_SECONDS = 5.0
"""Between two questions to the controller, which itself looks at the machine every 15 s (SkyPilot 0.14.1)."""

SETTLE_SECONDS = 120.0
"""How long is waited for the controller to notice the end of a job, and then for the machine to go."""

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
"""The controller's states in our words; all that are not here are ways to fail."""


class ManagedJobLaunch(MachineLaunch):
    """One managed job on its way. `controllers` is there once SkyPilot was started."""

    controllers: Controllers
    held: ManagedOutputs | None = None
    seen: ManagedJob | None = None
    fault: UserError | None = None

    def _connect(self) -> Client:
        self.controllers = Controllers()
        return self.controllers

    def _prepare(self, client: Client, clouds: frozenset[str]) -> Any:
        if not os.path.exists(consolidation_signal()):
            raise UserError(
                "controller-elsewhere",
                "SkyPilot's server was started before its controller was to live in it, and would rent a machine",
                "sky api stop, then run this again; or give --plain",
            )
        if self.job.secrets:
            lock_sky_folder()
        sky_task = client.task(self._config(clouds), {name: os.environ[name] for name in self.job.secrets})
        check_price(self.job, self.plan, client.quote(sky_task), self.settings.ask, self.settings.say)
        return sky_task

    def _config(self, clouds: frozenset[str]) -> dict[str, Any]:
        run_id, fetched = self.record.run.id, self.settings.outputs and (self.job.outputs or self.job.items)
        hours = self.plan.max_hours
        config = task(
            self.job,
            self.plan,
            workdir=self.settings.workdir,
            label=run_id,
            clouds=clouds,
            items=items.part(items.resolve(self.job, self.settings.workdir), self.settings.shard),
            resume=self.settings.resume,
            shard=self.settings.shard,
            succession=Recovery(
                until=math.inf if hours is None else time.time() + hours * 3600,
                hold_minutes=timer(self.plan)["idle_minutes"] if fetched else 0,
                folder=durable_folder(self.job, run_id),
            ),
        )
        return managed(config, self.job)

    def _record_fields(self) -> dict[str, Any]:
        return {
            "through": "job",
            "recoveries": 0,
            "keep_alive_minutes": BACKSTOP_MINUTES,
            "max_hours": self.plan.max_hours,
        }

    def _launch_task(self, client: Client, sky_task: Any) -> Outcome:
        self.request = self.controllers.launch_job(sky_task, self.name)
        self.number = self.controllers.wait_job(self.request, JobLog(sys.stderr, sys.stderr))
        self._begin_items()
        self.record.update(machine_job=str(self.number))
        self._await_machine()
        if self.settings.detach and self._refresh().state not in ENDED:
            run_id = self.record.run.id
            return Outcome("running", None, f"running as {self.name}; `gpuspec logs -f {run_id}` follows it")
        return self._follow(client)

    def _await_machine(self) -> None:
        """Wait for the first machine, or for the job to end without one: the controller tries until there is one."""
        while (job := self._refresh()).state not in ENDED:
            if self._check_own_machine(job):
                return
            time.sleep(POLL_SECONDS)

    def _refresh(self) -> ManagedJob:
        """The job as it is now; what changed is said and recorded."""
        job = self.controllers.job(self.name)
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
        machine = machine_of_job(self.controllers, job)
        if job.state != "RUNNING" or machine is None or not machine.up:
            return False
        self.record.update(**machine.record_fields(), keep_alive_minutes=machine.idle_minutes)
        wanted = machine.idle_minutes if machine.idle_minutes >= 0 else BACKSTOP_MINUTES
        check_machine(
            machine, wanted=None if self.settings.accept_no_timer else wanted, max_price=self.job.max_price
        )
        self.settings.say(f"{machine.words}; goes with the job, or after {machine.idle_minutes} idle minutes")
        return True

    def _follow(self, client: Client) -> Outcome:
        assert self.seen is not None
        watch, over = JobLog(sys.stdout, sys.stderr), threading.Event()
        minder = threading.Thread(target=self._watch_machines, args=(watch, over), daemon=True)
        minder.start()
        self.held = held(client, self.record.run, self.seen, watch, self.settings.say)
        try:
            follow_to_end(
                ManagedJobLogs(self.controllers), self.name, self.seen.number, watch, self.settings.say
            )
        finally:
            over.set()
            watch.finish()
            if self.held:
                self.held.close()
        minder.join()
        job = self._settled()
        self._note_measured(watch)
        self.record.update(spent=self.controllers.spent(pattern(job)))
        if self.fault:
            raise self.fault
        ended = outcome(job, watch)
        trouble = self.held.trouble if self.held and job.state != "FAILED_SETUP" else ""
        if trouble and ended.state == "succeeded":
            return Outcome("failed", ended.exit_code, trouble)
        return ended._replace(message="; ".join(part for part in (ended.message, trouble) if part))

    def _watch_machines(self, watch: JobLog, over: threading.Event) -> None:
        """Keep the record true while the log is followed, and check each machine that takes over."""
        state = "RUNNING"
        while not over.wait(POLL_SECONDS):
            with suppress(UserError):  # a server that is away is noticed by the log
                job = self._refresh()
                if job.state == state:
                    continue
                watch.held.clear()  # that was another machine
                try:
                    checked = job.state != "RUNNING" or self._check_own_machine(job)
                except UserError as error:
                    self.fault = error
                    self.controllers.end_job(job.number)
                    return
                state = job.state if checked else state

    def _settled(self) -> ManagedJob:
        """The job once its controller has noticed that it is over, and its machine is gone."""
        try:
            return settled(self.controllers, self._refresh, SETTLE_SECONDS)
        except TimeoutError as error:
            raise UserError(
                "left-running",
                f"{error}. {self._what_may_run()}",
                f"gpuspec down {self.record.run.id}",
                status=1,
            ) from error

    def _take_down(self, client: Client) -> None:
        if self.held:
            with suppress(UserError):
                self.held.outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS)
        end_by_name(self.controllers, self.name)

    def _what_may_run(self) -> str:
        return (
            f"\n  {self.name} may be running; SkyPilot's controller ends its machine with the job, and the machine's "
            f"own timer {BACKSTOP_MINUTES} idle minutes after it.\n  look: gpuspec ps    end it: gpuspec down "
            f"{self.record.run.id} (or sky jobs cancel -n {self.name})"
        )


class ManagedJobLogs:
    """A managed job's log and state, asked for as those of a job on a machine are (`follow_log.LogSource`)."""

    def __init__(self, controllers: Controllers) -> None:
        self.controllers = controllers

    def logs(self, name: str, number: int | None, out: TextIO | JobLog, *, follow: bool) -> int:
        assert number is not None
        return self.controllers.job_log(number, out, follow=follow)

    def job_state(self, name: str, number: int) -> str | None:
        job = self.controllers.job(name)
        return job and ("FAILED" if job.state.startswith("FAILED") else job.state)


def settled(controllers: Controllers, look: Callable[[], ManagedJob], seconds: float) -> ManagedJob:
    """The job that is over, once its machine is gone. TimeoutError with what is still there."""
    deadline = time.monotonic() + seconds
    while (job := look()).state not in ENDED:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"SkyPilot's controller still has the job as {job.state} after {seconds:.0f} s"
            )
        time.sleep(1)
    while machine_of_job(controllers, job) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{job.machine} is still there {seconds:.0f} s after the job")
        time.sleep(1)
    return job


def pattern(job: ManagedJob) -> str:
    """Names of the machines a managed job has had."""
    return job.machine.replace(".", r"\.")


def outcome(job: ManagedJob, watch: JobLog) -> Outcome:
    """How a managed job ended."""
    if job.state in ("SUCCEEDED", "CANCELLED", "FAILED", "FAILED_SETUP") or watch.timed_out:
        return outcome_of_state(job.state, watch)
    return Outcome("failed", None, f"SkyPilot's controller gave up ({job.state}): {job.why[:300]}")


def end_by_name(controllers: Controllers, name: str) -> None:
    """End a managed job, and see its machine go; fine if there is none. TimeoutError where it stays."""
    deadline = time.monotonic() + TEARDOWN_SECONDS - 10
    while (job := controllers.job(name)) is None:
        # Handed in by a client that is gone: it may be there in a moment.
        if not controllers.is_submitting("jobs.launch") or time.monotonic() > deadline:
            return
        time.sleep(1)
    if job.state not in ENDED:
        controllers.end_job(job.number)
    settled(controllers, lambda: controllers.job(name) or job, deadline - time.monotonic())


# -- a run of before -------------------------------------------------------------------------------


def state(run: Run) -> Run:
    """The run as its controller has it, kept in the record once it is over."""
    controllers = Controllers()
    job = controllers.job(run.machine or "")
    if job is None:
        why = "SkyPilot's controller knows no such job; nothing runs under its name"
        return unknown(controllers, run, "jobs.launch", why)
    spent = controllers.spent(pattern(job))
    known: dict[str, Any] = {
        "state": _STATES.get(job.state, "failed"),
        "machine_job": str(job.number),
        "recoveries": job.recoveries,
        "spent": spent,
    }
    machine = machine_of_job(controllers, job)
    if known["state"] in FINAL:
        if machine is not None and not alive(run):
            why = f"the job is over ({job.state}), and its machine is still there: its controller ends it in a minute"
            return run._replace(**{**known, "state": "running"}, message=why)
        message = job.why if known["state"] == "failed" else ""
        if outputs_were_lost(controllers, run, job) and not alive(run):
            message = "; ".join(filter(None, (message, "its machine went before its outputs were fetched")))
        return Records().record(run).update(**known, message=message)
    again = job.recoveries and f"taken back and replaced {job.recoveries} time{'s' * (job.recoveries > 1)}"
    message = (
        "its machine was taken back; SkyPilot gets another" if job.state == "RECOVERING" else again or ""
    )
    if machine is not None and machine.up:
        known.update(actual_price=machine.price)
        if machine.idle_minutes < 0 and not alive(run):
            message = "its machine has no timer of its own"
    return run._replace(**known, message=message)


def logs(run: Run, *, follow: bool) -> int:
    """Print the log, over all machines; 0, or 1 if the job did not succeed. `follow` brings the outputs when the job
    is over, where nobody else does."""
    controllers = Controllers()
    job = controllers.job(run.machine or "")
    if job is None:
        raise UserError("no-log", f"SkyPilot's controller knows no job of run {run.id}", run.message or None)
    watch = JobLog(sys.stdout, sys.stderr)
    if not follow or job.state in ENDED:
        status = controllers.job_log(job.number, watch, follow=False)
        watch.finish()
        return int(status != 0)
    say = partial(print, file=sys.stderr)
    fetching = None if alive(run) else held(controllers, run, job, watch, say)
    try:
        status = follow_to_end(ManagedJobLogs(controllers), job.name, job.number, watch, say)
    finally:
        watch.finish()
        if fetching:
            fetching.close()
    if fetching and fetching.trouble:
        say(f"outputs: {fetching.trouble}")
    return int(status != 0)


def end(run: Run) -> None:
    """Bring what the job has written, in a minute at most, and end it with its machine. UserError where that is not
    seen to happen."""
    controllers = Controllers()
    job = controllers.job(run.machine or "")
    if job and job.state not in ENDED:
        bring_now(controllers, run, job)
    try:
        end_by_name(controllers, run.machine or "")
    except TimeoutError as error:
        raise UserError(
            "left-running", str(error), f"sky jobs cancel -n {run.machine}; sky jobs queue"
        ) from error
