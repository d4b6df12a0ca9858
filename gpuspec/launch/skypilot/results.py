"""A run's results on their way back from its machine; a machine whose results did not come is kept for an hour."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Record, Run
from gpuspec.launch.outputs import ACKNOWLEDGED, Outputs, outputs_from, staging_folder
from gpuspec.launch.records import record_of, run_folder, writing_for
from gpuspec.launch.skypilot.client import Client
from gpuspec.launch.skypilot.standard_streams import to_stderr
from gpuspec.named_tuple import NamedTuple

KEEP_MINUTES = 60
"""How long a machine is kept while its outputs are fetched, or because they could not be."""

PATIENCE_SECONDS = 20.0
"""How long a fetch may take before the machine's timer is extended for it; the shortest timer is a minute."""

RETRY_PAUSES = (5.0, 20.0, 60.0)
"""Seconds before each further try to fetch outputs from a machine that was not reached."""

TEARDOWN_FETCH_SECONDS = 60.0
"""How long what was written is fetched before a machine is taken down in the middle of its job."""


_OUTPUTS_FILE = "results.json"
"""In a run's own folder: what its outputs are, so that any later client can fetch them."""


def write_outputs_file(run_id: str, outputs: Sequence[str], exclude: Sequence[str]) -> None:
    """Write down what a run's outputs are."""
    text = json.dumps({"outputs": list(outputs), "exclude": list(exclude)})
    with (
        writing_for(run_id) as folder,
        open(os.path.join(folder, _OUTPUTS_FILE), "w", encoding="utf-8") as out,
    ):
        out.write(text)


def recorded_outputs(client: Client, run: Run, host: str) -> Outputs | None:
    """The outputs of a run, whoever launched it, from the machine `host`; None where it has none, or it is not known
    any more what they are or where they belong."""
    try:
        with open(os.path.join(run_folder(run.id), _OUTPUTS_FILE), encoding="utf-8") as text:
            wanted = json.load(text)
        patterns = [wanted["outputs"], wanted["exclude"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    sound = all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in patterns)
    if not sound or not wanted["outputs"] or not os.path.isabs(run.workdir):
        return None
    options = client.rsync_options(host)
    return outputs_from(f"{host}:sky_workdir", run, wanted["outputs"], wanted["exclude"], options)


def forget_outputs(run_id: str) -> None:
    """A run is over and its outputs are in their place: forget what they were, and the copies they came through."""
    shutil.rmtree(staging_folder(run_id), ignore_errors=True)
    for name in (ACKNOWLEDGED, _OUTPUTS_FILE):
        with suppress(FileNotFoundError):
            os.remove(os.path.join(run_folder(run_id), name))


def fetch_before_teardown(client: Client, run: Run, *, host: str, is_up: Callable[[], bool]) -> bool:
    """Fetch what a run has written before its machine `host` goes, in a minute at most; what came, or why nothing
    did, goes to standard error. True where nothing is left behind."""
    outputs = recorded_outputs(client, run, host)
    if outputs is None:
        return True
    try:
        fetched = is_up()
        lines = outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS).lines() if fetched else []
    except UserError as error:
        fetched, lines = False, [f"outputs: {error.message}"]
    for line in lines:
        to_stderr(line)
    return fetched


def fetch_from_own_machine(client: Client, run: Run) -> bool:
    """`fetch_before_teardown` for a run that has a machine of its own."""
    name = run.machine
    if name is None:
        return True

    def is_up() -> bool:
        machine = client.machine(name)
        return machine is not None and (machine.up or machine.was_up)

    return fetch_before_teardown(client, run, host=name, is_up=is_up)


def fetch_after_end(client: Client, run: Run, say: Callable[[str], None]) -> str:
    """Fetch what a run that is over has written, however long it takes: its machine is kept for it. "" or why not all
    of it came."""
    outputs = recorded_outputs(client, run, run.machine or "")
    if outputs is None:
        return ""
    minutes = KEEP_MINUTES if run.keep_alive_minutes is None else int(run.keep_alive_minutes)
    fetcher = ResultFetcher(
        client=client, record=record_of(run), number=None, minutes=minutes, outputs=outputs, say=say
    )
    return fetcher.final_fetch()


class ResultFetcher(NamedTuple):
    """What `outputs` brings from a run's machine, on which job `number` runs and whose timer is `minutes`."""

    client: Client
    record: Record
    number: int | None
    minutes: int
    outputs: Outputs
    say: Callable[[str], None]

    @property
    def name(self) -> str:
        """The machine's."""
        return self.record.run.machine or ""

    @property
    def extended_minutes(self) -> int:
        """What the timer is set to while outputs are fetched."""
        return max(self.minutes, KEEP_MINUTES)

    def final_fetch(self) -> str:
        """Bring back what is left once the job is over; "" or what was not to be had. A fetch that takes its time,
        or fails, keeps the machine for an hour."""
        extended = threading.Event()

        def extend() -> None:
            with suppress(UserError):
                self._extend_timer()
                extended.set()

        # Changing a timer takes seconds, so it is left alone where the fetch is over well before it.
        later = threading.Timer(PATIENCE_SECONDS if self.minutes else 0, extend)
        later.start()
        try:
            trouble = self._fetch()
        finally:
            later.cancel()
            later.join()
        if trouble:
            if not extended.is_set():
                extend()
            return self._kept_message(trouble, extended=extended.is_set())
        if extended.is_set():
            self.client.set_timer(self.name, self.minutes)
            self.record.update(keep_alive_minutes=self.minutes)
        forget_outputs(self.record.run.id)
        return ""

    def fetch_before_teardown(self) -> str:
        """Bring what was written before the machine goes; "" or why it stays, its job ended, its timer extended."""
        try:
            self.outputs.fetch(timeout=TEARDOWN_FETCH_SECONDS)
        except UserError as error:
            if self.client.machine(self.name, refresh=True) is None:
                return ""
            extended = False
            if self.number is not None:
                with suppress(UserError):  # SkyPilot may reach it as little: then its limit ends the job
                    self.client.cancel_job(self.name, self.number)
            with suppress(UserError):
                self._extend_timer()
                extended = True
            return self._kept_message(error.message, extended=extended)
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
        self.client.set_timer(self.name, self.extended_minutes)
        with suppress(UserError):  # our disk is full: that may be why
            self.record.update(keep_alive_minutes=self.extended_minutes)

    def _kept_message(self, trouble: str, *, extended: bool) -> str:
        run = self.record.run.id
        minutes = self.extended_minutes if extended else self.minutes
        return (
            f"{trouble}; {self.name} is kept for {minutes} minutes with the results: "
            f"fetch them with `gpuspec logs -f {run}`, then gpuspec down {run}"
        )
