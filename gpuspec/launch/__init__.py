"""Launching: the plan's choice becomes a machine, the machine runs the job, and then it is gone.

What the launchers share: `launcher.py` (the protocol), `launchers.py` (which there are), `records.py` (run records),
`checks.py`, `steps.py` (a job as texts for bash), `downloads.py`, `items.py`, `outputs.py`. What runs on the machine
itself stands in `on_machine/`. The names below are public, for launchers of plugins (docs/plugins/launchers.md); they
load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.launch.launcher import (
    FINAL,
    Launcher,
    Outcome,
    Record,
    Run,
    RunSettings,
    State,
    Stray,
)
from gpuspec.launch.launchers import find_launcher as find_launcher

if TYPE_CHECKING:
    from gpuspec.launch.checks import check_job
    from gpuspec.launch.interrupts import interruptible
    from gpuspec.launch.outputs import Outputs, outputs_of
    from gpuspec.launch.readiness import Watch, ask_here
    from gpuspec.launch.records import alive, record_of, run_folder
    from gpuspec.launch.redact import Redactor
    from gpuspec.launch.steps import Steps, steps_of
    from gpuspec.launch.tunnel import Tunnel, forward

_HOME = {
    "Outputs": "outputs",
    "Redactor": "redact",
    "Steps": "steps",
    "Tunnel": "tunnel",
    "Watch": "readiness",
    "alive": "records",
    "ask_here": "readiness",
    "check_job": "checks",
    "forward": "tunnel",
    "interruptible": "interrupts",
    "outputs_of": "outputs",
    "record_of": "records",
    "run_folder": "records",
    "steps_of": "steps",
}

__all__ = [
    "FINAL",
    "Launcher",
    "Outcome",
    "Outputs",
    "Record",
    "Redactor",
    "Run",
    "RunSettings",
    "State",
    "Steps",
    "Stray",
    "Tunnel",
    "Watch",
    "alive",
    "ask_here",
    "check_job",
    "forward",
    "interruptible",
    "outputs_of",
    "record_of",
    "run_folder",
    "steps_of",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'gpuspec.launch' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"gpuspec.launch.{home}"), name)
