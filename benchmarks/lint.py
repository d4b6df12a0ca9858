"""How long `gpuspec lint` takes, beside bare Python and other linters, with hyperfine, in one run.

    python benchmarks/lint.py [--runs N] [--many] [--others] [--tries N] [--slack SHARE]

Bars, in units of `python -c pass` on the same machine in the same run, so that they mean the same on a
slow one: one clean file ≤ 5.5, one with a finding ≤ 8; `--many`: 1,000 files ≤ 55, 10,000 ≤ 550 (0.5 s and 5 s where
bare Python takes 9 ms) with flat memory. Other tools are measured where they are installed. Exits with 1 where a bar
is missed in each of `--tries` runs; `--slack 0.15` lets it be missed by 15 %, for machines that others use as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

CLEAN = """{
  // the smallest GPU that holds it
  "run": "python process_batch.py",
  "task": "batch",
  "gpu_types": ["RTX 4090"],
  "keep_alive_minutes": 3,
  "budget": { "max_hours": 4 },
  "max_price": 1.0,
  "outputs": ["results/"]
}
"""
FINDING = CLEAN.replace('"RTX 4090"', '"RTX 4091"')
GPUSPEC = [str(Path(sys.executable).parent / "gpuspec"), "lint"]
OTHERS = {
    "ruff": (["ruff", "check", "--isolated", "--no-cache"], "x.py", "x = 1\n"),
    "yamllint": (["yamllint"], "x.yaml", "---\nx: 1\n"),
    "flake8": (["flake8", "--isolated"], "x.py", "x = 1\n"),
    "check-jsonschema": (["check-jsonschema", "--check-metaschema"], "x.json", "{}\n"),
    "cfn-lint": (["cfn-lint"], "x.template", '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}\n'),
}


def environment(folder: Path) -> dict[str, str]:
    """As an installed tool runs: with bytecode written, which some build machines forbid."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "pycache")}


class Took(NamedTuple):
    """Seconds on the clock (median) and of the processor (mean), and peak MiB of a command."""

    clock: float
    processor: float
    peak: float = 0.0

    def over(self, bare: Took) -> float:
        """How many times bare Python: by the clock, or by the processor where other programs held it up."""
        return min(self.clock / bare.clock, self.processor / bare.processor)


def took(commands: list[list[str]], folder: Path, runs: int) -> list[Took]:
    """What each command takes."""
    if not shutil.which("hyperfine"):
        for command in commands:
            once(command, folder)  # writes the bytecode
        return [_mean([once(command, folder) for _ in range(runs)]) for command in commands]
    out = folder / "times.json"
    lines = [subprocess.list2cmdline(command) for command in commands]
    options = ["-N", "-i", "-w", "3", "-r", str(runs), "--style", "none", "--export-json", str(out)]
    subprocess.run(
        ["hyperfine", *options, *lines], cwd=folder, env=environment(folder), check=True, capture_output=True
    )
    results = json.loads(out.read_text())["results"]
    return [Took(result["median"], result["user"] + result["system"]) for result in results]


def _mean(runs: list[Took]) -> Took:
    return Took(statistics.median(run.clock for run in runs), statistics.mean(run.processor for run in runs))


def once(command: list[str], here: Path, folder: Path | None = None) -> Took:
    """One run of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=here,
        env=environment(folder or here),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(process.pid, 0)
    return Took(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def installed(name: str) -> str | None:
    """The program of a linter, where there is one that runs."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    return None


def one_file(folder: Path, runs: int, more: float = 1.0) -> tuple[Took, bool]:
    """One file each: (what bare Python takes, whether the bars, times `more`, hold)."""
    (folder / "clean.gpu.jsonc").write_text(CLEAN)
    (folder / "finding.gpu.jsonc").write_text(FINDING)
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "gpuspec, clean": [*GPUSPEC, "clean.gpu.jsonc"],
        "gpuspec, one finding": [*GPUSPEC, "finding.gpu.jsonc"],
    }
    for name, (command, file, text) in OTHERS.items():
        if found := installed(command[0]):
            (folder / file).write_text(text)
            rows[name] = [found, *command[1:], file]
    times = dict(zip(rows, took(list(rows.values()), folder, runs), strict=True))
    bare = times["python -c pass"]
    print("                           clock   × bare  processor   × bare")
    for name, t in times.items():
        print(
            f"{name:22} {t.clock * 1000:6.1f} ms {t.clock / bare.clock:8.1f}"
            f"  {t.processor * 1000:6.1f} ms {t.processor / bare.processor:8.1f}"
        )
    clean, finding = times["gpuspec, clean"].over(bare), times["gpuspec, one finding"].over(bare)
    return bare, clean <= 5.5 * more and finding <= 8 * more


def many_files(folder: Path, number: int) -> Took:
    """`gpuspec lint .` over so many files, each a little different: the better of two runs."""
    here = folder / str(number)
    here.mkdir()
    for index in range(number):
        (here / f"job{index}.gpu.jsonc").write_text(CLEAN.replace("process_batch", f"process_{index}"))
    return min(once([*GPUSPEC, "."], here, folder) for _ in range(2))


def others_on_many(folder: Path) -> None:
    """The other linters on 1,000 small files, all named in one command."""
    for name, (command, file, text) in OTHERS.items():
        if found := installed(command[0]):
            here = folder / f"many-{name}"
            here.mkdir()
            names = [f"{index}{Path(file).suffix}" for index in range(1_000)]
            for each in names:
                (here / each).write_text(text)
            t = once([found, *command[1:], *names], here, folder)
            print(f"1,000 files, {name:16} {t.clock:6.2f} s {t.peak:6.0f} MiB")


def measure(folder: Path, options: argparse.Namespace) -> bool:
    """One run of everything; whether the bars hold."""
    more = 1 + options.slack
    bare, good = one_file(folder, options.runs, more)
    if options.many:
        few, lots = many_files(folder, 1_000), many_files(folder, 10_000)
        for name, t in (("1,000 files, gpuspec", few), ("10,000 files, gpuspec", lots)):
            print(f"{name:29} {t.clock:6.2f} s {t.peak:6.0f} MiB {t.over(bare):6.0f} × bare")
        good = good and few.over(bare) <= 55 * more and lots.over(bare) <= 550 * more
        good = good and lots.peak <= few.peak * 1.5
    return good


def main() -> int:
    """Measure and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--many", action="store_true", help="1,000 and 10,000 files as well")
    parser.add_argument("--others", action="store_true", help="the other linters on 1,000 files, too")
    parser.add_argument(
        "--tries", type=int, default=1, help="measure again where something else ran meanwhile"
    )
    parser.add_argument("--slack", type=float, default=0.0, help="how much over a bar still passes: 0.15")
    options = parser.parse_args()
    for _ in range(options.tries):
        with tempfile.TemporaryDirectory() as name:
            good = measure(Path(name), options)
            if options.others:
                others_on_many(Path(name))
        print("within the bars" if good else "a bar is missed")
        if good:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
