"""A run's results on their way back from its machine; a machine whose results did not come is kept for an hour."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Record, Run
from gpuspec.launch.outputs import Outputs
from gpuspec.launch.records import Records, run_folder

if TYPE_CHECKING:
    from gpuspec.launch.skypilot.client import Client

KEEP_MINUTES = 60
"""How long a machine is kept while its outputs are fetched, or because they could not be."""

PATIENCE_SECONDS = 20.0
"""How long a fetch may take before the timer is wound up for it: the shortest is a minute."""

RETRY_PAUSES = (5.0, 20.0, 60.0)
"""Seconds before each further try to fetch outputs from a machine that was not reached."""

TEARDOWN_FETCH_SECONDS = 60.0
"""How long what was written is fetched before a machine is taken down in the middle of its job."""


def keep(run_id: str, outputs: Sequence[str], exclude: Sequence[str]) -> None:
    """Write down what a run's results are, so that any later client can fetch them."""
    with open(os.path.join(run_folder(run_id), "results.json"), "w", encoding="utf-8") as out:
        json.dump({"outputs": list(outputs), "exclude": list(exclude)}, out)


def outputs_of(client: Client, run: Run, host: str) -> Outputs | None:
    """The outputs of a run, whoever launched it, from the machine `host`; None where it has none."""
    try:
        with open(os.path.join(run_folder(run.id), "results.json"), encoding="utf-8") as text:
            wanted = json.load(text)
    except (OSError, ValueError):
        return None
    if not wanted["outputs"]:
        return None
    return Outputs(
        f"{host}:sky_workdir",
        run.workdir,
        os.path.join(run_folder(run.id), "outputs"),
        run.id,
        wanted["outputs"],
        wanted["exclude"],
        client.rsync_options(host),
        since=run.started,
    )


def forget_outputs(run_id: str) -> None:
    """A run is over and its results are in their place: forget what they were, and the copies they came through."""
    folder = run_folder(run_id)
    shutil.rmtree(os.path.join(folder, "outputs"), ignore_errors=True)
    for name in ("fetched", "results.json"):
        with suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name))


def bring(client: Client, run: Run) -> bool:
    """Fetch what a run has written before its machine goes, in a minute at most; what came, or why nothing did, goes
    to standard error. True where there is nothing that did not come."""
    if run.machine is None or (outputs := outputs_of(client, run, run.machine)) is None:
        return True
    there = False
    try:
        machine = client.machine(run.machine)
        there = machine is not None and (machine.up or machine.was_up)
        lines = outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS).lines() if there else []
    except UserError as error:
        there, lines = False, [f"outputs: {error.message}"]
    for line in lines:
        print(line, file=sys.stderr)
    return there


def bring_all(client: Client, run: Run, say: Callable[[str], None]) -> str:
    """Fetch what a run that is over has written, however long it takes: its machine is kept for it. "" or why not all
    of it came."""
    outputs = outputs_of(client, run, run.machine or "")
    if outputs is None:
        return ""
    minutes = KEEP_MINUTES if run.keep_alive_minutes is None else int(run.keep_alive_minutes)
    record = Records().record(run)
    return ResultFetcher(client, run.machine or "", None, minutes, outputs, record, say).final_fetch()


class ResultFetcher:
    """What `outputs` brings from the machine `name`, on which job `number` runs and whose timer is `minutes`."""

    def __init__(
        self,
        client: Client,
        name: str,
        number: int | None,
        minutes: int,
        outputs: Outputs,
        record: Record,
        say: Callable[[str], None],
    ) -> None:
        self.client = client
        self.name = name
        self.number = number
        self.minutes = minutes
        self.held_minutes = max(minutes, KEEP_MINUTES)
        self.outputs = outputs
        self.record = record
        self.say = say

    def final_fetch(self) -> str:
        """Bring back what is left once the job is over; "" or what was not to be had. A fetch that takes its time,
        or fails, keeps the machine for an hour."""
        wound = threading.Event()

        def hold() -> None:
            with suppress(UserError):
                self._extend_timer()
                wound.set()

        # Changing a timer takes seconds, so it is left alone where the fetch is over well before it.
        winder = threading.Timer(PATIENCE_SECONDS if self.minutes else 0, hold)
        winder.start()
        try:
            trouble = self._fetch()
        finally:
            winder.cancel()
            winder.join()
        if trouble:
            if not wound.is_set():
                hold()
            return self._kept_message(trouble, wound.is_set())
        if wound.is_set():
            self.client.set_timer(self.name, self.minutes)
            self.record.update(keep_alive_minutes=self.minutes)
        forget_outputs(self.record.run.id)
        return ""

    def fetch_before_teardown(self) -> str:
        """Bring what was written before the machine goes; "" or why it stays, its job ended, its timer wound up."""
        try:
            self.outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS)
        except UserError as error:
            if self.client.machine(self.name, refresh=True) is None:
                return ""
            held = False
            if self.number is not None:
                with suppress(UserError):  # SkyPilot may reach it as little: then its limit ends the job
                    self.client.cancel_job(self.name, self.number)
            with suppress(UserError):
                self._extend_timer()
                held = True
            return self._kept_message(error.message, held)
        return ""

    def _fetch(self) -> str:
        """Fetch, once more after each of `RETRY_PAUSES` where the way to the machine is what fails; "" or why not."""
        for pause in (*RETRY_PAUSES, None):
            try:
                for line in self.outputs.fetch().lines():
                    self.say(line)
                return ""
            except UserError as error:
                if pause is None or error.code != "outputs-not-fetched":
                    return f"{error.message} ({error.hint})" if error.hint else error.message
                self.say(f"{error.message}; trying again in {pause:.0f} s")
            time.sleep(pause)
        return ""

    def _extend_timer(self) -> None:
        """Give the machine an hour for its results."""
        self.client.set_timer(self.name, self.held_minutes)
        with suppress(UserError):  # our disk is full: that may be why
            self.record.update(keep_alive_minutes=self.held_minutes)

    def _kept_message(self, trouble: str, held: bool) -> str:
        run = self.record.run.id
        return (
            f"{trouble}; {self.name} is kept for {self.held_minutes if held else self.minutes} minutes with the "
            f"results: fetch them with `gpuspec logs -f {run}`, then gpuspec down {run}"
        )
