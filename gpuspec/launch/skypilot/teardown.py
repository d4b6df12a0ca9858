"""Taking a managed job or a service down, and seeing its machines go."""

from __future__ import annotations

import time
from collections.abc import Callable

from gpuspec.launch.skypilot.controllers import ENDED, Controllers, ManagedJob, machine_of_job

TEARDOWN_SECONDS = 180.0
"""How long taking a machine down is waited for before saying that it may be up."""


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
