"""`gpuspec run --shards N`: the items of one spec on N machines, each an ordinary run of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import IO, Any

from gpuspec.cli.open_case import CaseOptions
from gpuspec.errors import UserError
from gpuspec.numerals import is_digits
from gpuspec.planning.case import Case

_FLAGS = ("detach", "fresh", "no_outputs", "resume", "plain", "allow_no_gpu", "over_budget")

LONGEST = 1 << 20
"""Characters of a line; a longer one is shown as several. A job may print without end and never begin a line."""


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """ "2/3" → (2, 3). UserError for anything else."""
    if text is None:
        return None
    which, _, many = text.partition("/")
    if len(text) > 20 or not (is_digits(which) and is_digits(many) and 1 <= int(which) <= int(many)):
        raise UserError("bad-shards", f"--shard {text!r} is not K/N", "use --shards N")
    return int(which), int(many)


def check_shards(case: Case, specs: int, shards: int) -> None:
    """UserError where there is nothing to spread, or more machines than items."""
    from gpuspec.launch import items

    if specs > 1 or case.path == "-":
        raise UserError("bad-shards", "--shards takes one spec, from a file", "launch them one by one")
    found = items.resolve(case.job, case.workdir)
    if len(found) < shards:
        few = f"--shards {shards}, but the spec has {len(found)} items"
        wrong = few if found else "--shards spreads `items`, and the spec has none"
        raise UserError("bad-shards", wrong, "give fewer shards, or name the inputs in `items`")


def run_shards(spec: str, shards: int, given: CaseOptions, options: dict[str, Any]) -> int:
    """Run all parts at once, their lines marked `[1/3]`; the exit status of the first that did not succeed."""
    from gpuspec.launch.interrupts import ASKED_TO_END, handled
    from gpuspec.launch.programs import python

    command = python("from gpuspec.__main__ import script; script()", "run", "--yes")
    if options["on"] is not None:
        command += ["--on", str(options["on"])]
    command += [f"--{name.replace('_', '-')}" for name in _FLAGS if options[name]]
    command += given.words()
    began = time.time()
    children: list[subprocess.Popen[str]] = []
    asked_to_end = False
    failed: OSError | None = None

    def forward(number: int, frame: FrameType | None) -> None:
        nonlocal asked_to_end
        asked_to_end = True
        for child in children:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)

    with handled(forward, *ASKED_TO_END):  # before the first: none is left alone
        for number in range(1, shards + 1):
            part = ["--shard", f"{number}/{shards}", "--shards-began", repr(began), "--", spec]
            if asked_to_end:
                break
            try:
                children.append(_started([*command, *part]))
            except OSError as error:  # no more processes: those that began are not left alone
                failed = error
                forward(0, None)
            else:
                if asked_to_end:  # while it was started
                    children[-1].send_signal(signal.SIGINT)
        threads = [
            threading.Thread(target=_copy, args=(f"[{number}/{shards}] ", stream, out))
            for number, child in enumerate(children, 1)
            for stream, out in ((child.stdout, sys.stdout), (child.stderr, sys.stderr))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = [child.wait() for child in children]
    if failed:
        raise failed
    return next((status for status in statuses if status), 130 if asked_to_end else 0)


def _started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches them through us, once
    )


def _copy(mark: str, stream: IO[str] | None, out: IO[str]) -> None:
    """Copy to the stream's end, whatever becomes of `out`: a child whose pipe is full would wait for ever. A reader
    that left (`gpuspec run … | head`), or a full disk, is written to no more."""
    reader_is_there = True
    while stream and (line := stream.readline(LONGEST)):
        if reader_is_there:
            try:
                out.write(mark + line.removesuffix("\n") + "\n")
                out.flush()
            except (OSError, ValueError):  # ValueError: it is closed, or cannot hold such a letter
                reader_is_there = False
