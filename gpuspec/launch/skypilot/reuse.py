"""Using a machine again: one that an earlier run has left, and whose timer is not over, runs the next job at once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.launcher import FINAL, Run
from gpuspec.launch.records import Records, alive
from gpuspec.launch.skypilot.client import Client, Machine
from gpuspec.launch.skypilot.machine_state import machine_run_state
from gpuspec.launch.skypilot.task import ResourceOption
from gpuspec.planning.cost import exceeds


def machine_key(job: Job, workdir: str) -> str:
    """Digest of all that a machine was made with and a later job could not change: image, disk, open ports, cache,
    setup, downloads, whether it may be a stranger's, and the workdir whose files lie on it."""
    downloads = [{**item._asdict(), "pointer": ""} for item in job.downloads]
    parts = [
        workdir,
        job.image,
        job.disk_gb,
        job.cache,
        [port.port for port in job.ports if port.public],
        job.setup,
        downloads,
        job.hosts == "any",
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def idle_machines(client: Client, key: str) -> list[str]:
    """Machines made with `key` on which no run goes on, newest first."""
    runs = [run for run in Records().all() if run.machine_key == key and run.machine and not run.gone]
    busy = {run.machine for run in runs if _still_has_machine(client, run)}
    return [name for name in dict.fromkeys(run.machine or "" for run in runs) if name not in busy]


def _still_has_machine(client: Client, run: Run) -> bool:
    """Whether a run still has its machine. No record says yet how a run ended that no gpuspec follows; where one
    does, it may still be fetching the results."""
    if run.state in FINAL:
        return alive(run) and run.pid != os.getpid()
    try:
        return alive(run) or machine_run_state(client, run).state not in FINAL
    except UserError:
        return True


def first_reusable(
    client: Client, names: Sequence[str], options: Sequence[ResourceOption], most: float
) -> tuple[Machine, ResourceOption] | None:
    """The first of these machines that is up, will take itself down, and is one the plan would rent for at most
    `most` $/h; with the plan's option for it."""
    for name in names:
        try:
            machine = client.machine(name, refresh=True)
        except UserError:
            continue  # what cannot be asked cannot be used; a new one is rented instead
        if machine is None or not machine.up or machine.idle_minutes < 0 or not machine.down:
            continue
        if machine.price is None or exceeds(machine.price, most):
            continue
        for option in options:
            if _matches(machine, option):
                return machine, option
    return None


def _matches(machine: Machine, option: ResourceOption) -> bool:
    cloud, _, region = option.infra.partition("/")
    return (
        machine.cloud == cloud
        and (not region or machine.region == region)
        and (not option.instance or machine.instance == option.instance)
        and (machine.accelerator, machine.gpu_count) == (option.accelerator, option.gpu_count)
        and bool(machine.spot) == option.spot
    )
