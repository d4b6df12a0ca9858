"""Launching: the plan's choice becomes a machine, the machine runs the job, and then it is gone.

What the launchers share: `launcher.py` (the protocol), `installed_launchers.py` (which there are), `records.py` (run
records), `checks.py`, `bash_steps.py`, `downloads.py`, `items.py`, `outputs.py`. What runs on the machine itself
stands in `on_machine/`. The names below are public, for launchers of plugins (docs/plugins/launchers.md)."""

from gpuspec.launch.bash_steps import Steps, steps_of
from gpuspec.launch.checks import check_job
from gpuspec.launch.installed_launchers import find_launcher as find_launcher
from gpuspec.launch.interrupts import interruptible
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
from gpuspec.launch.on_machine.readiness import Watch, ask_here
from gpuspec.launch.on_machine.redact import Redactor
from gpuspec.launch.outputs import Outputs, outputs_of
from gpuspec.launch.records import alive, record_of, run_folder
from gpuspec.launch.tunnel import Tunnel, forward

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
