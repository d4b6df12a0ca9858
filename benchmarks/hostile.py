"""How long the largest and oddest inputs take, and how that grows: seconds, MiB, and the exponent from half the size
to the whole (1 where the time grows with the size, 2 where it grows with its square).

    python benchmarks/hostile.py [--only WORDS] [--command "plan {file}"] [--all]

Bars: 1 s of processor time and 300 MiB each, where `gpuspec lint` of a small file takes 0.1 s; exponent 1.5, where
the time is long enough to tell. Rows that miss a bar are marked; `--all` prints the others, too. Exits with 1 where a
row misses one. The inputs are in hostile_inputs.py; `--command` gives them to another command.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from hostile_inputs import INPUTS, Input

SECONDS, MIB, EXPONENT = 1.0, 300.0, 1.5
LIMIT = 20
"""Seconds after which a run is ended."""
TELLING = 0.5
"""Seconds from which an exponent says something: start-up and what is read once are in them, too."""


class Took(NamedTuple):
    """Seconds of the processor, peak MiB, exit status."""

    seconds: float
    peak: float
    status: int


def bounded() -> None:
    """Keep this process from hanging, or from taking all memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 1))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def once(words: list[str], here: Path) -> Took:
    """One run of gpuspec in a folder."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gpuspec", *words],
        cwd=here,
        env={**kept, "PYTHONPYCACHEPREFIX": str(here.parent / "pycache")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=bounded,
    )
    _, status, used = os.wait4(process.pid, 0)
    return Took(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))


def measured(row: Input, size: int, folder: Path, command: str) -> Took:
    """One input of a size through a command: the better of two runs, where the first missed a bar."""
    here = folder / re.sub(r"\W", "-", f"{row.name}-{size}")
    file = here / row.file
    file.parent.mkdir(parents=True)
    file.write_text(row.text(size))
    words = shlex.split(command.format(file=row.file))
    took = once(words, here)
    return took if took.seconds <= SECONDS else min(took, once(words, here))


def main() -> int:
    """Measure, print, and say whether the bars hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="rows whose names have this pattern in them")
    parser.add_argument("--command", help="instead of each row's own: `size {file}`")
    parser.add_argument("--all", action="store_true", help="print the rows within the bars, too")
    options = parser.parse_args()
    missed = 0
    print(f"{'input':44}{'size':>10}{'seconds':>9}{'MiB':>6}{'exponent':>10}")
    with tempfile.TemporaryDirectory() as name:
        small = Input("a small file", 1, lambda _: "{}")
        measured(small, 1, Path(name), options.command or small.command)  # compiles the modules
        for row in INPUTS:
            if not re.search(options.only, row.name):
                continue
            command = options.command or row.command
            whole = measured(row, row.size, Path(name), command)
            half = measured(row, row.size // 2, Path(name), command)
            exponent = math.log2(max(whole.seconds, 0.01) / max(half.seconds, 0.01))
            bad = whole.seconds > SECONDS or whole.peak > MIB or whole.status not in (0, 1, 2)
            bad = bad or (whole.seconds > TELLING and exponent > EXPONENT)
            missed += bad
            if bad or options.all:
                mark = f"  missed (exit status {whole.status})" if bad else ""
                print(
                    f"{row.name:44}{row.size:10,}{whole.seconds:9.2f}{whole.peak:6.0f}{exponent:10.1f}{mark}",
                    flush=True,
                )
    print(f"{missed} missed" if missed else "within the bars")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
