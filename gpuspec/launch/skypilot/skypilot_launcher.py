"""The SkyPilot launcher: any cloud SkyPilot can rent from, under the limits the plan set.

SkyPilot itself is imported by a `Client` when one is made: `check` and `describe` must be quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items, outputs
from gpuspec.launch.checks import check_job
from gpuspec.launch.launcher import FINAL, Outcome, Record, Run, RunSettings, Stray, StraysUnknown
from gpuspec.launch.program_room import require_startable
from gpuspec.launch.records import Records, alive, record_of
from gpuspec.launch.skypilot.client import Client, require_skypilot, skypilot_used
from gpuspec.launch.skypilot.follow_log import follow_to_end
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.machine_state import job_number, machine_run_state
from gpuspec.launch.skypilot.mode import Mode, choose_mode, durable_folder
from gpuspec.launch.skypilot.noted_use import heard_of
from gpuspec.launch.skypilot.ports_and_readiness import asked_there, forwarded_ports, ssh
from gpuspec.launch.skypilot.results import fetch_after_end, fetch_from_own_machine, forget_outputs
from gpuspec.launch.skypilot.secret_file import on_slurm
from gpuspec.launch.skypilot.slurm_argument import require_slurm_argument
from gpuspec.launch.skypilot.standard_streams import to_stderr
from gpuspec.launch.skypilot.strays import (
    controlled_strays,
    end_controlled,
    forgotten_strays,
    machine_strays,
)
from gpuspec.launch.skypilot.task import autostop, task
from gpuspec.launch.skypilot.task_yaml import task_yaml
from gpuspec.launch.tunnel import forward, require_free
from gpuspec.planning.plan import Plan
from gpuspec.planning.rank import over_budget
from gpuspec.printable import one_line

if TYPE_CHECKING:
    from gpuspec.launch.skypilot.controlled_run import ControlledRun
    from gpuspec.launch.skypilot.controllers import ManagedJob, Service


class SkyPilotLauncher:
    """Runs a job on the cheapest machine SkyPilot can get; see `launcher.Launcher`."""

    name = "skypilot"
    rents = True

    def check(self, job: Job, plan: Plan, settings: RunSettings) -> None:
        """UserError for all that would fail after a machine is paid for. Imports no SkyPilot."""
        check_job(job, settings)
        if job.readiness and job.readiness.command and not job.readiness.http:
            require_startable(**{"env and readiness.command": asked_there(job, "")})
        over = over_budget(job, plan.cost.total if plan.cost else None)
        if over:
            raise UserError("over-budget", over, "lower budget.max_hours, or raise budget.max_total")
        if (job.outputs and settings.outputs) or job.items is not None:
            outputs.require_rsync()
        mode, message = choose_mode(job, plan, plain=settings.plain)
        task_yaml(job, plan, settings.workdir, mode)
        if plan.choice and on_slurm(plan.choice.offer.cloud):
            found = items.resolve(job, settings.workdir)
            require_slurm_argument(task(job, plan, workdir=settings.workdir, label="check", items=found))
        for port in forwarded_ports(job, settings) if mode == "machine" else ():
            require_free(port)
        require_skypilot()
        if message:
            settings.say(message)
        if settings.detach and settings.outputs and job.outputs and mode != "service":
            settings.say(_outputs_stay_there(job, plan, mode))

    def describe(self, job: Job, plan: Plan, settings: RunSettings) -> str:
        """The task's YAML, as `gpuspec export` prints it; above it, in what mode it would run and why."""
        mode, message = choose_mode(job, plan, plain=settings.plain)
        head = f"# {one_line(message)}\n" if message else ""
        return head + task_yaml(job, plan, settings.workdir, mode)

    def launch(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> Outcome:
        """Rent, run and report, see `machine_launch.py`, `managed_job.py` and `service.py`."""
        resumed = settings.resume and job.items is not None
        if resumed and not items.unfinished(job, settings.workdir, settings.shard):
            return Outcome("succeeded", 0, "all items were done before: nothing is rented")
        mode = choose_mode(job, plan, plain=settings.plain).mode
        if mode == "job":
            from gpuspec.launch.skypilot.managed_job import ManagedJobLaunch

            return ManagedJobLaunch(job, plan, settings, record).run()
        if mode == "service":
            from gpuspec.launch.skypilot.service import ServiceLaunch

            return ServiceLaunch(job, plan, settings, record).run()
        from gpuspec.launch.skypilot.machine_launch import MachineLaunch

        return MachineLaunch(job, plan, settings, record).run()

    def state(self, run: Run) -> Run:
        """The run as the machine has it, kept in its record once it has ended. A machine that is gone takes with it
        how the job ended, unless someone had asked before."""
        if run.is_over:
            return run
        run = _with_machine(run)
        if run.machine is None:
            # A machine is named in the record before anything is rented.
            why = "the gpuspec that started it is gone; nothing had been rented"
            return (
                run if alive(run) else record_of(run).update(state="lost", gone=True, spent=0.0, message=why)
            )
        controlled = _controlled_run(run)
        if controlled:
            return controlled.state()
        return machine_run_state(Client(), run)

    def logs(self, run: Run, *, follow: bool) -> int:
        """Print the job's log from the machine; 0, or 1 if the job did not succeed. `follow` also fetches its results
        at the end; 1 where they do not come."""
        if run.machine is None:
            raise UserError("no-log", f"run {run.id} never had a machine", run.message or None)
        controlled = _controlled_run(run)
        if controlled:
            return controlled.logs(follow=follow)
        log = JobLog(sys.stdout, sys.stderr, run)
        client = Client()
        number = job_number(client, run)
        if number is None:
            raise UserError(
                "no-log", f"no job of run {run.id} is on {run.machine}", "`gpuspec ps` shows what it does"
            )
        if follow:
            status = follow_to_end(client, run.machine, number, log=log, say=to_stderr)
        else:
            status = client.logs(run.machine, number, log, follow=False)
        log.finish()
        if follow:
            trouble = fetch_after_end(client, run, to_stderr)
            if trouble:
                to_stderr(trouble)
                status = status or 1
            with suppress(UserError):  # the log is here
                self.state(run)
        if told := heard_of(log):
            record_of(run).update(**told)
        return int(status != 0)

    def stop(self, run: Run) -> Run:
        """Cancel the job and bring what it has written; the machine goes when its keep-alive has passed, or at once
        where a controller has it. UserError while the machine is still being made."""
        if run.through:  # its machines are the controller's, and go with it
            return self.down(run)
        if run.machine is not None:
            client = Client()
            number = job_number(client, run)
            if number is None and client.pending(run.machine):
                raise UserError(
                    "machine-not-up",
                    f"{run.machine} is still being made: there is no job to stop yet",
                    f"gpuspec down {run.id}",
                )
            if number is not None:
                client.cancel_job(run.machine, number)
            fetch_from_own_machine(client, run)
        return record_of(run).update(
            state="interrupted", message="stopped; its machine goes when its keep-alive has passed"
        )

    def down(self, run: Run) -> Run:
        """Bring what the run has written, in a minute at most, and take the machine down. UserError where another
        run has it by now."""
        run = _with_machine(run)
        controlled = _controlled_run(run) if run.machine else None
        if controlled:
            controlled.end()
            run = Records().get(run.id)
        elif run.machine is not None:
            for other in Records().all(active=True):
                shared = other.machine == run.machine and other.id != run.id
                if shared and self.state(other).state not in (*FINAL, "lost"):
                    raise UserError(
                        "machine-in-use",
                        f"{run.machine} is used by run {other.id} ({other.name}) now",
                        f"gpuspec down {other.id}",
                    )
            client = Client()
            fetched = not run.gone and fetch_from_own_machine(client, run)
            client.down(run.machine)
            Records().gone(run.machine)
            if fetched:
                forget_outputs(run.id)
        if run.state in FINAL:
            return record_of(run).update(message=run.message or "taken down")
        return record_of(run).update(state="interrupted", message="taken down")

    def attach(self, run: Run, *, say: Callable[[str], None]) -> None:
        """Forward the job's ports by ssh; a service has an address of its own."""
        if run.through == "service":
            say(f"it answers at {run.ready}")
            return
        forward(run, partial(ssh, run.machine or ""), say)

    def strays(self) -> tuple[Stray, ...]:
        """Machines of ours that no run answers for. Empty where SkyPilot was never used; asks every cloud else. Where
        the machines or the controllers cannot be asked, what the others have is told with the error."""
        runs = Records().all()
        rented = any(run.launcher == self.name and run.machine and not run.gone for run in runs)
        if not (rented or skypilot_used()):
            return ()
        found: list[Stray] = []
        trouble: Exception | None = None
        for ask in (_machine_strays, controlled_strays):
            try:
                found += ask(runs)
            except Exception as error:  # whatever it is, the others are asked
                trouble = trouble or error
        if trouble:
            raise StraysUnknown(trouble, tuple(found)) from trouble
        return tuple(found)

    def remove(self, machine: str) -> None:
        """Take a machine down, or a managed job or service of that name."""
        if not end_controlled(machine):
            Client().down(machine)


def _machine_strays(runs: Sequence[Run]) -> tuple[Stray, ...]:
    machines = Client().machines()
    return machine_strays(machines, runs) + forgotten_strays({machine.name for machine in machines}, runs)


def _with_machine(run: Run) -> Run:
    """The run with the name of its machine. A broken record may have lost that; SkyPilot has it, with the run's id as
    its label, or as the end of its name."""
    if run.machine is not None or run.state == "starting" or run.is_over:
        return run
    for machine in Client().machines():
        if machine.label == run.id or machine.name.endswith(f"-{run.id}"):
            return record_of(run).update(machine=machine.name)
    return run


def _controlled_run(run: Run) -> ControlledRun[ManagedJob] | ControlledRun[Service] | None:
    """The run as its controller has it; None where it has a machine of its own."""
    if run.through == "job":
        from gpuspec.launch.skypilot.managed_job import ManagedJobRun

        return ManagedJobRun(run)
    if run.through == "service":
        from gpuspec.launch.skypilot.service import ServiceRun

        return ServiceRun(run)
    if run.through is not None:
        raise UserError(
            "records-unreadable",
            f"the record of run {run.id} says {run.through!r} looks after its machines; gpuspec knows only 'job' and "
            "'service'",
            f"look for {run.machine}: `sky status`, `sky jobs queue`, `sky serve status`",
        )
    return None


def _outputs_stay_there(job: Job, plan: Plan, mode: Mode) -> str:
    """The message about outputs that no client waits for."""
    kept = durable_folder(job, "RUN") if mode == "job" and job.items else None
    also = f"; what items wrote stays in {kept}" if kept else ""
    minutes = autostop(plan)["idle_minutes"]
    return (
        f"outputs: with --detach they stay on the machine, which goes {minutes} minutes after the job: "
        f"`gpuspec logs -f RUN` fetches them{also}"
    )
