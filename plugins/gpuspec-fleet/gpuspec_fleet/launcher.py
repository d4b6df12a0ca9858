"""The launcher `fleet`: jobs on machines of one's own, over ssh."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from gpuspec import Job, Plan, UserError
from gpuspec.launch import (
    FINAL,
    Outcome,
    Record,
    Run,
    RunSettings,
    Stray,
    alive,
    check_job,
    forward,
    record_of,
    run_folder,
)
from gpuspec_fleet.fleet import FleetError, fleet
from gpuspec_fleet.ssh import Remote, remembered


class FleetLauncher:
    """Runs a job on the cheapest machine of the fleet that fits and is free; see `gpuspec.launch.Launcher`."""

    name = "fleet"
    rents = False

    def check(self, job: Job, plan: Plan, settings: RunSettings) -> None:
        """UserError for what can be known before a machine is asked."""
        check_job(job, settings)
        for program in ("ssh", "rsync"):
            if shutil.which(program) is None:
                raise UserError("fleet-tools", f"this machine has no {program}", "install it")
        if job.image:
            raise UserError(
                "fleet-image",
                f"the job wants the image {job.image}; machines of the fleet run jobs as they are",
                "leave `image` out and install what it needs in `setup`, or take another launcher",
            )
        if not candidates(plan):
            raise UserError(
                "fleet-no-machine",
                "no machine of the fleet satisfies every limit of this job",
                "`gpuspec plan --all` says why each was left out; a machine needs `ssh` in gpuspec-fleet.toml",
            )

    def describe(self, job: Job, plan: Plan, settings: RunSettings) -> str:
        """The machines in the order they are tried, and the steps."""
        lines = ["on the first of these that is free:"]
        lines += [f"  {name}  ${price:.2f}/h" for name, price in candidates(plan)]
        lines += [f"  download  {item.strategy} {item.source}" for item in job.downloads]
        lines += [f"  setup     {line}" for text in job.setup for line in text.splitlines()]
        lines += [f"  run       {line}" for line in (job.run or "").splitlines()]
        if settings.max_hours is not None:
            lines.append(f"  ended after {settings.max_hours:g} h at the latest, by the machine itself")
        return "\n".join(lines)

    def launch(self, job: Job, plan: Plan, settings: RunSettings, record: Record) -> Outcome:
        """Copy, run and follow, see `flow.py`."""
        from gpuspec_fleet.flow import Launch

        try:
            machines = fleet().machines
        except FleetError as error:
            raise UserError("fleet-file", str(error)) from error
        prices = [(machines[name], price) for name, price in candidates(plan) if name in machines]
        return Launch(job, plan, settings, record).run(prices)

    def state(self, run: Run) -> Run:
        """The run as its machine has it; how it ended is kept in its record."""
        if run.state in FINAL:
            return run
        known = remembered(run_folder(run.id))
        if known is None:
            why = "the gpuspec that started it is gone; no machine had been asked"
            return run if alive(run) else run._replace(state="lost", message=why)
        told = Remote(known[0]).ask("status", run.id)
        if told["state"] == "unknown":
            why = f"the gpuspec that started it is gone; nothing was started on {known[0].name}"
            return run if alive(run) else run._replace(state="lost", message=why)
        if told["state"] in FINAL and not alive(run):
            return record_of(run).update(**ended(told, known[0].name, known[1]))
        return run._replace(state=told["state"], message=told.get("message", ""))

    def logs(self, run: Run, *, follow: bool) -> int:
        """Print the log that the machine keeps; 0, or 1 if the run failed."""
        remote = self._remote(run)
        words = ("follow", run.id, "0") if follow else ("log", run.id)
        sys.stdout.flush()
        if subprocess.run(remote.command(*words), stdin=subprocess.DEVNULL, check=False).returncode not in (
            0,
            3,
        ):
            raise UserError(
                "fleet-unreachable", f"{remote.machine.name} does not answer", "`gpuspec ps` asks again"
            )
        return int(self.state(run).state in ("failed", "timeout", "lost"))

    def stop(self, run: Run) -> Run:
        """End the job; the machine is yours and stays."""
        if run.state in FINAL:
            return run
        remote = self._remote(run)
        told = remote.ask("stop", run.id)
        known = remembered(run_folder(run.id))
        if told["state"] in FINAL and known and alive(run):  # its client brings the results back
            return record_of(run).update(state=told["state"], message=told.get("message", ""))
        if told["state"] in FINAL and known:
            return record_of(run).update(**ended(told, remote.machine.name, known[1]))
        return record_of(run).update(state="interrupted", message="stopped before it was started")

    def down(self, run: Run) -> Run:
        """As `stop`."""
        return self.stop(run)

    def attach(self, run: Run, *, say: Callable[[str], None]) -> None:
        """Forward the job's ports by ssh until Ctrl-C, and say when it is ready."""
        forward(run, self._remote(run).ssh, say)

    def strays(self) -> tuple[Stray, ...]:
        """None: every run is in the records before a machine is asked, and an idle machine of yours costs nothing."""
        return ()

    def remove(self, machine: str) -> None:
        """UserError: machines of the fleet stay."""
        raise UserError(
            "fleet-stays", f"{machine} is yours, and stays", "`gpuspec stop RUN` ends a job on it"
        )

    def _remote(self, run: Run) -> Remote:
        known = remembered(run_folder(run.id))
        if known is None:
            raise UserError("no-log", f"run {run.id} never had a machine", run.message or None)
        return Remote(known[0])


def candidates(plan: Plan) -> list[tuple[str, float]]:
    """(name, $/h) of the machines that the plan kept, cheapest first."""
    found: dict[str, float] = {}
    for candidate in plan.kept:
        if candidate.offer.launcher == FleetLauncher.name and not candidate.spot:
            found.setdefault(candidate.offer.instance, candidate.price)
    return list(found.items())


def ended(told: dict[str, Any], name: str, workdir: str) -> dict[str, Any]:
    """What the record of a run gets whose end the machine tells, when nobody was there to bring its results back."""
    message = told.get("message") or ""
    where = f"what it wrote is on {name} in {workdir}"
    return {
        "state": told["state"],
        "exit_code": told.get("exit_code"),
        "message": f"{message}; {where}" if message else where,
        "ended": time.time() - told.get("ago", 0.0),
    }


def launcher() -> FleetLauncher:
    """The launcher."""
    return FleetLauncher()
