"""Run a job's items one after the other on the machine: `python3 item_runner.pyz ITEMS.json`.

Each item's end is noted in a status file, one JSON line each, so that a second run (after a failure, a stop or a
preemption) does only what is left. One runner at a time has the items: it locks a file beside the status file, and
the system drops that lock with the process, however it ends. What the command of a runner that was killed had
reported is noted by the next one.

With a `folder` that outlives the machine the status file and the outputs are kept there too, and a machine that takes
over begins with them. The folder may be a bucket, where files arrive in no order, or not before the machine goes: so
it is noted which files each item brought, and one whose files are not there is done again. Exit status 0 when every
item is done, 1 when some failed, 75 when another runner has them.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import IO, Any

from .kept import keep, take_over
from .own_signals import started, wait_for
from .status import finished, merge_known, note_end, note_unheard, plain, reported, require_plain, say

LOOK_SECONDS = 0.5
"""How often is read what one process for all items reports as done."""

BUSY = 75
"""EX_TEMPFAIL: our exit status where another runner has the items."""

REFUSED = "is doing these items: nothing was started"
"""What is said then, behind who has them."""

CLAIM_SECONDS = 2.0
"""How long to wait for the lock: whoever looks whether it is free has it for a moment."""

GRACE_SECONDS = 5.0
"""What a command that outlived its runner gets between TERM and KILL."""

MARK = "GPUSPEC_ITEMS_STATUS"
"""Every process that does items inherits this variable, so that those of a runner that was killed are found."""


def run() -> None:
    """The program: the rest of its command line names the file."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run the items of the file named; its fields are those of `items.manifest`."""
    with open(arguments[0], encoding="utf-8") as text:
        manifest = json.load(text)
    status = manifest["status"]
    try:
        require_own_files(status)
        lock = claim(status)
        if lock is None:
            return BUSY
        pending = begin(manifest)
        if manifest["ended"]:
            keep(manifest, [])
        began = time.monotonic()
        failed = (one_by_one if manifest["each"] else all_at_once)(manifest, pending)
    except OSError as error:
        say(f"cannot go on: {error}")
        return 1
    seconds = time.monotonic() - began
    summary = f"{len(pending) - len(failed)} of {len(pending)} done in {seconds:.1f} s"
    if manifest.get("price") and pending:
        summary += f", ${manifest['price'] * seconds / 3600 / len(pending):.4f} each"
    say(summary)
    if failed:
        shown = ", ".join(repr(item) for item in failed[:5]) + (", …" if len(failed) > 5 else "")
        how = "failed" if manifest["each"] else "not done"  # or not begun: one command has all
        say(f"{len(failed)} {how}: {shown}; `--resume` runs only what is left")
    if len(failed) < len(pending) and not os.path.exists(status):
        say("what was noted of the items is gone: `--resume` would do all of them again")
    return 1 if failed else 0


def require_own_files(status: str) -> None:
    """Make the folder of the status file. OSError, in words, where something lies in the way of what is noted."""
    folder, here = os.path.dirname(status) or ".", os.path.realpath(".")
    if os.path.islink(folder) and not os.path.isdir(folder):
        raise OSError(f"{folder} is a link that leads to no folder: move it away")
    if os.path.islink(folder) and os.path.commonpath([here, os.path.realpath(folder)]) != here:
        raise OSError(f"{folder} is a link out of the workdir: move it away")
    os.makedirs(folder, exist_ok=True)
    for end in ("", ".before", ".lock"):
        require_plain(status + end)


def claim(status: str) -> IO[str] | None:
    """The open file whose lock gives this process the items; None, and said, where another has them."""
    import fcntl  # Windows, which no machine that runs items is, has none

    path = status + ".lock"
    lock = os.fdopen(plain(path, os.O_RDWR | os.O_CREAT), "r+", encoding="utf-8")
    deadline = time.monotonic() + CLAIM_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                say(f"cannot lock {path} ({error.strerror}): a second run would do the same items")
                return lock
            if time.monotonic() > deadline:
                say(f"{holder(lock)} {REFUSED}")
                return None
            time.sleep(0.05)
    run, process = os.environ.get("GPUSPEC_RUN_ID"), f"process {os.getpid()}"
    with contextlib.suppress(OSError):  # a full disk: then who has it is not named
        lock.truncate(0)
        lock.write(f"run {run} ({process})" if run else process)
        lock.flush()
    return lock


def holder(lock: IO[str]) -> str:
    """Who has the lock, in its own words."""
    lock.seek(0)
    return lock.read(200) or "another run"


def begin(manifest: dict[str, Any]) -> list[str]:
    """The items that are to be done, once all is noted that is known of them."""
    status = manifest["status"]
    manifest["identity"] = identity(status)  # now: the command may take the folder away
    end_leftovers(status)
    manifest["ended"] = note_unheard(status)
    if not take_over(manifest) and manifest["fresh"] and os.path.exists(status):
        os.replace(status, status + ".before")
    merge_known(status, manifest["known"])
    done = finished(status)
    pending = [item for item in manifest["items"] if item not in done]
    if len(pending) < len(manifest["items"]):
        say(f"{len(manifest['items']) - len(pending)} of {len(manifest['items'])} were done before")
    return pending


def end_leftovers(status: str) -> None:
    """End the commands of a runner that was killed: they would do items beside this one's, unheard."""
    mark = f"{MARK}={identity(status)}"
    if marked(mark):
        say("commands of an earlier run were left, and are ended")
        end_marked(mark)


def end_marked(mark: str) -> None:
    """TERM for all that have `mark` in their environment, then KILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in marked(mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while marked(mark) and time.monotonic() < deadline:
            time.sleep(0.02)


def identity(status: str) -> str:
    """Tells a status file from all others, also where a container of this machine has one at the same path."""
    folder = os.stat(os.path.dirname(status) or ".")
    return f"{os.path.abspath(status)}:{folder.st_dev}:{folder.st_ino}"


def marked(mark: str) -> set[int]:
    """Processes that have `mark` in their environment; none where there is no /proc."""
    found = set()
    for place in glob.glob("/proc/[0-9]*/environ"):
        with contextlib.suppress(OSError), open(place, "rb") as environment:  # gone, or another user's
            if os.fsencode(mark) in environment.read().split(b"\0"):
                found.add(int(place.split("/")[2]))
    return found - {os.getpid()}


def one_by_one(manifest: dict[str, Any], pending: list[str]) -> list[str]:
    """One process for each item, which it finds in $GPUSPEC_ITEM; those that failed."""
    failed = []
    for number, item in enumerate(pending, 1):
        say(f"{number} of {len(pending)}: {item!r}")
        began = time.monotonic()
        try:
            process = started(**command(manifest, GPUSPEC_ITEM=item))
            while wait_for(process, LOOK_SECONDS) is None:
                pass
            code = process.returncode
        except OSError as error:
            say(f"{item!r} could not start: {error.strerror}")
            code = 126
        note_end(manifest["status"], {item: code}, time.monotonic() - began)
        keep(manifest, [item])
        if code:
            say(f"{item!r} failed (exit status {code})")
            failed.append(item)
    return failed


def all_at_once(manifest: dict[str, Any], pending: list[str]) -> list[str]:
    """One process for all items, listed line by line in the file $GPUSPEC_ITEMS. It may add each one it has done
    to the file $GPUSPEC_ITEMS_DONE: then a failure costs only the others. Those that failed."""
    if not pending:
        return []
    # Each runner's own: those of a runner that was killed are read by the next, `note_unheard`.
    listed, done = (f"{manifest['status']}.{os.getpid()}.{part}" for part in ("todo", "done"))
    for path, lines in ((listed, pending), (done, [])):
        with open(path, "x", encoding="utf-8", errors="surrogateescape") as out:
            out.writelines(item + "\n" for item in lines)
    places = {"GPUSPEC_ITEMS": os.path.abspath(listed), "GPUSPEC_ITEMS_DONE": os.path.abspath(done)}
    left = dict.fromkeys(pending)
    process = started(**command(manifest, **places))
    try:
        failed = follow(manifest, process, done, left)
    finally:
        if process.poll() is None:  # it would do items unheard, beside the next runner's
            end_marked(f"{MARK}={manifest['identity']}")
            process.kill()  # where there is no /proc
            process.wait()
    if not left:  # else the next runner reads them
        for path in (listed, done):
            with contextlib.suppress(OSError):  # the command took it away, or put something in its place
                os.remove(path)
    return failed


def follow(
    manifest: dict[str, Any], process: subprocess.Popen[bytes], done: str, left: dict[str, None]
) -> list[str]:
    """Note how items end until the process does; those that failed. In `left` stays what could not be noted."""
    unkept: list[str] = []
    failed: list[str] = []
    read_to, code = 0, None
    before = keep_from = time.monotonic()
    while code is None:
        code = wait_for(process, LOOK_SECONDS)
        # At the end from the beginning: what could not be noted is tried again, a file written anew is read whole.
        found, read_to = reported(done, read_to if code is None else 0)
        ends = {item: 0 for item in found if item in left}
        if code is not None:
            ends = {item: 0 if item in ends else code for item in left}
            failed = [item for item in ends if ends[item]]
        now = time.monotonic()
        if ends and note_end(manifest["status"], ends, (now - before) / len(ends)):
            before = now
            unkept += ends
            for item in ends:
                del left[item]
        if unkept and (code is not None or now >= keep_from):
            keep(manifest, unkept)
            unkept, kept = [], time.monotonic()
            keep_from = kept + 4 * (kept - now)  # many outputs: the machine is the job's
    return failed


def command(manifest: dict[str, Any], **places: str) -> dict[str, Any]:
    """How the command is started. A bash in a relative folder of PATH would be one of the job's files."""
    bash = shutil.which("bash", path=os.pathsep.join(filter(os.path.isabs, os.get_exec_path())))
    environment = {**os.environ, MARK: manifest["identity"], **places}
    return {"args": ["bash", "-c", manifest["run"]], "executable": bash, "env": environment}
