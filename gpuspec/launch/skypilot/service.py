"""A run as a SkyServe service: replicas behind one address, started and ended by their controller as requests come.

The controller lives in SkyPilot's server (`mode.py`). Replicas have no timer of their own: what stands for it is the
scaling that SkyServe was asked for, which is read back, and `gpuspec down`."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Outcome, Run, State
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot.client import Client
from gpuspec.launch.skypilot.controller_task import service
from gpuspec.launch.skypilot.controllers import Controllers, Service, lock_sky_folder, unknown
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.machine_launch import TEARDOWN_SECONDS, MachineLaunch
from gpuspec.launch.skypilot.price_check import check_price
from gpuspec.launch.skypilot.task import task

POLL_SECONDS = 5.0

_STATES: dict[str, State] = {
    "CONTROLLER_INIT": "provisioning",
    "REPLICA_INIT": "provisioning",
    "READY": "running",
    "NO_REPLICA": "running",
}
"""SkyServe's states in our words; in all that are not here somebody has to look."""


class ServiceLaunch(MachineLaunch):
    """One service on its way. `controllers` is there once SkyPilot was started."""

    controllers: Controllers
    scaling: dict[str, Any]

    def _connect(self) -> Client:
        self.controllers = Controllers()
        return self.controllers

    def _prepare(self, client: Client, clouds: frozenset[str]) -> Any:
        if self.job.secrets:
            lock_sky_folder()
        config = service(
            task(self.job, self.plan, workdir=self.settings.workdir, label=self.record.run.id, clouds=clouds),
            self.job,
        )
        self.scaling = config["service"]["replica_policy"]
        sky_task = client.task(config, {name: os.environ[name] for name in self.job.secrets})
        check_price(self.job, self.plan, client.quote(sky_task), self.settings.ask, self.settings.say)
        return sky_task

    def _record_fields(self) -> dict[str, Any]:
        return {"through": "service"}

    def _launch_task(self, client: Client, sky_task: Any) -> Outcome:
        self.request = self.controllers.start_service(sky_task, self.name)
        endpoint = self.controllers.wait_service(self.request, JobLog(sys.stderr, sys.stderr))
        self.number = 0  # handed in: there is nothing left to cancel
        self.record.update(ready=endpoint, spent=0.0)
        self._check_scaling()
        self.settings.say(f"{self.name}: answers at {endpoint}; {said(self.scaling)}")
        if self.settings.detach:
            return Outcome("running", None, f"gpuspec down {self.record.run.id} ends it")
        return self._follow(client)

    def _check_scaling(self) -> None:
        """UserError where SkyServe does not scale as it was asked to: that is what ends its machines."""
        found = self.controllers.scaling(self.name)
        if said(found) != said(self.scaling):
            raise UserError(
                "scaling-not-set",
                f"{self.name} was to have {said(self.scaling)}, and SkyServe has {said(found)}",
                "it is taken down",
                status=1,
            )

    def _follow(self, client: Client) -> Outcome:
        """Say what becomes of the replicas, until Ctrl-C takes the service down."""
        told = ""
        while (found := self.controllers.service(self.name)) is not None:
            said = summary(found)
            if said != told:
                self.settings.say(f"{self.name}: {said}")
                self.record.update(state=_STATES.get(found.state, "running"))
                told = said
            if found.state in ("FAILED", "CONTROLLER_FAILED", "FAILED_CLEANUP"):
                for each in found.replicas[-1:]:
                    self.controllers.replica_log(
                        self.name, each.number, JobLog(sys.stderr, sys.stderr), follow=False
                    )
                raise UserError("service-failed", f"{self.name}: {said}", "its log is above", status=1)
            time.sleep(POLL_SECONDS)
        return Outcome("interrupted", None, "it was taken down")

    def _take_down(self, client: Client) -> None:
        self.record.update(spent=self.controllers.spent(pattern(self.name)))
        end_by_name(self.controllers, self.name)

    def _what_may_run(self) -> str:
        return (
            f"\n  {self.name} may be up, and its replicas have no timer of their own."
            f"\n  look: gpuspec ps    end it: gpuspec down {self.record.run.id} (or sky serve down -y {self.name})"
        )


def said(policy: dict[str, Any]) -> str:
    """A `replica_policy` in words: how many replicas, the load of one, and when one goes. What it leaves out is
    SkyServe's own (0.14.1: as many at most as at least, and 20 minutes)."""
    least = policy.get("min_replicas", "?")
    most = policy.get("max_replicas") or least
    load, idle = policy.get("target_qps_per_replica"), policy.get("downscale_delay_seconds")
    return (
        (f"{least} replicas" if most == least else f"{least} to {most} replicas")
        + ("" if load is None else f" of {load:g} requests a second")
        + ("" if idle is None else f", fewer after {idle / 60:g} idle minutes")
    )


def summary(found: Service) -> str:
    """The service in a few words."""
    if not found.replicas:
        return "no replica: the first request starts one" if found.state == "NO_REPLICA" else found.state
    return ", ".join(f"replica {each.number} {each.state}" for each in found.replicas)


def pattern(name: str) -> str:
    """Names of the machines that a service has had."""
    return name + r"-\d+"


def end_by_name(controllers: Controllers, name: str) -> None:
    """Take a service down, and see its machines go; fine if there is none. TimeoutError where they stay."""
    deadline = time.monotonic() + TEARDOWN_SECONDS - 10
    while controllers.service(name) is None and controllers.is_submitting("serve.up"):
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    controllers.end_service(name)
    while (left := machines_of(controllers, name)) or controllers.service(name):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{', '.join(left) or name} is still there")
        time.sleep(1)


def machines_of(controllers: Controllers, name: str) -> list[str]:
    """The machines that a service has at the moment."""
    return [each.name for each in controllers.controlled() if each.name.rpartition("-")[0] == name]


# -- a run of before -------------------------------------------------------------------------------


def state(run: Run) -> Run:
    """The run as SkyServe has it. A service has no end but `gpuspec down`."""
    controllers = Controllers()
    found = controllers.service(run.machine or "")
    if found is None:
        why = "SkyServe knows no such service: it was taken down, or never was"
        return unknown(controllers, run, "serve.up", why)
    known: dict[str, Any] = {
        "spent": controllers.spent(pattern(found.name)),
        "ready": found.endpoint or run.ready,
    }
    Records().record(run).update(**known)
    word = _STATES.get(found.state, "lost")
    return run._replace(
        **known, state=word, message=summary(found) if word != "lost" else f"SkyServe: {found.state}"
    )


def logs(run: Run, *, follow: bool) -> int:
    """Print the newest replica's log; 0."""
    controllers = Controllers()
    found = controllers.service(run.machine or "")
    if found is None or not found.replicas:
        why = "SkyServe knows no such service" if found is None else "it has no replica at the moment"
        raise UserError("no-log", f"run {run.id} has no log: {why}", "`gpuspec ps` shows what it does")
    newest = max(each.number for each in found.replicas)
    watch = JobLog(sys.stdout, sys.stderr)
    controllers.replica_log(found.name, newest, watch, follow=follow)
    watch.finish()
    return 0


def end(run: Run) -> None:
    """Take the service and its machines down. UserError where that is not seen to happen."""
    controllers = Controllers()
    if controllers.service(run.machine or ""):
        Records().record(run).update(spent=controllers.spent(pattern(run.machine or "")))
    try:
        end_by_name(controllers, run.machine or "")
    except TimeoutError as error:
        raise UserError(
            "left-running", str(error), f"sky serve down -y {run.machine}; sky serve status"
        ) from error
