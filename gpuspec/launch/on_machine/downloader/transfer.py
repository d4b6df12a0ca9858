"""Fetching: what is there is skipped, what was cut off is resumed, what is wrong is said once.

Stays within the machine's disk, each download's timeout and a bounded number of tries.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from .faults import reason
from .file import WORKERS, Failure, File, Task, alone_with, check_room, digest, existing, size_text
from .ledger import Ledger
from .part import GrowingFile, in_place
from .progress import Progress
from .resumable import Resumable
from .web import redacted

if TYPE_CHECKING:  # Python 3.8 cannot evaluate these
    Work = Callable[[float], int]
    Planner = Callable[["Fetcher", dict[str, Any]], list[Task]]

DEFAULT_TIMEOUT = 7200.0
ABANDONED_SECONDS = 3600.0
"""A file that did not grow for so long belongs to a machine that is gone: one that is up gives up long before."""


def distinct(tasks: list[Task], own: str) -> list[Task]:
    """The tasks, each file once. Failure where two would write to one place, one where another needs a folder (a
    listing may be made so, and files are fetched at the same time), or one in the folder of our `own` files."""
    wanted: dict[str, File] = {}
    kept = []
    for task in tasks:
        if task.file is None or wanted.setdefault(task.file.path, task.file) is task.file:
            kept.append(task)
        elif wanted[task.file.path].url != task.file.url:
            raise Failure(
                f"{task.file.path} is the place of two files: {redacted(task.file.url)} is one of them"
            )
    for path in wanted:
        if path.startswith(own + os.sep):
            raise Failure(
                f"{path} would lie in {own}, where gpuspec keeps its own files; choose another `target`"
            )
        above = os.path.dirname(path)
        while above not in wanted and above != os.path.dirname(above):
            above = os.path.dirname(above)
        taken = path[: -len(".part")] if path.endswith(".part") else above
        if taken in wanted:
            raise Failure(f"{path} and {taken} cannot both be fetched: one is in the other's way")
    return kept


class Fetcher:
    """Fetches downloads into `root`; `planners` give what there is to do for a download, by strategy. `backoff`
    is the first pause between tries, in seconds."""

    def __init__(self, root: str, planners: Mapping[str, Planner], backoff: float = 1.0) -> None:
        self.root = root
        self.planners = planners
        self.progress = Progress(backoff)
        self.ledger = Ledger(os.path.join(root, ".gpuspec", "downloads.json"))

    def fetch(self, downloads: list[dict[str, Any]]) -> int:
        """Fetch everything, several files at a time; the bytes fetched. Failure says what failed first."""
        in_place(self.ledger.path)
        with alone_with(self.ledger.path):
            self.ledger.load()
            tasks = distinct(
                [task for item in downloads for task in self._planned(item)],
                os.path.dirname(self.ledger.path),
            )
            missing = [t for t in tasks if t.work or (t.file and not self.is_complete(t.file))]
            self._check_space(missing)
            self._run(missing)
        print(
            f"download: {size_text(self.progress.fetched)} fetched, {len(tasks) - len(missing)} of {len(tasks)} "
            f"already there, {self.progress.seconds():.1f} s",
            flush=True,
        )
        return self.progress.fetched

    def _planned(self, item: dict[str, Any]) -> list[Task]:
        planner = self.planners.get(item["strategy"])
        if planner is None:
            known = ", ".join(sorted(self.planners))
            raise Failure(f"strategy {item['strategy']!r} is not known; use one of: {known}")
        try:
            return planner(self, item)
        except OSError as error:
            raise Failure(f"{redacted(item['source'])}: {reason(error)}") from error

    def once(self, item: dict[str, Any], path: str, work: Work, *, pinned: bool = True) -> Task:
        """A task that is not repeated while what it made is at `path`; `pinned`: it can never change."""
        key = "item:" + json.dumps([item.get(part) for part in ("strategy", "source", "revision", "target")])
        size = os.path.getsize(path) if os.path.isfile(path) else None
        if pinned and os.path.exists(path) and self.ledger.get(key) == {"size": size}:
            return Task(item, None, None)

        def noted(deadline: float) -> int:
            in_place(os.path.join(path, ""))
            fetched = work(deadline)
            self.ledger.note(key, {"size": os.path.getsize(path) if os.path.isfile(path) else None})
            return fetched

        return Task(item, None, noted)

    @staticmethod
    def timeout(item: dict[str, Any]) -> float:
        """Seconds that a download may take."""
        return float(item.get("timeout") or DEFAULT_TIMEOUT)

    def _check_space(self, tasks: list[Task]) -> None:
        """Before the first byte: everything whose size is known must fit on its disk."""
        need: dict[int, int] = {}
        for task in tasks:
            if task.file:
                part = self._part(task.file)
                here = os.path.getsize(part) if os.path.exists(part) else 0
                rest = max((task.file.size or 0) - here, 0)
                self.progress.total += rest
                place = existing(task.file.path)
                disk = os.stat(place).st_dev
                need[disk] = need.get(disk, 0) + rest
                check_room(need[disk], place, "the downloads need")

    def _run(self, tasks: list[Task]) -> None:
        deadlines: dict[int, float] = {}
        lock = threading.Lock()

        def one(task: Task) -> None:
            if self.progress.stop.is_set():
                return
            with lock:
                deadline = deadlines.setdefault(id(task.item), time.monotonic() + self.timeout(task.item))
            try:
                if task.file:
                    self.download(task.file, deadline)
                elif task.work:
                    self.progress.count(task.work(deadline))
            except OSError as error:
                raise Failure(f"{redacted(task.item['source'])}: {reason(error)}") from error

        pool = ThreadPoolExecutor(WORKERS)
        futures = [pool.submit(one, task) for task in tasks]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            self.progress.stop.set()
            wait(futures, timeout=2.0)  # tools end now; a silent server is not waited for
            pool.shutdown(wait=False)
        for future in done:
            future.result()

    def is_complete(self, file: File) -> bool:
        """Whether `file` is complete already. Failure if something not fetched by us stands in its place."""
        try:
            found = os.stat(file.path)
        except OSError:
            return False
        if not stat.S_ISREG(found.st_mode):
            raise Failure(f"{file.path} exists and is no file; move it away or choose another `target`")
        fact = self.ledger.get(file.path)
        ours = fact.get("size") == found.st_size and fact.get("mtime_ns") == found.st_mtime_ns
        same = file.check is None or list(file.check) == fact.get("check")
        # The time of change is nobody's to set back, but a copy, or new permissions, change it as well: it says no
        # more than that the file is to be read, where something tells what it should hold.
        unread = file.check is None or fact.get("ctime_ns") == found.st_ctime_ns
        if ours and fact.get("url") == file.url and same and unread:
            return True
        if file.size is not None and file.size != found.st_size:
            matches = False
        elif file.cached:
            matches = True
        else:
            matches = file.check is not None and digest(file.path, file.check[0]) == file.check[1]
        if matches:
            self.remember(file)
        elif not ours and not file.cached:
            raise Failure(
                f"{file.path} exists and is not what {redacted(file.url)} holds (or nothing tells: give "
                "`sha256`); move it away or choose another `target`"
            )
        return matches

    def remember(self, file: File) -> None:
        """Note what was verified, so that the next run need not read it again."""
        found = os.stat(file.path)
        fact = {
            "url": file.url,
            "size": found.st_size,
            "mtime_ns": found.st_mtime_ns,
            "ctime_ns": found.st_ctime_ns,
            "check": file.check and list(file.check),
        }
        self.ledger.note(file.path, fact)

    def download(self, file: File, deadline: float) -> None:
        """Fetch one file beside its place (`.part`), verify it, and move it there in one step."""
        in_place(file.path)
        os.makedirs(os.path.dirname(file.path), exist_ok=True)
        path = self._part(file)
        self._clear(file, path)
        noted = self.ledger.get(path).get("inode")
        with GrowingFile(path, inode=noted, deadline=deadline, stop=self.progress.stop) as part:
            if self.is_complete(file):  # whoever had it first has fetched it
                part.empty()
                return
            Resumable(file, part, deadline, ledger=self.ledger, progress=self.progress).fetch()
            part.move(file.path)
            self.ledger.note(path, None)
            self.remember(file)

    def _part(self, file: File) -> str:
        """Where it grows. A cache may be on a volume, where other machines are fetching the same file, and no lock is
        known to hold for all of them: each has its own there."""
        own = f".{self.ledger.get('self').get('id')}" if file.cached else ""
        return f"{file.path}{own}.part"

    @staticmethod
    def _clear(file: File, part: str) -> None:
        """Remove what machines that went have left of it in a cache."""
        for left in glob.glob(glob.escape(file.path) + ".*.part") if file.cached else ():
            with contextlib.suppress(OSError):  # another removed it, or has just finished
                if left != part and time.time() - os.stat(left).st_mtime > ABANDONED_SECONDS:
                    os.remove(left)
