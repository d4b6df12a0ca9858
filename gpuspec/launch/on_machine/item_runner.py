"""Run a job's items one after the other on the machine: `python3 item_runner.py ITEMS.json`.

Self-contained, standard library only, Python 3.8 or newer. Each item's end is noted in a status file, one JSON
line each, so that a second run (after a failure, a stop or a preemption) does only what is left. With a `folder` that
outlives the machine the status file and the outputs are kept there too, and a machine that takes over begins with
them. The folder may be a bucket, where files arrive in no order, or not before the machine goes: with each item is
noted which files it brought, and one whose files are not there is done again. Exit status 0 when every item is done,
1 when some failed.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

KEEP_SECONDS = 15
"""How often is kept what one process for all items reports as done."""

LOST = 75
"""Noted as the exit status of an item whose outputs were lost (EX_TEMPFAIL: try again)."""


def main(arguments: list[str]) -> int:
    """Run the items of the file named; its fields are those of `items.manifest`."""
    with open(arguments[0], encoding="utf-8") as text:
        manifest = json.load(text)
    status = manifest["status"]
    os.makedirs(os.path.dirname(status) or ".", exist_ok=True)
    if not take_over(manifest) and manifest["fresh"] and os.path.exists(status):
        os.replace(status, status + ".before")
    merge_known(status, manifest["known"])
    done = finished(status)
    pending = [item for item in manifest["items"] if item not in done]
    if len(pending) < len(manifest["items"]):
        say(f"{len(manifest['items']) - len(pending)} of {len(manifest['items'])} were done before")
    began = time.monotonic()
    run = one_by_one if manifest["each"] else all_at_once
    failed = run(manifest, pending)
    seconds = time.monotonic() - began
    summary = f"{len(pending) - len(failed)} of {len(pending)} done in {seconds:.1f} s"
    if manifest.get("price") and pending:
        summary += f", ${manifest['price'] * seconds / 3600 / len(pending):.4f} each"
    say(summary)
    if failed:
        shown = ", ".join(repr(item) for item in failed[:5]) + (", …" if len(failed) > 5 else "")
        say(f"{len(failed)} failed: {shown}; `gpuspec run --resume` runs only what is left")
    return 1 if failed else 0


def say(line: str) -> None:
    """A line of progress."""
    print(f"items: {line}", flush=True)


def last_entries(status: str) -> dict[str, dict[str, Any]]:
    """The last entry of each item in the status file; a line cut short by a crash is passed over."""
    last: dict[str, dict[str, Any]] = {}
    if os.path.exists(status):
        with open(status, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                    last[entry["item"]] = {**entry, "exit": int(entry["exit"]), "at": int(entry.get("at", 0))}
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue
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


def note_end(status: str, item: str, code: int, seconds: float) -> None:
    """Add how an item ended."""
    try:
        entry = {"item": item, "exit": code, "seconds": round(seconds, 3), "at": round(time.time())}
        add(status, [entry])
    except OSError as error:  # a full disk must not end the items that need none of it
        say(f"{item!r}: how it ended could not be noted ({error.strerror}); `--resume` would run it again")


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
            code = subprocess.call(["bash", "-c", manifest["run"]], env={**os.environ, "GPUSPEC_ITEM": item})
        except OSError as error:
            say(f"{item!r} could not start: {error.strerror}")
            code = 126
        note_end(manifest["status"], item, code, time.monotonic() - began)
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
    # Each runner's own: two runs of one job may share a folder.
    listed, done = (f"{manifest['status']}.{os.getpid()}.{part}" for part in ("todo", "done"))
    with open(listed, "w", encoding="utf-8") as out:
        out.writelines(item + "\n" for item in pending)
    with open(done, "w", encoding="utf-8"):
        pass
    began = time.monotonic()
    places = {"GPUSPEC_ITEMS": os.path.abspath(listed), "GPUSPEC_ITEMS_DONE": os.path.abspath(done)}
    process = subprocess.Popen(["bash", "-c", manifest["run"]], env={**os.environ, **places})
    noted: set[str] = set()
    code = None
    while code is None:
        try:
            code = process.wait(timeout=KEEP_SECONDS if manifest.get("folder") else None)
        except subprocess.TimeoutExpired:
            new = set(reported(done)[:-1]) & set(pending) - noted  # the last line may be half a name
            for item in sorted(new):
                note_end(manifest["status"], item, 0, 0.0)
            noted |= new
            if new:
                keep(manifest, sorted(new))
    ok = set(pending if code == 0 else reported(done))
    seconds = (time.monotonic() - began) / len(pending)
    for item in pending:
        if item not in noted:
            note_end(manifest["status"], item, 0 if item in ok else code, seconds)
    keep(manifest, [item for item in pending if item not in noted])
    return [item for item in pending if item not in ok]


def reported(done: str) -> list[str]:
    """The items that the command has said are done."""
    with open(done, encoding="utf-8") as lines:
        return lines.read().split("\n")


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
    for name in files(folder):
        if not name.endswith(".part"):
            copy(name, os.path.relpath(name, folder))
    for item in sorted(items_not_kept(status, folder) & finished(status)):
        say(f"{item!r} was done, but its outputs went with the machine: it is done again")
        note_end(status, item, LOST, 0.0)
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
            except (ValueError, KeyError, TypeError, AttributeError):
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
