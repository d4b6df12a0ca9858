"""Who looks whether a budget is nearly used up: the process of `gpuspec run`, the supervisor of a run on this
machine, and `gpuspec alerts --send` for all else. Each alert goes once to each whom it concerns: the run records
know."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.alerts import Alert, month_alert, month_shares, run_alert
from gpuspec.launch.budget_files import Budgets, budgets_of_runs
from gpuspec.launch.launcher import Run
from gpuspec.launch.month import counts
from gpuspec.launch.notify import Addressee, NotSent, notify_of, send, targets_of
from gpuspec.launch.records import Records, run_path, writing_for
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.monthly_budget import STEPS
from gpuspec.untrusted_file import read_file

EVERY = 60.0
"""Seconds between two looks of a process that watches its own run."""
LARGEST = 1 << 16
FILE = "notify.json"


class Notified(NamedTuple):
    """Who is told of a run: the settings file with its `[notify]`, and the webhook of its job."""

    file: str | None = None
    webhook: str | None = None

    @property
    def anybody(self) -> bool:
        """Whether there is one."""
        return bool(self.file or self.webhook)

    @property
    def at(self) -> tuple[float, ...]:
        """The shares of its own budget that are told of."""
        steps = notify_of(self.file).get("at", STEPS) if self.file else STEPS
        return tuple(sorted({float(step) for step in steps}))

    def targets(self) -> tuple[list[Addressee], str]:
        """Whom alerts go to now, and what is said of a command that may not be run."""
        found, said = targets_of(notify_of(self.file), self.file) if self.file else ([], "")
        own = Addressee(webhook=self.webhook) if self.webhook else None
        return [*found, *([own] if own and own not in found else [])], said


def note_notified(run_id: str, notified: Notified) -> None:
    """Keep with a run who is told of it, for whoever watches it later. Only its owner can read it."""
    if not notified.anybody:
        return
    with writing_for(run_id) as folder:
        path = os.path.join(folder, FILE)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
            json.dump(notified._asdict(), out)


def notified_of(run: Run) -> Notified:
    """Who is told of a run; nobody where nothing was kept of it."""
    try:
        found = json.loads(read_file(os.path.join(run_path(run.id), FILE), LARGEST))
    except (OSError, ValueError, RecursionError):
        return Notified()
    if not isinstance(found, dict):
        return Notified()
    file, webhook = (each if isinstance(each, str) else None for each in map(found.get, ("file", "webhook")))
    return Notified(file, webhook)


class Due(NamedTuple):
    """An alert, and whom it goes to."""

    alert: Alert
    targets: tuple[Addressee, ...]


def due(runs: Sequence[Run], budgets: Budgets, everything: Sequence[Run], now: float) -> list[Due]:
    """What is to be told of some runs, and of this month's budgets, for which `everything` counts. A month's alert
    goes to whom the file with the budget names, else to whom the runs under it do."""
    found = []
    for run in runs:
        who = notified_of(run)
        alert = run_alert(run, who.at, now)
        if alert:
            found.append(Due(alert, tuple(who.targets()[0])))
    for share in month_shares(budgets, everything, now):
        alert = month_alert(share)
        if alert is None:
            continue
        targets, said = targets_of(notify_of(share.file), share.file)
        if not targets and not said:
            of_runs = (notified_of(run).targets()[0] for run in everything if counts(run, share.file))
            targets = next(filter(None, of_runs), [])
        found.append(Due(alert, tuple(targets)))
    return found


def tell(due_now: Iterable[Due], say: Callable[[str], None]) -> int:
    """Send what was not sent yet; how many were. What fails is said, and tried again later."""
    records, sent = Records(), 0
    for alert, targets in due_now:
        for target in targets:
            key = f"{alert.key} {target.digest}"
            if not records.claim_alert(key, time.time()):
                continue
            try:
                send(target, alert.text)
            except NotSent as error:
                say(f"an alert could not be sent to {target.in_words}: {error}")
                continue
            records.alerts_told([key, *(f"{below} {target.digest}" for below in alert.below)], time.time())
            sent += 1
    return sent


def wanted(run: Run) -> bool:
    """Whether there is anything to watch: somebody is to be told, or a month's budget holds."""
    return run.budget_file is not None or notified_of(run).anybody


class AlertWatch:
    """Watches one run from the process that looks after it, while it is open: looks every minute, and a last time at
    its end. Does nothing where that is not `wanted`, and never disturbs the run."""

    def __init__(self, run_id: str, say: Callable[[str], None], *, wanted: bool) -> None:
        self._id, self._say, self._wanted = run_id, say, wanted
        self._over = threading.Event()
        self._shown: set[str] = set()
        self._one = threading.Lock()

    def __enter__(self) -> AlertWatch:
        if self._wanted:
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        if self._wanted:
            self._look()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        try:
            with self._one:
                records, now = Records(), time.time()
                run = records.get(self._id)
                budgets = budgets_of_runs([run]) if run.budget_file else {}
                found = due([run], budgets, records.recent(now) if budgets else [], now)
                for each in found:
                    if each.alert.key not in self._shown:
                        self._say(each.alert.text)
                    self._shown.update((each.alert.key, *each.alert.below))
                tell(found, self._say)
        except Exception as error:  # whatever it is, the run goes on
            self._trouble(error)

    def _trouble(self, error: Exception) -> None:
        said: Any = error.message if isinstance(error, UserError) else type(error).__name__
        if said not in self._shown:
            self._shown.add(said)
            self._say(f"budgets cannot be watched: {said}")
