"""Run a job's items one after the other on the machine: `python3 item_runner.py ITEMS.json`.

Self-contained, standard library only, Python 3.8 or newer. Each item's end is noted in a status file, one JSON
line each, so that a second run (after a failure, a stop or a preemption) does only what is left. One runner at a time
has the items: it locks a file beside the status file, and the system drops that lock with the process, however it
ends. What the command of a runner that was killed had reported is noted by the next one.

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

LOOK_SECONDS = 0.5
"""How often is read what one process for all items reports as done."""

TRY_AGAIN = 75
"""EX_TEMPFAIL: noted for an item whose outputs were lost; our own exit status where another runner has the items."""

CLAIM_SECONDS = 2.0
"""How long to wait for the lock: whoever looks whether it is free has it for a moment."""

GRACE_SECONDS = 5.0
"""What a command that outlived its runner gets between TERM and KILL."""

MARK = "GPUSPEC_ITEMS_STATUS"
"""Every process that does items inherits this variable, so that those of a runner that was killed are found."""


def main(arguments: list[str]) -> int:
    """Run the items of the file named; its fields are those of `items.manifest`."""
    with open(arguments[0], encoding="utf-8") as text:
        manifest = json.load(text)
    status = manifest["status"]
    try:
        os.makedirs(os.path.dirname(status) or ".", exist_ok=True)
        lock = claim(status)
        if lock is None:
            return TRY_AGAIN
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
        say(f"{len(failed)} failed: {shown}; `gpuspec run --resume` runs only what is left")
    return 1 if failed else 0


def claim(status: str) -> IO[str] | None:
    """The open file whose lock gives this process the items; None, and said, where another has them."""
    import fcntl  # Windows, which no machine that runs items is, has none

    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW  # what a link leads to is nobody's lock
    lock = os.fdopen(os.open(status + ".lock", flags, 0o666), "r+", encoding="utf-8")
    deadline = time.monotonic() + CLAIM_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                say(f"a second run would do these items, too: {error.strerror}: {lock.name}")
                return lock
            if time.monotonic() > deadline:
                say(f"{holder(lock)} is doing these items: nothing was started")
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


def note_unheard(status: str) -> list[str]:
    """Note what commands have reported as done whose runner did not live to read it, and return it."""
    unheard: dict[str, dict[str, Any]] = {}
    for path in glob.glob(glob.escape(status) + ".*.done"):
        unheard.update(reported_ends(path))
    done = finished(status)
    news = [entry for item, entry in unheard.items() if item not in done]
    if news:
        add(status, news)
    for path in glob.glob(glob.escape(status) + ".*.done") + glob.glob(glob.escape(status) + ".*.todo"):
        os.remove(path)
    return [entry["item"] for entry in news]


def reported_ends(path: str) -> dict[str, dict[str, Any]]:
    """What a command has reported as done in the file $GPUSPEC_ITEMS_DONE, as entries of a status file."""
    try:
        at = round(os.stat(path).st_mtime)
    except OSError:
        return {}
    return {item: {"item": item, "exit": 0, "seconds": 0.0, "at": at} for item in reported(path)[0]}


def reported(done: str, start: int = 0) -> tuple[list[str], int]:
    """The items that a command has reported as done, from byte `start` of that file on, and where they end. A line
    without its line break may be half a name, and does not count."""
    try:
        with open(done, "rb") as lines:
            lines.seek(start)
            whole, newline, _ = lines.read().rpartition(b"\n")
    except FileNotFoundError:  # the command's own doing
        return [], start
    found = whole.decode("utf-8", "replace").split("\n") if newline else []
    return [item.rstrip("\r") for item in found], start + len(whole + newline)


def say(line: str) -> None:
    """A line of progress."""
    print(f"items: {line}", flush=True)


def last_entries(status: str) -> dict[str, dict[str, Any]]:
    """The last entry of each item in the status file; a line cut short by a crash is passed over."""
    last: dict[str, dict[str, Any]] = {}
    if os.path.exists(status):
        with open(status, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with contextlib.suppress(Exception):  # a line that a crash or another hand has spoilt
                    entry = json.loads(line)
                    if isinstance(entry["item"], str):
                        at = int(entry.get("at", 0))
                        last[entry["item"]] = {**entry, "exit": int(entry["exit"]), "at": at}
    return last


def finished(status: str) -> set[str]:
    """Items whose last word in the status file is success."""
    return {item for item, entry in last_entries(status).items() if entry["exit"] == 0}


def merge_known(status: str, known: list[dict[str, Any]]) -> None:
    """Add what other machines have said of items since this one did: it may never have had them."""
    last = last_entries(status)
    news = [entry for entry in known if entry["at"] > last.get(entry["item"], {"at": -1})["at"]]
    if news:
        add(status, news)


def note_end(status: str, ends: dict[str, int], seconds: float) -> bool:
    """Add how items ended, in `seconds` each; whether that could be done."""
    ended = {"seconds": round(seconds, 3), "at": round(time.time())}
    try:
        add(status, [{"item": item, "exit": code, **ended} for item, code in ends.items()])
    except OSError as error:  # a full disk must not end the items that need none of it
        which = ", ".join(repr(item) for item in list(ends)[:5]) + (", …" if len(ends) > 5 else "")
        say(f"{which}: how it ended could not be noted ({error.strerror}); `--resume` would run it again")
        return False
    return True


def add(status: str, entries: list[dict[str, Any]]) -> None:
    """Add lines in one write, on their own even after a line that was cut short."""
    torn = b""
    if os.path.exists(status) and os.path.getsize(status):
        with open(status, "rb") as before:
            before.seek(-1, os.SEEK_END)
            torn = b"" if before.read(1) == b"\n" else b"\n"
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    with open(status, "ab", buffering=0) as out:
        out.write(torn + lines.encode())


def one_by_one(manifest: dict[str, Any], pending: list[str]) -> list[str]:
    """One process for each item, which it finds in $GPUSPEC_ITEM; those that failed."""
    failed = []
    for number, item in enumerate(pending, 1):
        say(f"{number} of {len(pending)}: {item!r}")
        began = time.monotonic()
        try:
            code = subprocess.call(**command(manifest, GPUSPEC_ITEM=item))
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
    status = manifest["status"]
    # Each runner's own: those of a runner that was killed are read by the next, `note_unheard`.
    listed, done = (f"{status}.{os.getpid()}.{part}" for part in ("todo", "done"))
    with open(listed, "w", encoding="utf-8") as out:
        out.writelines(item + "\n" for item in pending)
    with open(done, "w", encoding="utf-8"):
        pass
    places = {"GPUSPEC_ITEMS": os.path.abspath(listed), "GPUSPEC_ITEMS_DONE": os.path.abspath(done)}
    process = subprocess.Popen(**command(manifest, **places))
    left = dict.fromkeys(pending)
    unkept: list[str] = []
    failed: list[str] = []
    read_to, code = 0, None
    before = keep_from = time.monotonic()
    while code is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=LOOK_SECONDS)
        # At the end from the beginning: what could not be noted is tried again, a file written anew is read whole.
        found, read_to = reported(done, read_to if code is None else 0)
        ends = {item: 0 for item in found if item in left}
        if code is not None:
            ends = {item: 0 if item in ends else code for item in left}
            failed = [item for item in ends if ends[item]]
        now = time.monotonic()
        if ends and note_end(status, ends, (now - before) / len(ends)):
            before = now
            unkept += ends
            for item in ends:
                del left[item]
        if unkept and (code is not None or now >= keep_from):
            keep(manifest, unkept)
            unkept, kept = [], time.monotonic()
            keep_from = kept + 4 * (kept - now)  # many outputs: the machine is the job's
    if not left:  # else the next runner reads them
        os.remove(listed)
        os.remove(done)
    return failed


def command(manifest: dict[str, Any], **places: str) -> dict[str, Any]:
    """How the command is started. A bash in a relative folder of PATH would be one of the job's files."""
    bash = shutil.which("bash", path=os.pathsep.join(filter(os.path.isabs, os.get_exec_path())))
    environment = {**os.environ, MARK: identity(manifest["status"]), **places}
    return {"args": ["bash", "-c", manifest["run"]], "executable": bash, "env": environment}


def keep(manifest: dict[str, Any], items: list[str]) -> None:
    """Copy what is new of the outputs, and after them the status file, to the folder that outlives the machine.
    `items` are those that ended since the last time."""
    folder = manifest.get("folder")
    if not folder:
        return
    # What an earlier try could not finish goes with this one.
    ended, new = manifest.setdefault("ended", []), manifest.setdefault("new", {})
    ended += items
    try:
        for pattern in manifest["outputs"]:
            for path in glob.glob(pattern, recursive=True):
                for name in files(path):
                    if copy(name, os.path.join(folder, name)):
                        new[name] = int(os.stat(name).st_mtime)
        if new:
            add(manifest["status"], [{"kept_in": folder, "items": ended, "files": new}])
        manifest["ended"], manifest["new"] = [], {}
        copy(manifest["status"], os.path.join(folder, manifest["status"]))
    except OSError as error:
        say(f"not kept in {folder}: {error.strerror}; a machine that takes over would begin before this item")


def files(path: str) -> list[str]:
    """The file, or all files below the folder."""
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]


def copy(source: str, target: str) -> bool:
    """Copy a file in one step, unless it is there; whether it was not."""
    found = os.stat(source)
    if os.path.exists(target):
        there = os.stat(target)
        if (there.st_size, int(there.st_mtime)) == (found.st_size, int(found.st_mtime)):
            return False
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, target + ".part")
    os.replace(target + ".part", target)
    return True


def take_over(manifest: dict[str, Any]) -> bool:
    """Begin with what an earlier machine of this run has kept; False where there was none."""
    folder, status = manifest.get("folder"), manifest["status"]
    if not folder or not os.path.exists(os.path.join(folder, status)):
        return False
    here = finished(status)  # by this machine, which has their outputs and knows more than it could keep
    for name in files(folder):
        target = os.path.relpath(name, folder)
        if not name.endswith(".part") and not (here and os.path.exists(target)):
            copy(name, target)
    there = os.path.join(folder, status)
    merge_known(status, list(last_entries(there).values()))
    for item in sorted(items_not_kept(there, folder) & finished(status) - here):
        say(f"{item!r} was done, but its outputs went with the machine: it is done again")
        note_end(status, {item: TRY_AGAIN}, 0.0)
    return True


def items_not_kept(status: str, folder: str) -> set[str]:
    """Items of which a file did not reach `folder`, or only as it was before them."""
    lost: set[str] = set()
    with open(status, encoding="utf-8") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
                if entry.get("kept_in") == folder and not all(
                    is_there_since(os.path.join(folder, name), written)
                    for name, written in entry["files"].items()
                ):
                    lost.update(entry["items"])
            except Exception:  # as above
                continue
    return lost


def is_there_since(path: str, written: int) -> bool:
    """Whether the file is there, as of that time or later."""
    try:
        return os.stat(path).st_mtime >= written
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
