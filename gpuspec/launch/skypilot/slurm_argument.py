"""What SkyPilot 0.14.1 puts into one argument on a Slurm: a shell gets `srun` with all of the job's variables as JSON
and, where it is short, its text, both quoted twice (`SlurmCodeGen` of `sky/backends/task_codegen.py`)."""

from __future__ import annotations

import json
import shlex
from typing import Any

from gpuspec.launch.program_room import require_startable
from gpuspec.launch.skypilot.job_script import INLINE_BYTES


def require_slurm_argument(config: dict[str, Any]) -> None:
    """UserError where a task's setup or command could not be started so."""
    for step in ("setup", "run"):
        text = config.get(step) or ""
        parts = [json.dumps(config.get("envs") or {})]
        if len(text) <= INLINE_BYTES:
            parts.append(text)
        quoted = "".join(shlex.quote(shlex.quote(part)) for part in parts)
        require_startable(**{f"env and {step}, quoted for a Slurm,": quoted})
