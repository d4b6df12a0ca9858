"""The state of a run that has a machine of its own, asked of SkyPilot and the machine."""

from __future__ import annotations

from typing import Any

from gpuspec.launch.launcher import FINAL, Run, State
from gpuspec.launch.records import alive, record_of
from gpuspec.launch.skypilot.client import Client, Machine
from gpuspec.launch.skypilot.noted_use import asked_of_machine
from gpuspec.launch.skypilot.provisioning import remember, still_there
from gpuspec.numerals import small_number

_STATES: dict[str, State] = {
    "INIT": "provisioning",
    "PENDING": "running",
    "SETTING_UP": "setup",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "FAILED_DRIVER": "failed",
    "FAILED_SETUP": "failed",
    "CANCELLED": "interrupted",
}
"""SkyPilot's state of a job → the state of our run."""


def machine_run_state(client: Client, run: Run) -> Run:
    """The run as its machine reports it, kept in its record once it has ended. When a machine goes, how its job ended
    is lost, unless somebody asked before."""
    name = run.machine or ""
    remember(name)  # SkyPilot may forget it, now that it is asked
    machine = client.machine(name, refresh=True)
    if machine is not None and run.state == "lost":  # it was to go, and did not
        return run._replace(actual_price=machine.paid(run.paid_share))
    if machine is None or not (machine.up or machine.was_up):
        return _without_machine(client, run, machine)
    if run.keep_alive_minutes is not None and machine.idle_minutes < 0 and not alive(run):
        why = "its machine has no timer, and the gpuspec that started it is gone"
        return run._replace(state="lost", message=why, actual_price=machine.paid(run.paid_share))
    if not machine.up:
        why = "its machine cannot be reached just now; its own limit and timer hold"
        return run._replace(message=why, actual_price=machine.paid(run.paid_share))
    number = job_number(client, run)
    if number is None:
        return _without_machine(client, run, machine)
    word = client.job_state(name, number) or "one that its machine does not know"
    now = _STATES.get(word, "lost")
    known: dict[str, Any] = {
        "state": now,
        "machine_job": str(number),
        "actual_price": machine.paid(run.paid_share),
    }
    # While somebody follows its log, that tells as much.
    used = asked_of_machine(client, name) if now in ("running", *FINAL) and not alive(run) else {}
    if now in FINAL:
        return record_of(run).update(**{"message": "", **known, **used})
    why = str(used.pop("message", run.message))
    run = record_of(run).update(**used) if used else run
    return run._replace(
        **known, message=f"SkyPilot gives its job's state as {word}" if now == "lost" else why
    )


def job_number(client: Client, run: Run) -> int | None:
    """The number of the run's job on its machine, also where its client was gone before it could note it."""
    noted = small_number(run.machine_job or "")
    if noted is not None:
        return noted
    found = client.newest_job(run.machine or "")
    if found is None:
        return None
    number, handed_in = found
    own = (run.machine or "").endswith(run.id)  # else the machine had jobs before this one
    return number if own or handed_in >= run.started else None


def _without_machine(client: Client, run: Run, machine: Machine | None) -> Run:
    """A run with no job on a machine: the machine is still being made, or no longer."""
    if alive(run) or client.pending(run.machine or ""):
        return run._replace(state="provisioning")
    if machine is None:
        why = still_there(run.machine or "")
        if why:
            return run._replace(state="lost", message=why)
        return record_of(run).update(state="lost", gone=True, message=_gone(run))
    why = "the gpuspec that started it is gone, and no job is on its machine"
    return run._replace(state="lost", message=why, actual_price=machine.paid(run.paid_share))


def _gone(run: Run) -> str:
    """The message for a run whose machine went before anybody asked how its job ended."""
    if run.cloud is None:  # nobody saw it up, but it may have been
        return "there is no machine of it; whether it came to a job is not known"
    minutes = run.keep_alive_minutes
    timer = "its cloud" if minutes is None else f"its {minutes:g} idle minutes, or its cloud,"
    return (
        f"{timer} took its machine before anybody asked how the job ended; what was not fetched went with it "
        "(next time: gpuspec logs -f)"
    )
