"""How long commands take that read run records, as whole processes, over 10,000 runs.

    python -m benchmarks.records [--runs N] [--records N]

Bar: 200 ms of the processor beyond what the same command takes over six, on a machine where `python -c pass` takes
10 ms: given as times that, so that it means the same on a slower one. Exits with 1 where it is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.plan import milliseconds
from gpuspec.launch.launcher import Run
from gpuspec.launch.record_row import stored
from gpuspec.launch.records import Records

SPEC = Path(__file__).parents[1] / "examples" / "batch-70b-awq.jsonc"
COMMANDS = (
    ("ps",),
    ("cost", "job5", "--json"),
    ("cost", "--report"),
    ("cost", "--report", "--by", "gpu", "--json"),
    ("plan", str(SPEC)),
)
BAR = 20.0
"""Times bare Python."""


def fill(path: str, number: int) -> None:
    """So many runs of 200 jobs, that ended long ago."""
    chance = random.Random(1)
    rows = []
    for at in range(number):
        job, began = at % 200, 1.7e9 + 1000 * at
        run = Run(
            id=f"a{at:09}",
            name=f"job{job}",
            launcher="skypilot",
            spec_path=f"jobs/job{job}.jsonc",
            workdir="/w/jobs",
            state="succeeded",
            started=began,
            ended=began + 3600 * chance.uniform(0.5, 3),
            machine=f"gs-{at}",
            gone=True,
            cloud="lambda",
            instance="gpu_1x_h100_sxm5",
            gpu=("H100", "A100-80GB", "L4")[job % 3],
            gpu_count=1,
            planned_price=2.0,
            actual_price=2.1,
            max_hours=4.0,
            planned_memory=40.0,
            peak_memory=chance.uniform(30, 45),
            model="meta-llama/Llama-3.1-8B",
            engine="trl",
            task="train",
            command=f"{job:012x}",
            planned_hours=1.5,
            work_began=began + 300,
        )
        rows.append([stored(value) for value in run])
    Records(path)
    marks = ", ".join("?" for _ in Run._fields)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(f"INSERT INTO runs ({', '.join(Run._fields)}) VALUES ({marks})", rows)


def main() -> int:
    """Print a line for each command; 1 where one is beyond the bar."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--records", type=int, default=10_000)
    options = parser.parse_args()
    bare = milliseconds([sys.executable, "-c", "pass"], options.runs)
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        full, empty = os.path.join(folder, "full"), os.path.join(folder, "empty")
        os.makedirs(full)
        os.makedirs(empty)
        fill(os.path.join(full, "runs.sqlite3"), options.records)
        fill(os.path.join(empty, "runs.sqlite3"), 6)
        print(f"python -c pass: {bare:.0f} ms; {options.records:,} runs, beside 6")
        for command in COMMANDS:
            words = [sys.executable, "-m", "gpuspec", *command]
            few = milliseconds(words, options.runs, GPUSPEC_STATE_DIR=empty)
            many = milliseconds(words, options.runs, GPUSPEC_STATE_DIR=full)
            over = (many - few) / bare > BAR
            missed |= over
            said = " ".join(os.path.basename(word) for word in command)
            print(f"gpuspec {said:36} {few:5.0f} → {many:5.0f} ms{'  MISSED' * over}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
