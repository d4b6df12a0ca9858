"""Results on their way back: fetched while the job runs and before its machine goes, and never over a file that
the author has changed meanwhile."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import fnmatch
import glob
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

from gpuspec.atomic_write import atomic_write
from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.items import NOTES, status_path
from gpuspec.launch.launcher import Run, RunSettings
from gpuspec.launch.on_machine.downloader.file import Failure, alone_with, confined
from gpuspec.launch.programs import program, required_program
from gpuspec.launch.records import run_folder
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import read_file

INTERVAL_SECONDS = 60.0
"""Between two fetches while the job runs."""

SSH_KEEPALIVE = "-o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
"""Options of ssh: a connection that was cut without a word is given up after a minute, not after hours."""

ACKNOWLEDGED = "fetched"
"""The file in a run's own folder that tells that all of its outputs are here."""

_PARTIAL, _TEMPORARY = ".rsync-partial", ".rsync-temporary"
"""Where rsync keeps, in the staging folder, what it has of a file: to go on with, and while it writes."""

LARGEST_LEDGER = 64 * 1024 * 1024

Ledger = dict[str, list[Any]]
"""What we put into a workdir, by relative path: [size, mtime in ns, run that brought it, Unix time of that]."""


class FetchReport(NamedTuple):
    """What one fetch brought, as paths relative to the workdir. `kept_both` holds (the author's, the new name of
    the job's)."""

    fetched: tuple[str, ...]
    kept_both: tuple[tuple[str, str], ...]

    def lines(self) -> list[str]:
        """For the user; nothing where nothing came."""
        count = len(self.fetched)
        lines = [f"outputs: {count} file{'s' * (count != 1)} fetched"] if count else []
        return lines + [
            f"outputs: {mine} was changed here meanwhile and stays; the job's is {theirs}"
            for mine, theirs in self.kept_both
        ]


def check(outputs: Sequence[str]) -> None:
    """UserError where an output lies outside the workdir."""
    for pattern in outputs:
        try:
            confined(os.sep + "workspace", pattern)
        except Failure as failure:
            raise UserError(
                "output-outside", f"`outputs`: {failure}", "outputs lie inside the workdir"
            ) from failure


def require_rsync() -> None:
    """UserError where outputs could never be fetched."""
    if program("rsync") is None:
        raise UserError("no-rsync", "this machine has no rsync, which fetches outputs", "install rsync")


def missing(workdir: str, outputs: Sequence[str]) -> list[str]:
    """Outputs of which nothing was written."""
    return [
        pattern
        for pattern in outputs
        if not any(map(_is_written, glob.iglob(os.path.join(glob.escape(workdir), pattern))))
    ]


def _is_written(path: str) -> bool:
    try:
        return not os.path.isdir(path) or bool(os.listdir(path))
    except OSError:  # a folder that the job has closed, even to us
        return True


class Outputs:
    """The outputs of one run. `source` is where the job works: a folder, or `HOST:folder` by ssh; `staging` a
    folder of our own, that is kept from fetch to fetch so that only what changed travels; `options` go to rsync
    as they are; `since` is when the run began, in Unix seconds."""

    def __init__(
        self,
        source: str,
        workdir: str,
        staging: str,
        run_id: str,
        outputs: Sequence[str],
        exclude: Sequence[str],
        options: Sequence[str] = (),
        since: float = 0.0,
    ) -> None:
        check(outputs)
        self.source = source
        self.workdir = os.path.realpath(workdir)
        self.staging = staging
        self.run_id = run_id
        self.outputs = tuple(outputs)
        self.exclude = tuple(exclude)
        self.options = tuple(options)
        self.since = since
        self.ledger_path = os.path.join(self.workdir, ".gpuspec", "outputs.json")
        self.lock = threading.Lock()
        self.rsync: subprocess.Popen[str] | None = None

    def fetch(self, timeout: float = 3600) -> FetchReport:
        """Bring everything that changed, in `timeout` seconds. Ends a fetch that is under way in the background,
        which may wait for a machine that does not answer, and goes on where it was. UserError where results could
        not come: then the machine should stay."""
        until = time.monotonic() + timeout
        while not self.lock.acquire(timeout=0.5):
            if self.rsync is not None:
                _end(self.rsync)
        try:
            return self._fetch(until - time.monotonic())
        finally:
            self.lock.release()

    def acknowledge(self, place: str) -> None:
        """Put an empty file at `place` beside the outputs: the machine may go. UserError where it cannot be put."""
        empty = os.path.join(os.path.dirname(self.staging), ACKNOWLEDGED)
        with open(empty, "w", encoding="utf-8"):
            pass
        with self.lock:
            self._run(["rsync", "--times", *self.options, "--", empty, f"{self.source}/{place}"], timeout=60)

    def keep_fetching(self, over: threading.Event, interval: float = INTERVAL_SECONDS) -> threading.Thread:
        """Fetch in the background until `over` is set. A failure here is only a delay: the last fetch tells."""

        def run() -> None:
            while not over.wait(interval):
                with contextlib.suppress(UserError), self.lock:
                    self._fetch(3600)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _fetch(self, timeout: float) -> FetchReport:
        try:
            temporary = os.path.join(self.staging, _TEMPORARY)
            shutil.rmtree(temporary, ignore_errors=True)  # of a fetch that was killed
            os.makedirs(temporary, mode=0o700)
            self._bring(time.monotonic() + timeout)
            found = self._found()
            if not found:
                return FetchReport((), ())
            with alone_with(self.ledger_path):
                return self._merge(found)
        except Failure as failure:
            raise UserError(
                "outputs-not-written",
                f"outputs could not be written here: {failure}",
                f"what came lies in {self.staging}",
            ) from failure
        except OSError as error:
            raise UserError(
                "outputs-not-written",
                f"outputs could not be written here: {error.strerror}: {error.filename}",
                f"make room; what came lies in {self.staging}",
            ) from error

    def _bring(self, until: float) -> None:
        """Fill the staging folder. The notes on items come first, and are dropped where the rest does not come: what
        they call done has its outputs in what comes after them, also while the job goes on."""
        notes = [pattern for pattern in self.outputs if pattern.startswith(NOTES)]
        others = [pattern for pattern in self.outputs if pattern not in notes]
        if notes:
            self._run(self._command(notes, exclude=()), until - time.monotonic())
        try:
            if others:
                self._run(self._command(others, self.exclude), until - time.monotonic())
        except UserError:
            shutil.rmtree(os.path.join(self.staging, os.path.dirname(NOTES)), ignore_errors=True)
            raise

    def _command(self, patterns: Sequence[str], exclude: Sequence[str]) -> list[str]:
        """The rsync command: what exists of these outputs, with their folders, links that lead outside left out."""
        places = [f"{self.source}/./{pattern}" for pattern in patterns]
        if ":" not in self.source:  # rsync expands patterns over there, a shell would here
            places = [found for place in places for found in sorted(glob.glob(place)) or [place]]
        leave = [f"--exclude={pattern}" for pattern in exclude]
        options = ["-rlt", "-z", "--safe-links", "--relative", "--protect-args", "--ignore-missing-args"]
        options += [*self.options, f"--partial-dir={_PARTIAL}", f"--temp-dir={_TEMPORARY}"]
        return ["rsync", *options, *leave, "--", *places, self.staging + "/"]

    def _run(self, command: list[str], timeout: float) -> None:
        hint = (
            "the results are still on the machine; `gpuspec logs` shows the run, `gpuspec down` gives it up"
        )
        try:
            # In a session of its own: Ctrl-C is for us, and where time is up ssh ends with it.
            self.rsync = subprocess.Popen(
                [required_program(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except FileNotFoundError:
            require_rsync()
            raise
        try:
            _, said = self.rsync.communicate(timeout=max(timeout, 0.0))
        except subprocess.TimeoutExpired as error:
            raise UserError(
                "outputs-not-fetched", f"outputs did not come within {timeout:.0f} s", hint
            ) from error
        finally:
            _end(self.rsync)
        if self.rsync.returncode in (0, 24):  # 24: a file vanished while it was read
            return
        reason = _reason(said)
        if os.strerror(errno.ENOSPC) in reason:  # only we write
            raise UserError(
                "outputs-not-written", f"outputs could not be written here: {reason}", "make room; " + hint
            )
        raise UserError("outputs-not-fetched", f"rsync failed ({self.rsync.returncode}): {reason}", hint)

    def _found(self) -> list[str]:
        """What lies in staging, as relative paths; the notes on items last, as `_bring` has them first."""
        found = []
        for folder, _, names in os.walk(self.staging):
            relative = os.path.relpath(folder, self.staging)
            if not {_PARTIAL, _TEMPORARY} & set(relative.split(os.sep)):
                found += [os.path.normpath(os.path.join(relative, name)) for name in names]
        wanted = (path for path in found if not self._excluded(path))
        return sorted(wanted, key=lambda path: (path.startswith(NOTES), path))

    def _merge(self, found: Sequence[str]) -> FetchReport:
        """From staging into the workdir, each file in one step."""
        ledger: Ledger = {}
        with contextlib.suppress(OSError, ValueError, RecursionError):
            read = json.loads(read_file(self.ledger_path, LARGEST_LEDGER))
            ledger = read if isinstance(read, dict) else {}
        fetched, both = [], []
        for relative in found:
            taken = self._take(os.path.join(self.staging, relative), relative, ledger)
            if taken == relative:
                fetched.append(relative)
            elif taken:
                both.append((relative, taken))
        if fetched or both:
            atomic_write(self.ledger_path, json.dumps(ledger, indent=1).encode())
        return FetchReport(tuple(fetched), tuple(both))

    def _excluded(self, relative: str) -> bool:
        return not relative.startswith(NOTES) and any(
            fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(os.path.basename(relative), pattern)
            for pattern in self.exclude
        )

    def _take(self, path: str, relative: str, ledger: Ledger) -> str | None:
        """Put one file in its place, or beside what is there and not ours to replace; the relative path it got,
        None if it is there already."""
        try:
            target = confined(self.workdir, relative)
        except Failure as failure:
            raise UserError("output-outside", f"an output was not taken: {failure}") from failure
        wanted = relative
        if os.path.lexists(target) and not os.path.islink(path):
            if os.path.isfile(target) and filecmp.cmp(path, target, shallow=False):
                ledger[relative] = self._entry(target)
                return None
            if not self._ours(ledger.get(relative), target):
                stem, extension = os.path.splitext(relative)
                wanted = f"{stem}.{self.run_id}{extension}"
                target = os.path.join(self.workdir, wanted)
                if os.path.exists(target) and filecmp.cmp(path, target, shallow=False):
                    return None
        if os.path.islink(path) and os.path.lexists(target):
            return None
        _put(path, target, f".{os.path.basename(target)}.{self.run_id}")
        if not os.path.islink(target):
            ledger[wanted] = self._entry(target)
        return wanted

    def _ours(self, entry: list[Any] | None, target: str) -> bool:
        """Whether the file is as a run left it that was over when this one began. What a run beside this one brought
        is a result to keep."""
        if entry is None or entry[:2] != _stamp(target):
            return False
        run_id, at = (*entry[2:], self.run_id, 0.0)[:2]
        return bool(run_id == self.run_id or at < self.since)

    def _entry(self, target: str) -> list[Any]:
        return [*_stamp(target), self.run_id, time.time()]


def _reason(said: str) -> str:
    """The line of rsync's standard error that says why. ssh warns before it, rsync sums up after it."""
    lines = said.strip().splitlines()
    saying = [line for line in lines if not line.startswith(("Warning: ", "** ", "rsync error: "))]
    return (saying or lines or ["no message"])[0]


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and what it started; rsync keeps what it has of a file when it is asked first."""
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, None)):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def _put(path: str, target: str, temporary_name: str) -> None:
    """Copy in one step: nobody sees half a file, and a full disk leaves none."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = os.path.join(os.path.dirname(target), temporary_name)
    try:
        shutil.copy2(path, temporary, follow_symlinks=False)
        os.replace(temporary, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _stamp(path: str) -> list[int]:
    """Size and time: enough to tell whether anybody wrote to what we put there."""
    found = os.stat(path)
    return [found.st_size, found.st_mtime_ns]


def brought_back(job: Job, settings: RunSettings) -> list[str]:
    """Patterns of what a run brings back: its outputs, and the file that keeps how its items ended."""
    patterns = [*job.outputs] if settings.outputs else []
    if job.items is not None:
        status = status_path(job, settings.shard)
        patterns += [status, f"{status}.*.done"]
    return patterns


def staging_folder(run_id: str) -> str:
    """Where the outputs of a run arrive before they are put in their place."""
    return os.path.join(run_folder(run_id), "outputs")


def outputs_of(
    job: Job, settings: RunSettings, run: Run, source: str, options: Sequence[str] = ()
) -> Outputs | None:
    """The outputs of a run whose job works in `source`; None where there is nothing to bring back."""
    patterns = brought_back(job, settings)
    return outputs_from(source, run, patterns, job.exclude_outputs, options) if patterns else None


def outputs_from(
    source: str, run: Run, patterns: Sequence[str], exclude: Sequence[str], options: Sequence[str]
) -> Outputs:
    """What a run that works in `source` brings back by these patterns."""
    return Outputs(
        source=source,
        workdir=run.workdir,
        staging=staging_folder(run.id),
        run_id=run.id,
        outputs=patterns,
        exclude=exclude,
        options=options,
        since=run.started,
    )
