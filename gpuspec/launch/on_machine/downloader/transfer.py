"""Fetching: what is there is skipped, what was cut off is resumed, what is wrong is said once.

Stays within the machine's disk, each download's timeout and a bounded number of tries.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import shutil
import threading
import time
import urllib.error
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from .file import Failure, File, Task, alone_with, digest, size_text
from .web import ask, redacted

if TYPE_CHECKING:  # Python 3.8 cannot evaluate these
    Work = Callable[[float], int]
    Planner = Callable[["Fetcher", dict[str, Any]], list[Task]]

WORKERS = 4
TRIES = 5  # in a row without a byte of progress
STALL_SECONDS = 60.0
DEFAULT_TIMEOUT = 7200.0
ABANDONED_SECONDS = 3600.0
"""A file that did not grow for so long belongs to a machine that is gone: one that is up gives up long before."""
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def reason(error: OSError) -> str:
    """What went wrong, in words for the person who pays for the machine."""
    if error.errno in FULL:
        return "the disk is full; raise `disk_gb`, or fetch less with `allow`"
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, urllib.error.URLError):
        error = error.reason if isinstance(error.reason, OSError) else OSError(str(error.reason))
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    return str(error) or type(error).__name__


def existing(path: str) -> str:
    """The nearest folder above `path` that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


class Fetcher:
    """Fetches downloads into `root`; `planners` give what there is to do for a download, by strategy. `fetched`
    counts the bytes that came over the network; `backoff` is the first pause between tries, in seconds."""

    def __init__(self, root: str, planners: Mapping[str, Planner], backoff: float = 1.0) -> None:
        self.root = root
        self.planners = planners
        self.backoff = backoff
        self.fetched = 0
        self.skipped = 0
        self.total = 0
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.said = self.began = time.monotonic()
        self.ledger_path = os.path.join(root, ".gpuspec", "downloads.json")
        self.ledger: dict[str, dict[str, Any]] = {}

    def fetch(self, downloads: list[dict[str, Any]]) -> int:
        """Fetch everything, several files at a time; the bytes fetched. Failure says what failed first."""
        with alone_with(self.ledger_path):
            with contextlib.suppress(OSError, ValueError), open(self.ledger_path, encoding="utf-8") as ledger:
                self.ledger = json.load(ledger)
            self.ledger.setdefault("self", {"id": uuid.uuid4().hex[:8]})
            tasks = [task for item in downloads for task in self._planned(item)]
            missing = [t for t in tasks if t.work or (t.file and not self.is_complete(t.file))]
            self.skipped = len(tasks) - len(missing)
            self._check_space(missing)
            self._run(missing)
        print(
            f"download: {size_text(self.fetched)} fetched, {self.skipped} of {len(tasks)} already there, "
            f"{time.monotonic() - self.began:.1f} s",
            flush=True,
        )
        return self.fetched

    def _planned(self, item: dict[str, Any]) -> list[Task]:
        planner = self.planners.get(item["strategy"])
        if planner is None:
            known = ", ".join(sorted(self.planners))
            raise Failure(f"strategy {item['strategy']!r} is not known; use one of: {known}")
        tasks: list[Task] = self._retried(
            item["source"], time.monotonic() + self._timeout(item), lambda: planner(self, item)
        )
        return tasks

    def once(self, item: dict[str, Any], path: str, work: Work, *, pinned: bool = True) -> Task:
        """A task that is not repeated while what it made is at `path`; `pinned`: it can never change."""
        key = "item:" + json.dumps([item.get(part) for part in ("strategy", "source", "revision", "target")])
        size = os.path.getsize(path) if os.path.isfile(path) else None
        if pinned and os.path.exists(path) and self.ledger.get(key) == {"size": size}:
            return Task(item, None, None)

        def noted(deadline: float) -> int:
            fetched = work(deadline)
            self._note(key, {"size": os.path.getsize(path) if os.path.isfile(path) else None})
            return fetched

        return Task(item, None, noted)

    @staticmethod
    def _timeout(item: dict[str, Any]) -> float:
        return float(item.get("timeout") or DEFAULT_TIMEOUT)

    def _check_space(self, tasks: list[Task]) -> None:
        """Before the first byte: everything whose size is known must fit on its disk."""
        need: dict[int, int] = {}
        for task in tasks:
            if task.file:
                part = self._part(task.file)
                rest = (task.file.size or 0) - (os.path.getsize(part) if os.path.exists(part) else 0)
                self.total += max(rest, 0)
                place = existing(task.file.path)
                disk = os.stat(place).st_dev
                need[disk] = need.get(disk, 0) + max(rest, 0)
                self._fits(need[disk], place, "the downloads need")

    @staticmethod
    def _fits(need: int, place: str, what: str) -> None:
        free = shutil.disk_usage(place).free
        if need > free:
            raise Failure(
                f"{what} {size_text(need)} and {size_text(free)} are free in {place}; raise `disk_gb`, or "
                "fetch less with `allow`"
            )

    def _run(self, tasks: list[Task]) -> None:
        deadlines: dict[int, float] = {}

        def one(task: Task) -> None:
            if self.stop.is_set():
                return
            with self.lock:
                deadline = deadlines.setdefault(id(task.item), time.monotonic() + self._timeout(task.item))
            try:
                if task.file:
                    self.download(task.file, deadline)
                elif task.work:
                    self._count(task.work(deadline))
            except OSError as error:
                raise Failure(f"{redacted(task.item['source'])}: {reason(error)}") from error

        pool = ThreadPoolExecutor(WORKERS)
        futures = [pool.submit(one, task) for task in tasks]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            self.stop.set()
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
        fact = self.ledger.get(file.path, {})
        ours = fact.get("size") == found.st_size and fact.get("mtime_ns") == found.st_mtime_ns
        same = file.check is None or list(file.check) == fact.get("check")
        if ours and fact.get("url") == file.url and same:
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
        fact = {"url": file.url, "size": found.st_size, "mtime_ns": found.st_mtime_ns, "check": file.check}
        self._note(file.path, fact)

    def _note(self, key: str, fact: dict[str, Any] | None) -> None:
        with self.lock:
            self.ledger.pop(key, None)
            if fact is not None:
                self.ledger[key] = fact
            temporary = self.ledger_path + ".new"
            with open(temporary, "w", encoding="utf-8") as out:
                json.dump(self.ledger, out, indent=1)
            os.replace(temporary, self.ledger_path)

    def _count(self, size: int) -> None:
        with self.lock:
            self.fetched += size
            now = time.monotonic()
            if now - self.said < 10:
                return
            self.said = now
            speed = size_text(self.fetched / (now - self.began))
        of = f" of {size_text(self.total)}" if self.total else ""
        print(f"download: {size_text(self.fetched)}{of}, {speed}/s", flush=True)

    def _retried(self, what: str, deadline: float, attempt: Callable[[], Any]) -> Any:
        """Call `attempt` until it succeeds: at most TRIES times in a row without progress, and never past the
        deadline. Waits double, up to 30 times the first."""
        tries = 0
        while True:
            before = self.fetched
            try:
                return attempt()
            except OSError as error:  # URLError, HTTPError, timeouts and resets are all OSErrors
                if error.errno in FULL:
                    raise
                tries = 1 if self.fetched > before else tries + 1
                if tries >= TRIES:
                    raise Failure(
                        f"{redacted(what)}: gave up after {tries} tries: {reason(error)}"
                    ) from error
                print(f"download: {redacted(what)}: {reason(error)}; trying again", flush=True)
            pause = min(self.backoff * 2 ** (tries - 1), 30 * self.backoff)
            if time.monotonic() + pause > deadline:
                raise Failure(f"{redacted(what)}: not finished within its timeout; raise `timeout`")
            if self.stop.wait(pause):
                raise Failure(f"{redacted(what)}: stopped")

    def download(self, file: File, deadline: float) -> None:
        """Fetch one file beside its place (`.part`), verify it, and move it there in one step."""
        os.makedirs(os.path.dirname(file.path), exist_ok=True)
        part = self._part(file)
        self._clear(file, part)
        resumed = os.path.exists(part)
        self._retried(file.url, deadline, lambda: self._transfer(file, part, deadline))
        if file.check and digest(part, file.check[0]) != file.check[1].lower() and resumed:
            os.remove(part)  # what an earlier run left may be the broken half
            self._retried(file.url, deadline, lambda: self._transfer(file, part, deadline))
        self._verify(file, part)
        os.replace(part, file.path)
        self._note(part, None)
        self.remember(file)

    def _part(self, file: File) -> str:
        """Where it grows. A cache may be on a volume, where other machines are fetching the same file, and no lock is
        known to hold for all of them: each has its own there."""
        own = f".{self.ledger['self']['id']}" if file.cached else ""
        return f"{file.path}{own}.part"

    @staticmethod
    def _clear(file: File, part: str) -> None:
        """Remove what machines that went have left of it in a cache."""
        for left in glob.glob(glob.escape(file.path) + ".*.part") if file.cached else ():
            with contextlib.suppress(OSError):  # another removed it, or has just finished
                if left != part and time.time() - os.stat(left).st_mtime > ABANDONED_SECONDS:
                    os.remove(left)

    def _verify(self, file: File, part: str) -> None:
        if file.check is None:
            return
        kind, wanted = file.check
        found = digest(part, kind)
        if found != wanted.lower():
            os.remove(part)
            raise Failure(
                f"{redacted(file.url)}: its {kind} checksum is {found}, wanted {wanted}: the file changed at "
                "its source, or the checksum in the spec is wrong"
            )

    def _transfer(self, file: File, part: str, deadline: float) -> None:
        """One attempt: go on where `part` ends if the server still holds that file, else from the start."""
        have = os.path.getsize(part) if os.path.exists(part) else 0
        fact = self.ledger.get(part, {})
        if not have or fact.get("url") != file.url or not (fact.get("validator") or file.check):
            have = 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        if have and fact.get("validator"):
            headers["If-Range"] = fact["validator"]
        try:
            answer = ask(file.url, file.token, self._patience(deadline), headers)
        except urllib.error.HTTPError as error:
            if error.code == 416:  # `part` is as long as the file, or longer
                if have == file.size:
                    return
                os.remove(part)
            raise
        with answer:
            have = have if answer.status == 206 else 0
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length else file.size
            if file.size is not None and total != file.size:
                raise Failure(f"{redacted(file.url)} is {total} bytes, its hub says {file.size}; try again")
            if total is not None:
                self._fits(total - have, os.path.dirname(part), f"{redacted(file.url)} needs")
            validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            weak = validator and validator.startswith("W/")
            self._note(part, {"url": file.url, "validator": None if weak else validator})
            self._write(answer, part, have=have, total=total, deadline=deadline, url=file.url)

    def _write(
        self, answer: Any, part: str, *, have: int, total: int | None, deadline: float, url: str
    ) -> None:
        with open(part, "ab" if have else "wb") as out:
            while True:
                if self.stop.is_set():
                    raise Failure(f"{redacted(url)}: stopped, because another download failed")
                if time.monotonic() > deadline:
                    raise Failure(f"{redacted(url)}: not finished within its timeout; raise `timeout`")
                block = answer.read1(1 << 18)
                if not block:
                    break
                out.write(block)
                have += len(block)
                self._count(len(block))
        if total is not None and have < total:
            raise ConnectionError(f"the connection closed at {size_text(have)} of {size_text(total)}")

    @staticmethod
    def _patience(deadline: float) -> float:
        """Seconds to wait for a sign of life: never past the deadline."""
        return max(0.05, min(STALL_SECONDS, deadline - time.monotonic()))
