"""Run records: one SQLite file in the platform's state folder, so that no machine is ever forgotten.

Every launch writes its record before it starts anything; each change is committed before `update` returns.
Several gpuspec processes may write at once. No secret is ever written here.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch import clock
from gpuspec.launch.launcher import FINAL, Run
from gpuspec.launch.month import month_of
from gpuspec.launch.programs import program
from gpuspec.launch.record_row import KINDS, run_of, stored, text_of
from gpuspec.untrusted_file import in_words
from gpuspec.user_folder import user_folder

WAIT = 30.0
"""Seconds that a process waits for others that write."""

LOOKED_BACK = 8 * 86400.0
"""Seconds before the month's first: what ended before that costs nothing in it, whatever its idle minutes."""

ALERT_AGAIN = 120.0
"""Seconds after which an alert that did not arrive is tried again, `ALERT_TRIES` times in all."""
ALERT_TRIES = 5

SHORTEST_BEGINNING = 4
"""Characters of an id that stand for all of it."""

_COLUMNS = {float: "REAL", int: "INTEGER", bool: "INTEGER", str: "TEXT"}
"""Type of a field of Run → that of its column."""

_OLDEST = {"id", "name", "launcher", "state", "started"}
"""Columns that the table of runs had from the first."""

_ALERTS = "CREATE TABLE IF NOT EXISTS alerts (key TEXT PRIMARY KEY, tried REAL, tries INTEGER, told REAL)"
"""What was told of budgets, each once: the key of an alert and the digest of whom it goes to."""

_ODD_ID = "typeof(id) <> 'text' OR id = '' OR id GLOB '*[^A-Za-z0-9]*' OR hex(id) LIKE '%00%'"
"""Rows whose id is none: it is typed in commands, and names a folder. (To GLOB a NUL is the end.)"""

_STARTED = "CASE WHEN typeof(started) IN ('real', 'integer') THEN started ELSE 0 END"
"""The time of a row whose field may hold anything."""

_ACTIVE = f"NOT (coalesce(state, '') IN {FINAL} OR (coalesce(state, '') = 'lost' AND coalesce(gone, 0) = 1))"
"""Rows that may be active: whatever is odd is."""


def state_dir() -> str:
    """Where runs are kept: the user's folder for state. Made with mode 0700."""
    folder = user_folder("state")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise UserError(
            "state-dir",
            f"cannot keep run records in {folder}: {error.strerror}",
            "set GPUSPEC_STATE_DIR to a folder that can be written",
        ) from error
    return os.path.abspath(folder)


def run_path(run_id: str) -> str:
    """Where the folder of one run's files is, or would be."""
    return os.path.join(state_dir(), "runs", run_id)


def run_folder(run_id: str) -> str:
    """The folder of one run's files (log, outputs on their way back), mode 0700."""
    folder = run_path(run_id)
    for part in (os.path.dirname(folder), folder):
        os.makedirs(part, mode=0o700, exist_ok=True)
    return folder


@contextmanager
def writing_for(run_id: str) -> Iterator[str]:
    """The folder of one run's files, to write into what the run needs. UserError where that does not work."""
    try:
        yield run_folder(run_id)
    except OSError as error:
        raise UserError(
            "records-not-written",
            f"what run {run_id} needs could not be written to {run_path(run_id)}: {in_words(error)}",
            "make room on that disk, or set GPUSPEC_STATE_DIR to another",
        ) from error


def log_path(run_id: str) -> str:
    """The file the run's output is kept in on this machine."""
    return os.path.join(run_folder(run_id), "log.txt")


def process_start(pid: int) -> str | None:
    """When process `pid` began, in the system's own words; None if there is no such process (a zombie counts as
    none). The pair (pid, start) tells a reused number apart."""
    if os.path.isdir("/proc/self"):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]  # man 5 proc: fields 3 (state) and 22 (starttime)
    shown = subprocess.run(
        [program("ps") or "/bin/ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.strip() or None


def alive(run: Run) -> bool:
    """Whether the process that looks after the run is still there."""
    return run.pid is not None and run.pid_start is not None and process_start(run.pid) == run.pid_start


class RunRecord:
    """The writer of one run's row (`launcher.Record`)."""

    def __init__(self, records: Records, run: Run) -> None:
        self._records = records
        self._run = run

    @property
    def run(self) -> Run:
        """The row as last written or read here."""
        return self._run

    def update(self, **changes: Any) -> Run:
        """Change fields by name. "running" sets `work_began`; a final `state`, or a machine that is `gone`, `ended`;
        a `pid` also keeps when that process began."""
        if "pid" in changes and changes["pid"] is not None:
            changes.setdefault("pid_start", process_start(changes["pid"]))
        if changes.get("state") == "running" and self._run.work_began is None:
            changes.setdefault("work_began", time.time())
        if (changes.get("state") in FINAL or changes.get("gone")) and self._run.ended is None:
            changes.setdefault("ended", time.time())
            if self._run.boot == clock.boot():
                changes.setdefault("ended_up", clock.uptime())
        self._run = self._records.write(self._run.id, changes)
        return self._run


class Records:
    """All runs of this user on this machine."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path or os.path.join(state_dir(), "runs.sqlite3")
        try:
            # Made by hand first: sqlite would create it readable by others.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            if not os.path.isfile(self.path):
                raise OSError(errno.EINVAL, "it is no plain file")
        except OSError as error:
            raise self.trouble(error) from error
        with self._opened() as connection, connection:
            # No write-ahead log: two that are the first at once would not wait for each other while they turn it on
            # (sqlite.org/c3ref/busy_handler.html), and it does not work in a home on NFS (wal.html).
            connection.execute("BEGIN IMMEDIATE")
            _migrate(connection)

    def trouble(self, error: Exception) -> UserError:
        """What to tell of records that could not be read or written."""
        words = in_words(error)
        # sqlite's words for a disk with no room at all for its log: "disk I/O error"
        if "full" in words or "disk I/O" in words or getattr(error, "errno", None) == errno.ENOSPC:
            return UserError(
                "records-not-written",
                f"the run's record in {self.path} could not be written: {words}",
                "make room on that disk, or set GPUSPEC_STATE_DIR to another; then `gpuspec ps` tells what is up",
            )
        if "locked" in words:
            return UserError(
                "records-busy",
                f"another program has kept the run records in {self.path} locked for {WAIT:g} s",
                "try again; `lsof` with that path tells who has them open",
            )
        return UserError(
            "records-unreadable",
            f"the run records in {self.path} cannot be used: {words}",
            "move that file away to start afresh; `gpuspec reap --dry-run` then tells of the machines SkyPilot knows",
        )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                connection.text_factory = text_of
                yield connection
        except sqlite3.DatabaseError as error:
            raise self.trouble(error) from error

    def new(self, *, admit: Callable[[list[Run]], None] | None = None, **fields: Any) -> RunRecord:
        """Write a new run (fields of `Run`; `id`, `started`, `state` and this process's `pid` are filled in). Where
        `admit` raises an error for the runs that there are, none is written; of two that ask at once, the second
        sees the first. All others that write wait meanwhile: `admit` takes no time."""
        fields.setdefault("id", _new_id())
        fields.setdefault("state", "starting")
        fields.setdefault("started", time.time())
        fields.setdefault("boot", clock.boot())
        fields.setdefault("started_up", clock.uptime())
        fields.setdefault("pid", os.getpid())
        fields.setdefault("pid_start", process_start(fields["pid"]))
        run = Run(**fields)
        columns = ", ".join(Run._fields)
        marks = ", ".join("?" for _ in Run._fields)
        with self._opened() as connection, connection:
            if admit:
                connection.execute("BEGIN IMMEDIATE")
                admit(_of_month(connection, run.started))
            connection.execute(
                f"INSERT INTO runs ({columns}) VALUES ({marks})", [stored(each) for each in run]
            )
        return RunRecord(self, run)

    def recent(self, now: float) -> list[Run]:
        """Runs that go on, or ended in the month of `now` or shortly before, in no order: what its spending is made
        of."""
        with self._opened() as connection:
            return _of_month(connection, now)

    def write(self, run_id: str, changes: dict[str, Any]) -> Run:
        """Change fields of one run; returns the row."""
        unknown = set(changes) - set(Run._fields)
        if unknown:
            raise TypeError(f"no such field of Run: {', '.join(sorted(unknown))}")
        assignments = ", ".join(f"{name} = ?" for name in changes)
        with self._opened() as connection:
            if changes:
                values = [stored(each) for each in changes.values()]
                connection.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*values, run_id))
            row = connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UserError("unknown-run", f"the record of run {run_id} is gone from {self.path}")
        return run_of(row)

    def claim(self, run_id: str, machine: str) -> bool:
        """Give a run the machine that an earlier one has left; False where another run was quicker."""
        final = ", ".join("?" for _ in FINAL)
        with self._opened() as connection:
            changed = connection.execute(
                "UPDATE runs SET machine = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM runs AS other"
                f" WHERE other.machine = ? AND other.id <> ? AND other.state NOT IN ({final}))",
                (stored(machine), run_id, stored(machine), run_id, *FINAL),
            )
            return changed.rowcount == 1

    def claim_items(self, run_id: str, items: str, in_the_way: Callable[[Run], bool]) -> Run | None:
        """Note which items a run does, unless one that is not over is `in_the_way`: that one, then. Of two that ask
        at once, one comes first. All others that write wait meanwhile: `in_the_way` takes no time."""
        with self._opened() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            rows = connection.execute("SELECT * FROM runs WHERE items IS NOT NULL AND id <> ?", (run_id,))
            active = (run for run in map(run_of, rows.fetchall()) if not run.is_over)
            other = next((run for run in active if in_the_way(run)), None)
            if other is None:
                connection.execute("UPDATE runs SET items = ? WHERE id = ?", (stored(items), run_id))
        return other

    def gone(self, machine: str) -> None:
        """Note that a machine is away: nobody need ask for it again."""
        with self._opened() as connection:
            connection.execute("UPDATE runs SET gone = 1 WHERE machine = ?", (stored(machine),))

    def claim_alert(self, key: str, now: float) -> bool:
        """Whether it is for this process to tell something: nobody has, nor is about to."""
        with self._opened() as connection:
            changed = connection.execute(
                "INSERT INTO alerts (key, tried, tries) VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET"
                " tried = excluded.tried, tries = tries + 1 WHERE told IS NULL AND tries < ?"
                " AND (tried <= ? OR tried > ?)",  # later than now: somebody set the clock back
                (stored(key), now, ALERT_TRIES, now - ALERT_AGAIN, now + ALERT_AGAIN),
            )
            return changed.rowcount == 1

    def alerts_told(self, keys: Iterable[str], now: float) -> None:
        """Note that these need not be told any more."""
        with self._opened() as connection:
            connection.executemany(
                "INSERT INTO alerts (key, tried, tries, told) VALUES (?, ?, 1, ?)"
                " ON CONFLICT (key) DO UPDATE SET told = excluded.told",
                [(stored(key), now, now) for key in keys],
            )

    def all(self, *, active: bool = False) -> list[Run]:
        """Runs, newest first; `active` leaves out those that ended."""
        runs = self._found(_ACTIVE if active else "1")
        return [run for run in runs if not run.is_over] if active else runs

    def shown(self, newest: int) -> list[Run]:
        """Runs, newest first, without those that only history knows: the newest, those that did not end, and those
        whose machine nobody has seen away."""
        found = f"id IN (SELECT id FROM runs ORDER BY {_STARTED} DESC, id LIMIT ?)"
        machine = "launcher IS NOT 'local' AND machine IS NOT NULL AND gone IS NOT 1"
        return self._found(f"{_ACTIVE} OR ({machine}) OR {found}", newest)

    def _found(self, where: str, *values: Any) -> list[Run]:
        with self._opened() as connection:
            rows = connection.execute(f"SELECT * FROM runs WHERE {where}", values).fetchall()
        return sorted(map(run_of, rows), key=lambda run: (-run.started, run.id))

    def get(self, wanted: str) -> Run:
        """The run with this id, else the newest of this name, else the one whose id begins so. UserError when there
        is none or several could be meant."""
        exact = self._found("id = ?", stored(wanted)) or self._found("name = ?", stored(wanted))
        if exact:
            return exact[0]
        # A few characters begin many an id by chance, and what is named here may be ended.
        alike = self._found("substr(id, 1, ?) = ?", len(wanted), stored(wanted)) if wanted else []
        beginning = alike if len(wanted) >= SHORTEST_BEGINNING else []
        if len(beginning) == 1:
            return beginning[0]
        if beginning:
            ids = ", ".join(run.id for run in beginning[:5])
            raise UserError(
                "ambiguous-run",
                f"{wanted!r} is the beginning of {len(beginning)} runs: {ids}",
                "give more of the id",
            )
        hint = "`gpuspec ps --all` lists them"
        if alike:
            hint += f"; of an id give at least {SHORTEST_BEGINNING} characters"
        raise UserError("unknown-run", f"there is no run {wanted!r}", hint)


def _of_month(connection: sqlite3.Connection, now: float) -> list[Run]:
    since = month_of(now).begins - LOOKED_BACK
    rows = connection.execute("SELECT * FROM runs WHERE ended IS NULL OR ended >= ?", (since,))
    return list(map(run_of, rows.fetchall()))


def record_of(run: Run) -> RunRecord:
    """The writer of a run that was read before."""
    return RunRecord(Records(), run)


def _new_id() -> str:
    letters = "abcdefghijkmnpqrstuvwxyz"
    rest = letters + "23456789"
    return secrets.choice(letters) + "".join(secrets.choice(rest) for _ in range(9))


def _migrate(connection: sqlite3.Connection) -> None:
    """Make the table, or give an older one the columns it lacks (none is ever taken away), and an id to each row that
    no command could name. sqlite3.DatabaseError where it is another program's."""
    there = {row["name"] for row in connection.execute("PRAGMA table_info(runs)")}
    if there and not there >= _OLDEST:
        raise sqlite3.DatabaseError(
            f"its table `runs` has no {', '.join(sorted(_OLDEST - there))}: it is not gpuspec's"
        )
    if not there:
        others = connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
        if others:
            raise sqlite3.DatabaseError(
                f"it holds {others['name'][:60]!r} and no table `runs`: it is not gpuspec's"
            )
        connection.execute("CREATE TABLE runs (id TEXT PRIMARY KEY)")
        there = {"id"}
    for name in Run._fields:
        if name not in there:
            connection.execute(f"ALTER TABLE runs ADD COLUMN {name} {_COLUMNS[KINDS[name]]}")
    connection.execute(_ALERTS)
    connection.execute(f"UPDATE runs SET id = 'odd' || lower(hex(randomblob(4))) WHERE {_ODD_ID}")
