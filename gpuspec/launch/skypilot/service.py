"""A run as a SkyServe service: replicas behind one address, started and ended by their controller as requests come.

The controller lives in SkyPilot's server (`mode.py`). Replicas have no timer of their own: what stands for it is the
scaling that SkyServe was asked for, which is read back, and `gpuspec down`."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Outcome, Run, State
from gpuspec.launch.records import record_of
from gpuspec.launch.skypilot.controlled_launch import ControlledLaunch
from gpuspec.launch.skypilot.controlled_run import ControlledRun
from gpuspec.launch.skypilot.controller_task import service_task
from gpuspec.launch.skypilot.controllers import Service, end_service, lock_sky_folder
from gpuspec.launch.skypilot.follow_log import asked_until_answered
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.noted_use import heard_of
from gpuspec.launch.skypilot.task import task

POLL_SECONDS = 5.0

_STATES: dict[str, State] = {
    "CONTROLLER_INIT": "provisioning",
    "REPLICA_INIT": "provisioning",
    "READY": "running",
    "NO_REPLICA": "running",
}
"""SkyServe's states in our words; in all that are not here somebody has to look."""


class ServiceLaunch(ControlledLaunch):
    """One service on its way."""

    scaling: dict[str, Any]

    def _prepare(self, clouds: frozenset[str]) -> Any:
        if self.job.secrets:
            lock_sky_folder()
        config = service_task(
            task(self.job, self.plan, workdir=self.settings.workdir, label=self.record.run.id, clouds=clouds),
            self.job,
        )
        self.scaling = config["service"]["replica_policy"]
        return self._priced_task(config, self._secrets())

    def _record_fields(self) -> dict[str, Any]:
        return {"through": "service"}

    def _launch_task(self, sky_task: Any) -> Outcome:
        self.request = self.client.start_service(sky_task, self.name)
        endpoint = self.client.wait_service(self.request, JobLog(sys.stderr, sys.stderr, self.record.run))
        self.number = 0  # handed in: there is nothing left to cancel
        self.record.update(ready=endpoint, spent=0.0)
        self._check_scaling()
        self.settings.say(f"{self.name}: answers at {endpoint}; {scaling_text(self.scaling)}")
        if self.settings.detach:
            return Outcome("running", None, f"gpuspec down {self.record.run.id} ends it")
        return self._follow()

    def _check_scaling(self) -> None:
        """UserError where SkyServe does not scale as it was asked to: that is what ends its machines."""
        found = self.client.scaling(self.name)
        if scaling_text(found) != scaling_text(self.scaling):
            raise UserError(
                "scaling-not-set",
                f"{self.name} was to have {scaling_text(self.scaling)}, and SkyServe has {scaling_text(found)}",
                "it is taken down",
                status=1,
            )

    def _follow(self) -> Outcome:
        """Say what becomes of the replicas, until Ctrl-C takes the service down."""
        last = ""

        def ask() -> Service | None:
            return asked_until_answered(lambda: self.client.service(self.name), self.name, self.settings.say)

        while (found := ask()) is not None:
            now = summary(found)
            if now != last:
                self.settings.say(f"{self.name}: {now}")
                self.record.update(state=_STATES.get(found.state, "running"))
                last = now
            if found.state in ("FAILED", "CONTROLLER_FAILED", "FAILED_CLEANUP"):
                for each in found.replicas[-1:]:
                    self.client.replica_log(
                        self.name, each.number, JobLog(sys.stderr, sys.stderr, self.record.run), follow=False
                    )
                raise UserError("service-failed", f"{self.name}: {now}", "its log is above", status=1)
            time.sleep(POLL_SECONDS)
        return Outcome("interrupted", None, "it was taken down")

    def _take_down(self) -> None:
        self._cancel_hand_in()
        with suppress(UserError):  # a full disk: the service must go all the same
            self.record.update(spent=self.client.spent(machine_names(self.name)))
        end_service(self.client, self.name)

    def _what_may_run(self) -> str:
        return (
            f"{self.name} may be up, and its replicas have no timer of their own. "
            f"Look: gpuspec ps; end it: gpuspec down {self.record.run.id} (or sky serve down -y {self.name})"
        )


def scaling_text(policy: dict[str, Any]) -> str:
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


def machine_names(name: str) -> str:
    """Pattern of the names of all machines that a service has had."""
    return name + r"-\d+"


class ServiceRun(ControlledRun[Service]):
    """The run of a service, asked about by a later command. It has no end but `gpuspec down`."""

    request = "serve.up"
    not_found = "SkyServe knows no such service: it was taken down, or never was"
    take_down = staticmethod(end_service)
    end_by_hand = "sky serve down -y {name}; sky serve status"

    def find(self) -> Service | None:
        """The service."""
        return self.controllers.service(self.name)

    def state_of(self, found: Service) -> Run:
        """The run as SkyServe has it."""
        known: dict[str, Any] = {
            "spent": self.controllers.spent(machine_names(found.name)),
            "ready": found.endpoint or self.run.ready,
        }
        record_of(self.run).update(**known)
        state = _STATES.get(found.state, "lost")
        message = summary(found) if state != "lost" else f"SkyServe: {found.state}"
        return self.run._replace(**known, state=state, message=message)

    def logs(self, *, follow: bool) -> int:
        """Print the newest replica's log; 0."""
        found = self.find()
        if found is None or not found.replicas:
            why = "SkyServe knows no such service" if found is None else "it has no replica at the moment"
            raise UserError(
                "no-log", f"run {self.run.id} has no log: {why}", "`gpuspec ps` shows what it does"
            )
        newest = max(each.number for each in found.replicas)
        log = JobLog(sys.stdout, sys.stderr, self.run)
        self.controllers.replica_log(found.name, newest, log, follow=follow)
        log.finish()
        if told := heard_of(log):
            record_of(self.run).update(**told)
        return 0

    def before_end(self, found: Service) -> None:
        """Note what it has cost."""
        with suppress(UserError):  # a full disk: the service must go all the same
            record_of(self.run).update(spent=self.controllers.spent(machine_names(self.name)))
