"""Random bytes through the whole linter: no crash, no hang, no unbounded memory, every finding inside its file.

    python -m tests.fuzz.lint_bytes --minutes 10 [--seed N]

Starts from the examples and the golden files and cuts, splices, repeats and garbles them. Prints a line for each
failure, with the seed that makes it again, and exits with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from gpuspec.errors import UserError
from gpuspec.lint.files import lint_data
from gpuspec.lint.result import Report
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.report import FORMATS, render
from gpuspec.rules import collect

ROOT = Path(__file__).parents[2]
SLOW = 5.0
"""Seconds of processor time from which one file counts as a hang; they are all small."""
MEMORY = 2 << 30
"""Address space the whole run may take, bytes."""
TOKENS = [
    b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"//", b"/*", b"*/", b"\\", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b"\r\n", b"\t", b"1e999", b"-0", b"0x", b"NaN", b"null", b"true", b"$(", b"${", b"<<EOF\n", b"|", b";", b"&&",
    "模型😀".encode(), "\u2028".encode(), b"A100:8", b"gpu_types", b'"model":{"id":"x"}', b"for x in y; do ",
    b"; done", b"\\ud800", b"\\u001b[31m", b"\x1b[31m", b"::error::", b"]]>",
]  # fmt: skip
SUFFIXES = {".jsonc", ".sh", ".py", ".yml", ".json", ".mk"}


def seeds() -> list[tuple[str, bytes]]:
    """(name, bytes) of files to start from."""
    folders = (ROOT / "examples", ROOT / "tests" / "golden")
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES]
    return [(path.name, path.read_bytes()) for path in found]


def garble(data: bytes, others: list[tuple[str, bytes]], chance: random.Random) -> bytes:
    """A few random changes."""
    for _ in range(chance.randint(1, 6)):
        at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:at] + chance.choice(TOKENS) + data[at:]
        elif kind == 1:
            data = data[:at] + data[min(to, at + chance.randint(0, 40)) :]
        elif kind == 2:
            data = data[:to] + data[at:to] * chance.randint(1, 30) + data[to:]
        elif kind == 3:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 4:
            other = chance.choice(others)[1]
            start = chance.randint(0, len(other))
            data = data[:at] + other[start : start + chance.randint(0, 200)] + data[at:]
        else:
            data = data[:at] + chance.choice(TOKENS) * chance.randint(1, 3000) + data[at:]
    return data[:200_000]


def failures(seed: int, number: int, stop: float = float("inf")) -> Iterator[str]:
    """Try up to `number` inputs, until the clock says `stop`; what went wrong, in words."""
    start = seeds()
    registry = collect()
    settings = Settings(preview=True, pedantic=True)
    for at in range(number):
        if time.monotonic() > stop:
            return
        chance = random.Random(f"{seed}:{at}")
        name, data = chance.choice(start)
        data = garble(data, start, chance)
        linter = Linter(registry)
        began = time.process_time()
        try:
            found = lint_data(linter, name, data, settings, on_disk=False)
        except UserError:
            continue  # said clearly: "is not a text file"
        except Exception as error:
            yield f"{seed}:{at} {name}: {type(error).__name__}: {error}"
            continue
        took = time.process_time() - began
        if took > SLOW:
            yield f"{seed}:{at} {name}: took {took:.1f} s for {len(data)} bytes"
        for problem in linter.problems:
            yield f"{seed}:{at} {name}: {problem}"
        lines = data.count(b"\n") + data.count(b"\r") + 1
        for item in found:
            if not 1 <= item.place.line <= lines or item.place.column < 1:
                yield f"{seed}:{at} {name}: {item.finding.code} at {item.place.line}:{item.place.column}"
        for format, wrong in unreadable(Report((name,), tuple(found))):
            yield f"{seed}:{at} {name}: --format {format}: {wrong}"


def unreadable(report: Report) -> Iterator[tuple[str, str]]:
    """Formats in which a report cannot be written or not be read again."""
    for format in FORMATS:
        try:
            text = render(format, report, (True, 40)).encode()
            if format in ("json", "sarif", "gitlab"):
                json.loads(text)
            elif format == "junit":
                ElementTree.fromstring(text)
            elif format in ("text", "markdown", "github"):
                assert not re.search(
                    rb"[\x00-\x08\x0b-\x1a\x1c-\x1f]|\x1b[^\\[\]]", text.replace(b"\x1b\\", b"")
                )
        except Exception as error:
            yield format, f"{type(error).__name__}: {error}"


def main() -> int:
    """Fuzz for some minutes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    given = options.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    count = 0
    stop = time.monotonic() + given.minutes * 60
    seed = given.seed
    while time.monotonic() < stop:
        for failure in failures(seed, 1000, stop):
            count += 1
            print(failure, flush=True)
        seed += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{(seed - given.seed) * 1000:,} inputs at most from seed {given.seed}, {count} failures, peak {peak:.0f} MiB"
    )
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
