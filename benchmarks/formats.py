"""How long `gpuspec lint` takes over files of other formats, and whether it takes files for jobs that are none.

    python -m benchmarks.formats [--runs N]

Bars: 1,000 manifests ≤ 220 × `python -c pass` (2 s where that takes 9 ms); one, cold, ≤ 12 ×; 10,000 YAML files
without a job ≤ 220 ×, and none of them taken for one. Seconds of the processor, since other programs hold up the
clock, whose are beside them. Exits with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.formats_inputs import write_manifests, write_without
from benchmarks.lint import CLEAN, environment

GPUSPEC = [str(Path(sys.executable).parent / "gpuspec"), "lint"]


class Run(NamedTuple):
    """Seconds of the processor and on the clock, and what was printed."""

    processor: float
    clock: float
    said: str


def run(command: list[str], folder: Path, runs: int, settings: dict[str, str]) -> Run:
    """The quickest of some runs."""
    best = Run(float("inf"), float("inf"), "")
    for _ in range(runs):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=settings)
        clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, Run(used, clock, done.stdout + done.stderr))
    return best


def _taken(said: str) -> int:
    """How many files were taken for jobs."""
    if "error[no-specs]" in said:
        return 0
    return len({line.partition(":")[0] for line in said.split(os.linesep)})


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_manifests(folder / "one", 1)
        write_manifests(folder / "many", 1_000)
        write_without(folder / "none", 10_000)
        (folder / "spec").mkdir()
        (folder / "spec" / "job.jsonc").write_text(CLEAN, encoding="utf-8")
        settings = environment(folder)
        run([*GPUSPEC, "one"], folder, 1, settings)  # writes the bytecode
        bare = run([sys.executable, "-c", "pass"], folder, 5 * runs, settings)
        spec = run([*GPUSPEC, "spec/job.jsonc"], folder, 5 * runs, settings)
        one = run([*GPUSPEC, "one/llm-0000.yaml"], folder, 5 * runs, settings)
        many = run([*GPUSPEC, "many", "--format", "concise"], folder, runs, settings)
        none = run([*GPUSPEC, "none"], folder, runs, settings)
    taken, base = _taken(none.said), bare.processor
    rows = [
        ("a job spec (JSONC), cold", spec, f"{spec.processor / base:.1f} × bare Python", True),
        (
            "one manifest, cold",
            one,
            f"{one.processor / base:.1f} × (≤ 12)",
            one.processor <= 12 * base,
        ),
        (
            "1,000 manifests",
            many,
            f"{many.processor / base:.0f} × (≤ 220)",
            many.processor <= 220 * base,
        ),
        (
            "10,000 YAML files without a job",
            none,
            f"{none.processor / base:.0f} × (≤ 220)",
            none.processor <= 220 * base,
        ),
        ("of these taken for jobs", Run(0, 0, ""), f"{taken} (0)", taken == 0),
    ]
    for what, took, bar, kept in rows:
        missed = "" if kept else "MISSED"
        print(f"{what:34} {took.processor:7.3f} s  {took.clock:7.3f} s on the clock  {bar:24} {missed}")
    return 0 if all(kept for *_, kept in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
