"""A launch on a machine of its own, from the price check to the last line of the log. The record is kept true at
every step. `managed_job.py` and `service.py` do the same by way of SkyPilot's controllers."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import Any, ClassVar

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items, run_cost
from gpuspec.launch.interrupts import interrupt_event, interruptible, run_bounded
from gpuspec.launch.launcher import Outcome, Record, RunSettings
from gpuspec.launch.on_machine.item_runner.runner import BUSY
from gpuspec.launch.outputs import brought_back
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.client import TEARDOWN_SECONDS, Client, Machine
from gpuspec.launch.skypilot.follow_log import follow_to_end
from gpuspec.launch.skypilot.job_log import Discard, JobLog
from gpuspec.launch.skypilot.noted_use import heard_of, note_use
from gpuspec.launch.skypilot.ports_and_readiness import PortsAndReadiness, wait_until_ready
from gpuspec.launch.skypilot.price_check import check_machine, check_price
from gpuspec.launch.skypilot.provisioning import forget, remembering
from gpuspec.launch.skypilot.results import (
    ResultFetcher,
    forget_outputs,
    recorded_outputs,
    write_outputs_file,
)
from gpuspec.launch.skypilot.reuse import first_reusable, idle_machines, machine_key
from gpuspec.launch.skypilot.secret_file import on_slurm, remove_secret_file, secrets_in_file
from gpuspec.launch.skypilot.task import (
    JobRecovery,
    ResourceOption,
    autostop,
    max_hourly_cost,
    paid_share,
    quoted_share,
    task,
    task_name,
    usable_options,
    ways,
)
from gpuspec.launch.utilization import ended_for_it
from gpuspec.planning.plan import Plan

CLAIM_MINUTES = 5
"""How long a machine that is used again waits at least for its next job to arrive."""


class MachineLaunch:
    """One job on its way. `number`, of the job on its machine, is None until SkyPilot has given it; `reused` is set
    where a machine of an earlier run serves."""

    client_type: ClassVar[type[Client]] = Client

    def __init__(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> None:
        self.job = job
        self.plan = plan
        self.settings = settings
        self.idle_minutes: int = autostop(plan)["idle_minutes"]
        self.record = record
        self.name = f"gs-{task_name(job)}-{record.run.id}"
        self.reused: ResourceOption | None = None
        self.number: int | None = None
        self.results: ResultFetcher | None = None
        self.client: Client

    def run(self) -> Outcome:
        """Rent, run, report. Whatever goes wrong, a machine is taken down, or the user is told that it may be up."""
        self.settings.say("starting SkyPilot …")
        self.client = self.client_type()
        run_id = self.record.run.id
        try:
            sky_task = self._prepare(self.client.enabled_clouds())
            write_outputs_file(run_id, brought_back(self.job, self.settings), self.job.exclude_outputs)
            self.record.update(machine=self.name, state="provisioning", **self._record_fields())
            return self._rent_and_run(sky_task)
        finally:
            remove_secret_file(run_id)

    def _rent_and_run(self, sky_task: Any) -> Outcome:
        try:
            with interruptible():
                return self._launch_task(sky_task)
        except KeyboardInterrupt:
            return self._give_up("interrupted", "interrupted")
        except UserError as error:
            if error.code == "connection-lost":  # the job goes on: `ps` asks again
                self.record.update(message=error.message)
                raise
            self._give_up("failed", error.message)
            raise
        except Exception as error:
            self._give_up("failed", f"{type(error).__name__}: {error}", status=3)
            raise

    def _prepare(self, clouds: frozenset[str]) -> Any:
        """The task, for a machine of an earlier run or a new one; nothing is rented yet."""
        idle = None if self.settings.fresh else self._claim_idle_machine(clouds)
        config, secrets = self._task_config(clouds, reuse=self.reused), self._secrets()
        if secrets and not idle and any(on_slurm(each["infra"]) for each in ways(config["resources"])):
            config, secrets = secrets_in_file(config, secrets, self.record.run.id), {}
        return self._priced_task(config, secrets, idle)

    def _record_fields(self) -> dict[str, Any]:
        """What the record gets before anything is rented."""
        return {
            "keep_alive_minutes": None if self.settings.accept_no_timer else self.idle_minutes,
            "max_hours": self.plan.max_hours,
            "machine_key": machine_key(self.job, self.settings.workdir),
        }

    def _launch_task(self, sky_task: Any) -> Outcome:
        self._rent(sky_task)
        return self._detached() if self.settings.detach else self._follow()

    def _take_down(self) -> None:
        self.client.down(self.name)
        with suppress(UserError):  # a full disk: then it is asked for once more
            Records().gone(self.name)

    def _claim_idle_machine(self, clouds: frozenset[str]) -> Machine | None:
        """A machine of an earlier run that will do, claimed and with time on its timer; None where there is none."""
        names = idle_machines(self.client, machine_key(self.job, self.settings.workdir))
        if not names:
            return None
        options = usable_options(self.job, self.plan, clouds)
        if self.job.secrets:  # a machine that is up gets no file
            options = tuple(option for option in options if not on_slurm(option.infra))
        if not options:
            return None
        most = max_hourly_cost(self.job, self.plan, options)
        found = first_reusable(self.client, names, options, most)
        if found is None or not Records().claim(self.record.run.id, found[0].name):
            return None
        try:
            self.client.set_timer(found[0].name, max(self.idle_minutes, CLAIM_MINUTES))
        except UserError:  # its own timer was quicker
            self.record.update(machine=None)
            return None
        machine, self.reused = found
        self.name = machine.name
        self.settings.say(f"{self.name} is still up and will do (--fresh rents a new one)")
        return machine

    def _secrets(self) -> dict[str, str]:
        return {name: os.environ[name] for name in self.job.secrets}

    def _priced_task(
        self, config: dict[str, Any], secrets: dict[str, str], idle: Machine | None = None
    ) -> Any:
        """The task, once its current price, or that of the machine that serves, has been compared with the plan's."""
        sky_task = self.client.task(config, secrets)
        if idle:
            price, share = idle.price, paid_share(self.plan, idle)
        else:
            price, share = self.client.quote(sky_task), quoted_share(self.plan, config["resources"])
        check_price(self.job, self.plan, None if price is None else price * share, self.settings)
        return sky_task

    def _task_config(
        self,
        clouds: frozenset[str],
        *,
        reuse: ResourceOption | None = None,
        recovery: JobRecovery | None = None,
    ) -> dict[str, Any]:
        found = items.resolve(self.job, self.settings.workdir)
        return task(
            self.job,
            self.plan,
            workdir=self.settings.workdir,
            label=self.record.run.id,
            clouds=clouds,
            items=items.part(found, self.settings.shard),
            resume=self.settings.resume,
            shard=self.settings.shard,
            reuse=reuse,
            recovery=recovery,
        )

    def _rent(self, sky_task: Any) -> None:
        """Get the machine and hand the job in. UserError (and down with it) where it is not what was asked for."""
        hand_in = self.client.run_again if self.reused else self.client.launch
        with remembering(self.name):
            request = hand_in(sky_task, self.name)
            try:
                self.number = self.client.wait(request, JobLog(sys.stderr, sys.stderr, self.record.run))
            except UserError as error:
                if error.code == "sold-out":  # SkyPilot has seen to it that no cloud makes one
                    forget(self.name)
                raise
        self._begin_items()
        if self.reused and self.idle_minutes < CLAIM_MINUTES:
            self.client.set_timer(self.name, self.idle_minutes)
        machine = self.client.machine(self.name)
        if machine is None:
            raise UserError("machine-gone", f"{self.name} is gone as soon as it was up", "see `sky api logs`")
        number = None if self.number is None else str(self.number)
        machine = self._recorded(machine, machine_job=number)
        wanted = None if self.settings.accept_no_timer else self.idle_minutes
        check_machine(machine, wanted=wanted, max_price=self.job.max_price)
        self.settings.say(f"{machine.summary}; goes after {machine.idle_minutes} idle minutes")

    def _recorded(self, machine: Machine, **known: Any) -> Machine:
        """The machine that the run got, at what is paid for it. So it is recorded, with what else is known."""
        share = paid_share(self.plan, machine)
        machine = machine.at_paid_price(share)
        self.record.update(**machine.record_fields(), paid_share=None if share == 1 else share, **known)
        return machine

    def _begin_items(self) -> None:
        """The job has begun: without --resume, what earlier runs have done counts no more."""
        if self.job.items is not None and not self.settings.resume:
            settings = self.settings
            items.set_aside(self.job, settings.workdir, settings.shard, settings.shards_began)

    def _detached(self) -> Outcome:
        """Leave the job to its machine, once it is ready where the spec says how to tell."""
        if self.job.readiness and self.settings.shard is None:
            log = JobLog(Discard(), Discard(), self.record.run)
            readiness = self._ports_and_readiness(log)
            status = wait_until_ready(self.client, self.number, readiness)
            if readiness.failure:
                return Outcome("failed", None, readiness.failure)
            if status is not None:
                return self._job_outcome(status, log)
        run = self.record.run
        ports = f", `gpuspec attach {run.id}` forwards its ports" if run.ports else ""
        return Outcome(
            "running", None, f"running on {self.name}; `gpuspec logs -f {run.id}` follows it{ports}"
        )

    def _ports_and_readiness(self, log: JobLog) -> PortsAndReadiness:
        def end_job() -> None:
            if self.number is not None:
                self.client.cancel_job(self.name, self.number)

        by_command = self.job.readiness is not None and not self.job.readiness.http
        workdir = f"{self.client.home(self.name)}; cd sky_workdir" if by_command else ""
        return PortsAndReadiness(
            self.job, self.settings, machine=self.name, workdir=workdir, log=log, end_job=end_job
        )

    def _follow(self) -> Outcome:
        """Show the log to its end, bring the outputs back, and say how the job ended."""
        log = JobLog(sys.stdout, sys.stderr, self.record.run)
        note_use(log, self.record)
        over = threading.Event()
        outputs = recorded_outputs(self.client, self.record.run, self.name)
        if outputs:
            self.results = ResultFetcher(
                client=self.client,
                record=self.record,
                number=self.number,
                minutes=self.idle_minutes,
                outputs=outputs,
                say=self.settings.say,
            )
            outputs.keep_fetching(over)
        readiness = self._ports_and_readiness(log)
        try:
            readiness.start()
            status = follow_to_end(self.client, self.name, self.number, log=log, say=self.settings.say)
        finally:
            over.set()
            readiness.close()
            log.finish()
        ended = self._job_outcome(status, log)
        if readiness.failure:
            ended = Outcome("failed", None, readiness.failure)
        trouble = self.results.final_fetch() if self.results else ""
        self._note_measured(log)
        return with_trouble(ended, trouble)

    def _job_outcome(self, status: int, log: JobLog) -> Outcome:
        """How the job ended, from SkyPilot's own state where the machine is still there to ask."""
        state = "SUCCEEDED" if status == 0 else "FAILED"
        if status != 0 and self.number is not None:  # which of many ways to fail
            with suppress(UserError):
                state = self.client.job_state(self.name, self.number) or state
        return outcome_of_state(state, log)

    def _note_measured(self, log: JobLog) -> None:
        """Record how much of the machine was used and the time of an item, as the log shows them."""
        if told := heard_of(log):
            self.record.update(**told)
        if log.all_items:  # else it is the time of failing, too
            self.record.update(item_seconds=log.item_seconds)
        price = run_cost.per_hour(self.record.run)
        if log.item_seconds is not None and price is not None:
            self.settings.say(f"items: ${price * log.item_seconds / 3600:.4f} each, at ${price:.2f}/h")

    def _give_up(self, state: str, why: str, *, status: int = 1) -> Outcome:
        """Stop the launch and take down what is up, in bounded time; a second Ctrl-C leaves at once. A machine whose
        results cannot be fetched stays, without its job. `status` is gpuspec's exit status where that fails."""
        kept: list[str] = []

        def teardown() -> None:
            trouble = self.results.fetch_before_teardown() if self.results else ""
            if trouble:
                kept.append(trouble)
                return
            self._take_down()
            if self.results:
                forget_outputs(self.record.run.id)

        with interrupt_event() as leave:
            with suppress(OSError):  # the terminal may be what went away
                self.settings.say(f"{why}: taking {self.name} down (Ctrl-C again leaves without waiting)")
            error = run_bounded(teardown, TEARDOWN_SECONDS, leave)
        if error:
            with suppress(Exception):  # what is said below matters more than where it is kept
                self.record.update(state="lost", message=f"{why}; taking it down failed: {error}")
            raise UserError(
                "left-running",
                f"{why}; taking the machine down failed ({error}). {self._what_may_run()}",
                f"gpuspec down {self.record.run.id}",
                status=status,
            )
        result = "".join(kept) or "no machine is left"
        if kept and state != "interrupted":  # else it is the last thing said
            self.settings.say(f"NOT taken down: {result}")
        with suppress(UserError):  # a full disk: `ps` asks the machine
            self.record.update(state=state, message="; ".join((why, *kept)))
        return Outcome("interrupted" if state == "interrupted" else "failed", None, f"{why}; {result}")

    def _what_may_run(self) -> str:
        timed = f"its own timer ends it {self.idle_minutes} idle minutes after the job"
        if self.number is None and not self.reused:
            timed = "it may have no timer yet"
        return (
            f"{self.name} may be up; {timed}. "
            f"Look: gpuspec ps; take it down: gpuspec down {self.record.run.id} (or sky down -y {self.name})"
        )


def with_trouble(ended: Outcome, trouble: str) -> Outcome:
    """How a job ended whose outputs did not all come: `trouble` says why, "" where they did."""
    if trouble and ended.state == "succeeded":
        return Outcome("failed", ended.exit_code, trouble)
    return ended._replace(message="; ".join(part for part in (ended.message, trouble) if part))


def outcome_of_state(state: str, log: JobLog) -> Outcome:
    """How a job ended that is in this state, in SkyPilot's word, and left this log."""
    if log.timed_out:
        return Outcome("timeout", log.exit_code, "ended by its time limit")
    if log.too_low and state != "SUCCEEDED":
        return Outcome("failed", log.exit_code, ended_for_it(log.too_low))
    if state == "SUCCEEDED":
        return Outcome("succeeded", 0)
    if state == "CANCELLED":
        return Outcome("interrupted", None, "the job was cancelled")
    if log.overran:
        return Outcome("failed", log.exit_code, log.overran)
    if state == "FAILED_SETUP":
        return Outcome("failed", log.exit_code, "downloads or setup failed: see the log above")
    if log.refused and log.exit_code == BUSY:
        return Outcome("failed", log.exit_code, f"refused: {log.refused}")
    code = "" if log.exit_code is None else f" with exit status {log.exit_code}"
    return Outcome("failed", log.exit_code, f"the job failed{code}: see the log above")
