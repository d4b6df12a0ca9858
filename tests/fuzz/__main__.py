"""Fuzzes gpuspec: makes inputs that nobody would write, and says which of them break it.

    python -m tests.fuzz --minutes 10 [--seed N] [--only NAME …]
    python -m tests.fuzz --again NAME:SEED:NUMBER [--write FILE]

What is fuzzed takes turns; `--only` chooses (their names are in `makers.py`). Each turn runs twice, at the same time:
in two processes that hash differently and go through the inputs in opposite order, so that what depends on either
shows. A fault is printed with what makes its input again, and then the exit status is 1.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.makers import MAKERS
from tests.fuzz.seeds import ROOT
from tests.fuzz.trial import SLOW, Result, result, trial_of

INPUTS = 40
"""In one turn."""


class Turn(NamedTuple):
    """Some inputs of one maker, tried by a process of their own."""

    maker: str
    seed: int
    process: subprocess.Popen[str]
    backwards: bool

    @classmethod
    def begin(cls, maker: str, seed: int, *, backwards: bool) -> Turn:
        """Start it."""
        words = [sys.executable, "-m", "tests.fuzz", "--turn", f"{maker}:{seed}:{int(backwards)}"]
        environment = {**os.environ, "PYTHONHASHSEED": "1" if backwards else "0"}
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        return cls(maker, seed, process, backwards)

    def results(self) -> dict[int, Result]:
        """How each input fared, by number; what ended the process is a fault of the input that was due."""
        out, _ = self.process.communicate()
        found: dict[int, Result] = {}
        for line in out.splitlines():
            at, digest, faults, seconds = json.loads(line)
            found[at] = Result(digest, tuple(faults), seconds)
        due = next((at for at in order(backwards=self.backwards) if at not in found), None)
        if due is not None:
            found[due] = Result("", (f"the process ended with {self.process.returncode}",), 0.0)
        return found


def order(*, backwards: bool) -> list[int]:
    """The numbers of a turn's inputs."""
    return list(reversed(range(INPUTS))) if backwards else list(range(INPUTS))


def faults_of(maker: str, seed: int) -> tuple[list[str], float]:
    """One turn: its faults, and the seconds that the slowest input took."""
    turns = [Turn.begin(maker, seed, backwards=backwards) for backwards in (False, True)]
    first, second = (each.results() for each in turns)
    faults, slowest = [], 0.0
    for at in range(INPUTS):
        both = [results[at] for results in (first, second) if at in results]
        said = {fault for one in both for fault in one.faults}
        # The machine may have been busy with the other.
        seconds = min((one.seconds for one in both), default=0.0)
        slowest = max(slowest, seconds)
        if seconds > SLOW:
            said.add(f"took {seconds:.1f} s of the processor")
        if not said and len({one.digest for one in both}) > 1:
            said.add("says something else in another process, or after other inputs")
        faults += (f"{maker}:{seed}:{at}: {fault}" for fault in shortened(said))
    return faults, slowest


def shortened(faults: Iterable[str]) -> list[str]:
    """One of those that end alike: one mistake makes many rules fail."""
    last: dict[str, str] = {}
    for fault in sorted(faults):
        last.setdefault(fault[-60:], fault)
    return list(last.values())


def turn(maker: str, seed: int, *, backwards: bool) -> None:
    """Try the inputs of one turn, and print a line for each."""
    out = os.fdopen(os.dup(1), "w")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is printed by what is tried is no line of ours
    for at in order(backwards=backwards):
        gc.collect()  # garbage that goes meanwhile would hide what an input takes
        tried = result(MAKERS[maker], seed, at)
        gc.freeze()
        print(json.dumps([at, tried.digest, tried.faults, round(tried.seconds, 3)]), file=out, flush=True)


def again(maker: str, seed: int, at: int, write: Path | None) -> int:
    """Make one input again; the number of its faults."""
    made = trial_of(MAKERS[maker], seed, at)
    if write:
        write.write_bytes(made.data)
    tried = result(MAKERS[maker], seed, at)
    print(f"{made.what}, {len(made.data):,} bytes: {tried.seconds:.2f} s, {len(tried.faults)} faults")
    for fault in tried.faults:
        print(f"  {fault}")
    return int(bool(tried.faults))


def main() -> int:
    """Fuzz for some minutes."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    options.add_argument("--only", action="append", choices=MAKERS)
    options.add_argument("--again", metavar="NAME:SEED:NUMBER")
    options.add_argument("--write", type=Path, metavar="FILE", help="Where to write the input of --again.")
    options.add_argument("--turn", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.turn or given.again:
        maker, seed, number = (given.turn or given.again).split(":")
        if given.again:
            return again(maker, int(seed), int(number), given.write)
        turn(maker, int(seed), backwards=number == "1")
        return 0
    return fuzz(given.only or list(MAKERS), given.seed, given.minutes * 60)


def fuzz(makers: list[str], seed: int, seconds: float) -> int:
    """Take turns until the time is up; 1 if there were faults."""
    stop = time.monotonic() + seconds
    tried: dict[str, tuple[int, int, float]] = dict.fromkeys(makers, (0, 0, 0.0))
    for maker, at in _turns(makers, seed):
        if time.monotonic() > stop:
            break
        faults, slowest = faults_of(maker, at)
        for fault in faults:
            print(fault, flush=True)
        inputs, wrong, most = tried[maker]
        tried[maker] = inputs + INPUTS, wrong + len(faults), max(most, slowest)
    print(f"{'what':<16}{'inputs':>8}{'faults':>8}{'slowest':>10}   (seed {seed})")
    for maker, (inputs, wrong, most) in tried.items():
        print(f"{maker:<16}{inputs:>8,}{wrong:>8,}{most:>8.2f} s")
    return int(any(wrong for _, wrong, _ in tried.values()))


def _turns(makers: list[str], seed: int) -> Iterator[tuple[str, int]]:
    for at in itertools.count(seed):
        yield from ((maker, at) for maker in makers)


if __name__ == "__main__":
    sys.exit(main())
