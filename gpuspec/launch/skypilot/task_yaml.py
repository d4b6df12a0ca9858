"""A job as SkyPilot task YAML: what `gpuspec export` prints and `run --dry-run` shows."""

from __future__ import annotations

from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.skypilot.controller_task import managed_job_task, service_task
from gpuspec.launch.skypilot.mode import Mode, check_without_end
from gpuspec.launch.skypilot.task import task
from gpuspec.launch.skypilot.yaml_text import render
from gpuspec.planning.plan import Plan
from gpuspec.printable import one_line

_COMMANDS: dict[Mode, str] = {
    "machine": "sky launch",
    "job": "sky jobs launch",
    "service": "sky serve up",
}


def task_yaml(job: Job, plan: Plan, workdir: str, mode: Mode = "machine") -> str:
    """The SkyPilot task YAML that `gpuspec run` would send in this mode, but for the program that looks how much of
    the machine is used, where the job does not ask for it. Holds no secret's value. UserError for a service with a
    time limit."""
    if mode == "service":
        check_without_end(plan)
    found = items.resolve(job, workdir)
    config = task(job, plan, workdir=workdir, label="export", items=found, sampled=False)
    if mode == "job":
        config = managed_job_task(config, job)
    elif mode == "service":
        config = service_task(config, job)
    secrets = "".join(f" --secret {name}" for name in job.secrets)
    head = one_line(f"# written by gpuspec; launch it with: {_COMMANDS[mode]}{secrets} FILE") + "\n"
    return head + render(config)
