"""`items`: one launch, one machine, many inputs. What the items are, and how `run` gets each one verbatim."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch.downloads import program_text, program_zip
from gpuspec.launch.on_machine.downloader.file import Failure, confined
from gpuspec.launch.on_machine.item_runner.glob_inside import glob_inside
from gpuspec.launch.on_machine.item_runner.runner import holder
from gpuspec.launch.on_machine.item_runner.status import last_entries, reported_ends
from gpuspec.untrusted_file import in_words, read_file

LARGEST_LIST = 32 * 1024 * 1024
"""Bytes of a file of items."""


def resolve(job: Job, workdir: str) -> tuple[str, ...]:
    """The items of a job, each once: its list; the lines of a .txt file; the values of a .jsonl file (strings
    as they are, others as one line of JSON); or the files a glob finds in `workdir`, sorted.

    UserError where there are none, the file is missing or broken, or a path leads outside."""
    if job.items is None:
        return ()
    if isinstance(job.items, tuple):
        found = list(job.items)
    elif job.items.endswith((".txt", ".jsonl")) and not glob.has_magic(job.items):
        found = _listed(job.items, workdir)
    else:
        _inside(job.items, workdir)
        matches = glob_inside(job.items, workdir)
        files = [match for match in matches if os.path.isfile(os.path.join(workdir, match.path))]
        for match in files or matches:
            if match.linked:
                _inside(match.path, workdir)
        found = sorted(match.path for match in files or matches)
    if not found:
        raise UserError(
            "no-items", f"`items` {job.items!r} finds nothing in {workdir}", "check the pattern, or the list"
        )
    if any("\0" in item for item in found):
        raise UserError("bad-item", "an item holds a NUL byte", "no command can be given one")
    # What a name of a file holds that is not UTF-8 is between DC80 and DCFF, and arrives (PEP 383).
    if any(re.search("[\ud800-\udc7f\udd00-\udfff]", item) for item in found):
        raise UserError("bad-item", "an item holds half a surrogate pair", "no command can be given one")
    return tuple(dict.fromkeys(found))


def _inside(path: str, workdir: str) -> str:
    try:
        return confined(os.path.realpath(workdir), path)
    except Failure as failure:
        raise UserError("items-outside", f"`items`: {failure}", "items lie inside the workdir") from failure


def _listed(name: str, workdir: str) -> list[str]:
    try:
        text = read_file(_inside(name, workdir), LARGEST_LIST).decode()
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = in_words(error)
        raise UserError(
            "items-file", f"cannot read `items` {name}: {why}", "give a UTF-8 text file"
        ) from error
    if name.endswith(".txt"):
        return [line for line in lines if line.strip()]
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UserError(
                    "items-file",
                    f"{name}:{number} is not JSON: {in_words(error)}",
                    "one JSON value on each line",
                ) from error
            found.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return found


def bind(run: str) -> str:
    """`run` with each {item} turned into a reference to $GPUSPEC_ITEM, quoted as its place in the command needs.

    The item's text never becomes part of the command, so nothing in it can be interpreted, and it arrives in one
    piece whether {item} stood bare, in double or in single quotes. UserError beside a here-document, whose
    quoting depends on its first line."""
    if "{item}" not in run:
        return run
    if re.search(r"(?<!<)<<(?!<)", run):
        raise UserError(
            "item-in-heredoc",
            "`run` uses {item} beside a here-document (<<)",
            'write "$GPUSPEC_ITEM" instead of {item}: the shell then quotes it as it stands',
        )
    bound, nest, at = [], ["plain"], 0
    while at < len(run):
        token = _token(run, at, nest)
        bound.append(_REFERENCE.get(nest[-1], '"${GPUSPEC_ITEM}"') if token == "{item}" else token)
        at += len(token)
    return "".join(bound)


NOTES = ".gpuspec/items-"
"""How the path of every file begins that tells which items are done, relative to the workdir."""


_OPENING = {"'": "single", '"': "double", "$'": "ansi", "`": "backtick", "$(": "plain", "(": "plain"}


_REFERENCE = {
    "double": "${GPUSPEC_ITEM}",
    "single": "'\"${GPUSPEC_ITEM}\"'",
    "ansi": "'\"${GPUSPEC_ITEM}\"$'",
}
"""How the item is referred to, by the quotes around it; elsewhere it needs double quotes."""


def _token(run: str, at: int, nest: list[str]) -> str:
    """The next piece of shell text at `at`; keeps `nest`, the quotes and substitutions that are open."""
    place = nest[-1]
    if run.startswith("{item}", at):
        return "{item}"
    if run[at] == "\\" and place != "single":
        return run[at : at + 2]
    if place in ("single", "ansi"):
        if run[at] == "'":
            nest.pop()
        return run[at]
    if place == "double":
        if run[at] == '"':
            nest.pop()
            return '"'
        return _open(run, at, nest, ("$(", "`"))
    if run[at] == "#" and (at == 0 or run[at - 1] in " \t\n;&|("):
        return re.compile(r"[^\n]*").match(run, at).group()  # type: ignore[union-attr]
    if run[at] == ")" and len(nest) > 1 and place == "plain":
        nest.pop()
        return ")"
    return _open(run, at, nest, ("$'", "$(", "'", '"', "`", "("))


def _open(run: str, at: int, nest: list[str], openers: tuple[str, ...]) -> str:
    if run[at] == "`" and "backtick" in nest:
        while nest.pop() != "backtick":
            pass
        return "`"
    for opener in openers:
        if run.startswith(opener, at):
            nest.append(_OPENING[opener])
            return opener
    return run[at]


def key(job: Job) -> str:
    """A short name for this job's items: the same when its command was corrected or its list grew in between."""
    pattern = job.items if isinstance(job.items, str) else ""
    return hashlib.sha256(f"{job.name or job.run}\0{pattern}".encode()).hexdigest()[:12]


def status_path(job: Job, shard: tuple[int, int] | None = None) -> str:
    """The file that keeps how each item ended, relative to the workdir: the same one for every run of the job (and
    of this part of it)."""
    part = f"-{shard[0]}of{shard[1]}" if shard else ""
    return f"{NOTES}{key(job)}{part}.jsonl"


def part(found: tuple[str, ...], shard: tuple[int, int] | None) -> tuple[str, ...]:
    """The items of one shard, `(which, of how many)` counted from 1: every n-th, so that a list sorted by size is
    spread evenly."""
    return found if shard is None else found[shard[0] - 1 :: shard[1]]


def earlier_results(job: Job, workdir: str) -> dict[str, dict[str, Any]]:
    """The last word on each item, of all earlier runs, whatever parts they did; also what a command has reported
    whose runner did not live to note it."""
    last: dict[str, dict[str, Any]] = {}
    for path in _status_files(job, workdir):
        for item, entry in (reported_ends if path.endswith(".done") else last_entries)(path).items():
            if item not in last or entry["at"] >= last[item]["at"]:
                last[item] = entry
    return last


def unfinished(job: Job, workdir: str, shard: tuple[int, int] | None) -> tuple[str, ...]:
    """The items of a job, or of one part of it, that have not succeeded yet, as far as is known here."""
    done = succeeded(job, workdir)
    return tuple(item for item in part(resolve(job, workdir), shard) if item not in done)


def succeeded(job: Job, workdir: str) -> set[str]:
    """The items whose last word is success, as far as is known here, also those that the job has no more."""
    return {item for item, entry in earlier_results(job, workdir).items() if entry["exit"] == 0}


def set_aside(
    job: Job, workdir: str, shard: tuple[int, int] | None, shards_began: float | None = None
) -> None:
    """Rename the status files of earlier runs: one that begins anew has begun, and a later `--resume` is about it
    alone. Those of the other shards of this launch, which began at the Unix time `shards_began`, stay. UserError as
    `alone_with_items`."""
    with alone_with_items(job, workdir, shard):
        for path in _status_files(job, workdir):
            with contextlib.suppress(FileNotFoundError):  # another shard was quicker
                # When it came to this machine, as this machine's clock has it: st_mtime may be another's.
                is_old = shards_began is not None and os.stat(path).st_ctime < shards_began
                if is_old or _overlap(shard, _shard_of(path)):
                    os.replace(path, path + ".before")


@contextlib.contextmanager
def alone_with_items(job: Job, workdir: str, shard: tuple[int, int] | None) -> Iterator[None]:
    """While open, no runner on this machine begins with these items. UserError where one has them, or where how they
    end could not be noted."""
    folder = os.path.join(workdir, os.path.dirname(status_path(job)))
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UserError(
            "items-not-noted",
            f"which items are done is noted in {folder}, which is no folder",
            "move away what is there",
        )
    if not os.access(folder if os.path.exists(folder) else workdir, os.W_OK | os.X_OK):
        raise UserError(
            "items-not-noted",
            f"which items are done is noted in {folder}, where nothing can be written",
            "make it writable, or copy the workdir",
        )
    with contextlib.ExitStack() as locks:
        pattern = f"{glob.escape(folder)}/items-{key(job)}[-.]*lock"
        for path in {*glob.glob(pattern)} if sys.platform != "win32" else ():
            # Another thing of that name, as a FIFO, would be waited for: the runner refuses it.
            if _overlap(shard, _shard_of(path)) and os.path.isfile(path):
                with contextlib.suppress(PermissionError):  # another user's, who keeps it to himself
                    _share(locks.enter_context(open(path, encoding="utf-8")))
        yield


def _share(lock: IO[str]) -> None:
    """Lock the file against a runner, which holds it alone. UserError where one does."""
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(
            "items-busy",
            f"{holder(lock)} is doing these items",
            "wait for it, or end it; `--resume` then does what it left",
        ) from error
    except OSError:  # a file system without locks
        pass


_PART = re.compile(r"(?<=/items-[0-9a-f]{12})-(\d+)of(\d+)(?=\.[^/]*$)")
"""Where the name of a status file, or of what lies beside it, says which part of the items it is about."""


def _shard_of(path: str) -> tuple[int, int] | None:
    """The part of the items that a status file, or what lies beside it, is about."""
    named = _PART.search(path)
    return (int(named[1]), int(named[2])) if named else None


def share_items(one: str, other: str) -> bool:
    """Whether runs with these status files, relative to one workdir, may have an item in common."""
    same_job = _PART.sub("", one) == _PART.sub("", other)
    return same_job and _overlap(_shard_of(one), _shard_of(other))


def _overlap(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Whether two parts of the items may have one in common, as far as their numbers tell."""
    return one is None or other is None or one[1] != other[1] or one[0] == other[0]


def _status_files(job: Job, workdir: str) -> list[str]:
    """Of every run of the job: of all its items, of parts, and those that lie beside one that stayed. Those that end
    in .done are what a command reported."""
    names = f"{glob.escape(workdir)}/.gpuspec/items-{key(job)}[-.]*"
    found = glob.glob(names + "jsonl") + glob.glob(names + ".done")
    # The runner refuses what a link leads to.
    return sorted(path for path in found if os.path.isfile(path) and not os.path.islink(path))


def manifest(
    job: Job,
    items: tuple[str, ...],
    status: str,
    *,
    fresh: bool,
    known: Mapping[str, dict[str, Any]] | None = None,
    price: float | None = None,
    folder: str | None = None,
) -> dict[str, Any]:
    """What the runner reads. `status` is the file that keeps each item's end; `fresh` begins it anew, else the items
    that are done by it, or by what is `known` of other runs, are passed over; `price` is $/h of the machine, for the
    cost per item, where it is known before the machine is; `folder` outlives the machine, and another that takes
    over finds there what is done and its outputs."""
    run = job.run or ""
    bound = bind(run)
    # Else once for all. What is only in a comment decides nothing where the list is used.
    named = bound != run or ("{item}" in run and "GPUSPEC_ITEMS" not in run)
    each = named or re.search(r"\$\{?GPUSPEC_ITEM(?!S)", run) is not None
    if not each and any("\n" in item or "\r" in item for item in items):
        raise UserError(
            "item-newline",
            "an item holds a line break, and `run` takes all items from a file that has one on each line",
            "use {item} in `run`, or rename it",
        )
    return {
        "items": list(items),
        "run": bound,
        "each": each,
        "status": status,
        "fresh": fresh,
        "known": [known[item] for item in items if item in known] if known else [],
        "price": price,
        "folder": folder,
        "outputs": list(job.outputs),
    }


def local_command(wanted: dict[str, Any], folder: str) -> list[str]:
    """The command that runs a manifest here; its files go into `folder`."""
    packed, path = (os.path.join(folder, name) for name in ("item_runner.pyz", "items.json"))
    with open(packed, "wb") as program:
        program.write(_runner())
    with open(path, "w", encoding="utf-8") as out:
        json.dump(wanted, out)
    return [sys.executable, "-I", packed, path]


def script(wanted: dict[str, Any]) -> str:
    """Shell text that runs a manifest anywhere there is python3 and bash; its exit status is the runner's."""
    return program_text("item_runner.pyz", _runner(), "items.json", wanted, "-I") + "\n"


def _runner() -> bytes:
    return program_zip("item_runner", "runner")
