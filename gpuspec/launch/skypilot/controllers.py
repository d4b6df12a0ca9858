"""The verbs of SkyPilot's two controllers, managed jobs and services, where they live in SkyPilot's server; and how
one is taken down, seen to its end."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from gpuspec.errors import UserError
from gpuspec.launch.skypilot.client import TEARDOWN_SECONDS, Client, Machine, machine_of
from gpuspec.launch.skypilot.explained import explained
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.named_tuple import NamedTuple


class ManagedJob(NamedTuple):
    """A managed job as its controller knows it; `state` is SkyPilot's word. `machine` is the cluster it runs on,
    while there is one; `recoveries` counts the machines that were replaced."""

    number: int
    name: str
    state: str
    machine: str
    recoveries: int
    why: str


class Replica(NamedTuple):
    """`state` is SkyPilot's word."""

    number: int
    state: str


class Service(NamedTuple):
    """`state` is SkyPilot's word, `endpoint` where it answers."""

    name: str
    state: str
    endpoint: str | None
    replicas: tuple[Replica, ...]


ENDED = frozenset(
    {
        "SUCCEEDED",
        "CANCELLED",
        "FAILED",
        "FAILED_SETUP",
        "FAILED_PRECHECKS",
        "FAILED_NO_RESOURCE",
        "FAILED_CONTROLLER",
    }
)
"""States of a managed job that is over."""


class Controllers(Client):
    """A `Client` that also speaks to the controllers."""

    def __init__(self) -> None:
        super().__init__()
        with explained():
            from sky import jobs, serve

            self._jobs: Any = jobs
            self._serve: Any = serve

    # -- managed jobs ------------------------------------------------------------------------------

    @explained()
    def launch_job(self, task: Any, name: str) -> str:
        """Hand a managed job in; the request's id."""
        return str(self._jobs.launch(task, name=name))

    @explained()
    def wait_job(self, request: str, progress: TextIO | JobLog) -> int:
        """The number of a managed job that is being handed in."""
        numbers, _ = self._sdk.stream_and_get(request, output_stream=progress)
        return int(numbers[0])

    @explained()
    def jobs(self) -> list[ManagedJob]:
        """Managed jobs of this user, newest first."""
        fields = ["job_id", "job_name", "task_name", "status", "recovery_count", "failure_reason"]
        found, *_ = self._ask(self._jobs.queue_v2, refresh=False, fields=fields)
        from sky.jobs.utils import generate_managed_job_cluster_name

        return [
            ManagedJob(
                number=each.job_id,
                name=each.job_name,
                state=str(each.status.value),
                machine=generate_managed_job_cluster_name(each.task_name, each.job_id),
                recoveries=int(each.recovery_count or 0),
                why=" ".join((each.failure_reason or "").split()),
            )
            for each in sorted(found, key=lambda each: -each.job_id)
        ]

    def job(self, name: str) -> ManagedJob | None:
        """The managed job of this name; names of ours are used once."""
        return next((each for each in self.jobs() if each.name == name), None)

    @explained()
    def job_log(self, number: int, out: TextIO | JobLog, *, follow: bool) -> int:
        """Copy a managed job's log to `out`, over all its machines; 0, or SkyPilot's code for one that did not
        succeed."""
        return int(self._jobs.tail_logs(job_id=number, follow=follow, output_stream=out))

    @explained()
    def end_job(self, number: int) -> None:
        """Have the controller end a managed job and its machine; it does so in its own time."""
        self._ask(self._jobs.cancel, job_ids=[number])

    # -- services ----------------------------------------------------------------------------------

    @explained()
    def start_service(self, task: Any, name: str) -> str:
        """Hand a service in; the request's id."""
        return str(self._serve.up(task, service_name=name))

    @explained()
    def wait_service(self, request: str, progress: TextIO | JobLog) -> str:
        """Where a service that is being handed in answers."""
        _, endpoint = self._sdk.stream_and_get(request, output_stream=progress)
        return str(endpoint)

    @explained()
    def services(self) -> list[Service]:
        """All services."""
        return [
            Service(
                name=each["name"],
                state=str(each["status"].value),
                endpoint=each.get("endpoint"),
                replicas=tuple(
                    Replica(one["replica_id"], str(one["status"].value))
                    for one in each.get("replica_info") or ()
                ),
            )
            for each in self._ask(self._serve.status, None)
        ]

    def service(self, name: str) -> Service | None:
        """The service of this name."""
        return next((each for each in self.services() if each.name == name), None)

    @explained()
    def scaling(self, name: str) -> dict[str, Any]:
        """The `replica_policy` by which SkyServe's controller scales a service, from the task that it keeps and
        starts again with; {} where it tells none."""
        import yaml  # SkyPilot brings it

        (found,) = self._ask(self._serve.status, [name]) or [{}]
        service = (yaml.safe_load(found.get("yaml_content") or "") or {}).get("service") or {}
        policy: dict[str, Any] = service.get("replica_policy") or {}
        return policy

    @explained()
    def replica_log(self, name: str, number: int, out: TextIO | JobLog, *, follow: bool) -> None:
        """Copy one replica's log to `out`."""
        self._serve.tail_logs(name, target="replica", replica_id=number, follow=follow, output_stream=out)

    @explained()
    def end_service(self, name: str) -> None:
        """Take a service and its replicas down; fine if it is gone."""
        with suppress(ValueError):
            self._sdk.get(self._serve.down([name]))

    # -- their machines ----------------------------------------------------------------------------

    @explained()
    def controlled(self) -> list[Machine]:
        """The machines that the controllers have rented. SkyPilot leaves them out of its status unless it is asked as
        a developer would."""
        with _as_developer():
            found = self._ask(self._sdk.status)
        return [machine_of(each) for each in found if each.is_managed]

    @explained()
    def spent(self, machines: str) -> float:
        """Dollars for all machines so far whose name matches the pattern `machines`, as SkyPilot counts them."""
        found = self._ask(self._sdk.cost_report)
        return sum(float(each["total_cost"] or 0) for each in found if re.fullmatch(machines, each["name"]))

    @explained()
    def is_submitting(self, what: str) -> bool:
        """Whether the server is still busy with a request of this kind ("jobs.launch", "serve.up")."""
        return any(each.name.endswith(what) for each in self._sdk.api_status())


_environment = threading.Lock()


@contextmanager
def _as_developer() -> Iterator[None]:
    with _environment:
        before = os.environ.get("SKYPILOT_DEBUG")
        os.environ["SKYPILOT_DEBUG"] = "1"
        try:
            yield
        finally:
            del os.environ["SKYPILOT_DEBUG"]
            if before is not None:
                os.environ["SKYPILOT_DEBUG"] = before


def machine_of_job(controllers: Controllers, job: ManagedJob) -> Machine | None:
    """The machine that a managed job has at the moment."""
    return next((each for each in controllers.controlled() if each.name == job.machine), None)


def end_managed_job(controllers: Controllers, name: str) -> None:
    """End a managed job, and see its machine go; fine if there is none. TimeoutError where it stays."""
    deadline = time.monotonic() + TEARDOWN_SECONDS - 10
    while (job := controllers.job(name)) is None:
        # Handed in by a client that is gone: it may be there in a moment.
        if not controllers.is_submitting("jobs.launch") or time.monotonic() > deadline:
            return
        time.sleep(1)
    if job.state not in ENDED:
        controllers.end_job(job.number)
    wait_until_gone(controllers, lambda: controllers.job(name) or job, deadline - time.monotonic())


def wait_until_gone(controllers: Controllers, look: Callable[[], ManagedJob], seconds: float) -> ManagedJob:
    """The managed job once it is over and its machine is gone. TimeoutError with what is still there."""
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


def end_service(controllers: Controllers, name: str) -> None:
    """Take a service down, and see its machines go; fine if there is none. TimeoutError where they stay."""
    deadline = time.monotonic() + TEARDOWN_SECONDS - 10
    while controllers.service(name) is None and controllers.is_submitting("serve.up"):
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    controllers.end_service(name)
    while True:
        left = [each.name for each in controllers.controlled() if each.name.rpartition("-")[0] == name]
        if not left and not controllers.service(name):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{', '.join(left) or name} is still there")
        time.sleep(1)


def lock_sky_folder() -> None:
    """Close SkyPilot's folder to other users: its controller keeps the values of secrets there, to start the job
    again with, in files that all on this machine could read. UserError where it cannot be closed."""
    try:
        os.chmod(os.path.expanduser("~/.sky"), 0o700)
    except OSError as error:
        raise UserError(
            "sky-folder-open",
            f"SkyPilot's controller would keep the secrets in ~/.sky, which others may read: {error.strerror}",
            "chmod 700 ~/.sky, or give --plain",
        ) from error
