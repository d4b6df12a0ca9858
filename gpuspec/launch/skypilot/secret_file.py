"""Secrets of a job on a Slurm. SkyPilot 0.14.1 hands a job's environment to `srun` as an argument, which everyone who
may log in to the cluster can read; so there they travel in a file that only its owner can read."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gpuspec.launch.records import Records, alive, run_path, writing_for

NAME = "secrets"


def on_slurm(infra: str) -> bool:
    """Whether SkyPilot's `infra` names a Slurm."""
    return infra.split("/")[0] == "slurm"


def secrets_in_file(config: dict[str, Any], values: Mapping[str, str], run_id: str) -> dict[str, Any]:
    """The task with its secrets in a file that SkyPilot copies to the machine: setup and the command read it, and the
    command removes it. `remove_secret_file` removes the one here."""
    for run in Records().all():
        if not alive(run):
            remove_secret_file(run.id)
    there = f"~/.gpuspec-{run_id}"
    with writing_for(run_id) as folder:
        here = os.path.join(folder, NAME)
        with open(os.open(here, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
    changed = {name: value for name, value in config.items() if name != "secrets"}
    changed["file_mounts"] = {**config.get("file_mounts", {}), there: here}
    if "setup" in config:
        changed["setup"] = f". {there} || exit\n{config['setup']}"
    changed["run"] = f". {there} || exit; rm -f {there}\n{config['run']}"
    return changed


def remove_secret_file(run_id: str) -> None:
    """Remove a run's file from this machine: once the job has begun, nobody reads it any more."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.remove(os.path.join(run_path(run_id), NAME))
