"""One input, what is done with it, and the bounds that it must keep: time, memory, no crash, and no stray exit."""

from __future__ import annotations

import gc
import hashlib
import os
import random
import resource
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SLOW = 1.0
"""Seconds of processor time that one input may take."""
HUNG = 30.0
"""Seconds of processor time after which an input is stopped."""
MEMORY = 300 << 20
"""Bytes that one input may add to what the process holds."""


class Outcome(NamedTuple):
    """What came out, which must be the same bytes each time, and what was wrong with it, in words. `seconds` is the
    longest part where there were several, each of which may take its time."""

    output: bytes
    faults: tuple[str, ...] = ()
    seconds: float | None = None


class Trial(NamedTuple):
    """An input and what is done with it. `what` says what it is; the working folder is a new one when `run` runs."""

    what: str
    data: bytes
    run: Callable[[], Outcome]


class Result(NamedTuple):
    """How an input fared. `digest` is of what came out; `seconds` of the processor."""

    digest: str
    faults: tuple[str, ...]
    seconds: float


Maker = Callable[[random.Random], Trial]
"""Makes an input from chance alone, so that a seed makes it again."""


class Hung(BaseException):
    """Raised in what takes far too long. No Exception, or what runs rules would take it for a rule's."""


def trial_of(make: Maker, seed: int, at: int) -> Trial:
    """The input number `at` of a seed."""
    return make(random.Random(f"{seed}:{at}"))


def result(make: Maker, seed: int, at: int) -> Result:
    """Try the input number `at` of a seed. What seems slow or large is tried again: the first time may have filled
    what is kept for all later ones. Whether the time is too long is for the caller to say."""
    tried = _once(make, seed, at)
    if tried.seconds > SLOW or any(fault.startswith("memory") for fault in tried.faults):
        gc.collect()
        again = _once(make, seed, at)
        tried = again._replace(seconds=min(tried.seconds, again.seconds))
    return tried


def _once(make: Maker, seed: int, at: int) -> Result:
    trial = trial_of(make, seed, at)
    began, before = time.process_time(), _reset_peak()
    with _in_new_folder() as folder, _stopped_after(HUNG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            outcome = trial.run()
        except (Exception, Hung, SystemExit) as error:
            outcome = Outcome(b"", (_told(error),))
    seconds, grown = time.process_time() - began, _peak() - before
    faults = tuple(fault.replace(folder, "FOLDER") for fault in outcome.faults)
    faults += tuple(f"Python warns: {each.message}" for each in warned)
    if grown > MEMORY:
        faults = (*faults, f"memory: {grown / 2**20:.0f} MiB more than before it")
    output = outcome.output.replace(folder.encode(), b"FOLDER")
    longest = seconds if outcome.seconds is None else outcome.seconds
    return Result(hashlib.sha256(output).hexdigest(), faults, longest)


def _told(error: BaseException) -> str:
    """The error and the last places it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
    return f"{type(error).__name__}: {str(error)[:200]} ({places})"


@contextmanager
def _in_new_folder() -> Iterator[str]:
    """A new working folder, in which the user's own folders are, too."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="gpuspec-fuzz-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            yield os.path.realpath(folder)
        finally:
            os.chdir(before)


@contextmanager
def _stopped_after(limit: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hung(f"stopped after {limit:g} s of the processor")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, limit, 1.0)  # again and again: what runs rules catches everything
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _reset_peak() -> int:
    """Begin to watch the most memory that is held; bytes that are held now."""
    try:
        with open("/proc/self/clear_refs", "w") as out:
            out.write("5")
    except OSError:  # elsewhere than on Linux the peak only grows: an input after a larger one is not judged
        pass
    return _peak()


def _peak() -> int:
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
