"""Whether gpuspec foretells which commands run out of memory: commands of which somebody says that they ran, or not.

    python benchmarks/fits.py [--rows PATH …] [--json]

PATH is a file of commands with an `outcome` on a stated GPU, a file of recipes with the hardware that their authors
verified, or a folder of job files with an `expected.json` that says which findings each must have. Every command is
linted as the `run` of a job. Bars: of those that ran out of memory ≥ 90 % foretold, by an error, a warning or "may
run out"; of those that ran none refused, that is, met with an error. Exits with 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gpuspec import Gpu, resolve_gpu
from gpuspec.testing import lint_text

ROWS = [os.path.join(os.path.dirname(__file__), "..", "tests", "sizing", "data", "fits.jsonl")]
OF_MEMORY = frozenset({"GS102", "GS602"})
"""Too little memory; a context left to a default that does not fit."""
NOT_STARTING = OF_MEMORY | {"GS107"}
"""And a GPU without what the work needs."""
FORETOLD = 0.9
VERIFIED = {
    "h100": "H100 SXM",
    "h200": "H200",
    "b200": "B200",
    "b300": "B300",
    "a100": "A100-80GB",
    "l40s": "L40S",
    "rtx_5090": "RTX 5090",
    "rtx_4090": "RTX 4090",
    "mi300x": "MI300X",
    "mi325x": "MI325X",
    "mi355x": "MI355X",
}
"""What recipes call a GPU → how a job names it."""
SERVES = re.compile(r"vllm serve|docker run.+vllm-openai", re.DOTALL)
ELSEWHERE = re.compile(
    r"trillium|ironwood|tpu|xpu|ascend|npu|--nnodes|--headless|kv-transfer|ALLOW_LONG_MAX_MODEL_LEN",
    re.IGNORECASE,
)
"""Commands for other accelerators, several machines or one half of a pair, and of contexts longer than the model's
own, which a recipe shows for whoever has the memory."""
PARALLEL = (
    "--tensor-parallel-size|-tp|--tp",
    "--data-parallel-size|-dp|--dp",
    "--pipeline-parallel-size|-pp",
)


class Attempt(NamedTuple):
    """A job that ran, or ran out of memory. `job` is its text."""

    id: str
    job: str
    ran: bool


class Verdict(NamedTuple):
    """What gpuspec says to an attempt: the worst severity of what it says about memory, None for nothing."""

    attempt: Attempt
    severity: str | None
    message: str

    @property
    def right(self) -> bool:
        """Foretold where it ran out; not refused where it ran."""
        return self.severity != "error" if self.attempt.ran else self.severity is not None


def commands(row: dict[str, Any]) -> Iterator[Attempt]:
    """A command with an outcome on a stated GPU. The version of its engine is pinned as a job would."""
    job = {
        "name": "fits",
        "gpu_types": [{"type": row["gpu"], "count": row["count"]}],
        "keep_alive_minutes": 30,
        "run": row["command"],
    }
    if row.get("model"):
        job["model"] = {"id": row["model"]}
    if row.get("version"):
        job["setup"] = [f"pip install {row['engine']}=={row['version']}"]
    yield Attempt(
        row["id"], json.dumps(job), not str(row["outcome"]).lower().startswith(("oom", "fail", "out"))
    )


def recipes(row: dict[str, Any]) -> Iterator[Attempt]:
    """The commands of a recipe, on each GPU that its authors verified and that is as large as they say it must be."""
    for number, command in enumerate(row["commands"]):
        if not SERVES.search(command) or ELSEWHERE.search(command):
            continue
        gpus = 1
        for flags in PARALLEL:
            found = re.search(rf"(?:{flags})[ =](\d+)", command)
            gpus *= int(found.group(1)) if found else 1
        for name, said in (row.get("hardware") or {}).items():
            if said != "verified" or name not in VERIFIED or gpus > 8:
                continue
            gpu = resolve_gpu(VERIFIED[name]).gpu
            if gpu and _meant_for(row, command, gpu, gpus):
                job = {
                    "name": "recipe",
                    "task": "serve",
                    "gpu_types": [{"type": VERIFIED[name], "count": gpus}],
                    "keep_alive_minutes": 30,
                    "run": command,
                }
                yield Attempt(f"{row['model']} #{number} on {gpus} × {gpu.name}", json.dumps(job), True)


def _meant_for(row: dict[str, Any], command: str, gpu: Gpu, gpus: int) -> bool:
    """Whether a recipe's command is meant for so many GPUs: its hardware is verified for the recipe as a whole, and
    other commands of it are for larger cards, or another vendor's."""
    if re.search("rocm", command, re.IGNORECASE) and gpu.vendor != "amd":
        return False
    least = max(
        (v["vram_minimum_gb"] or 0 for v in row["variants"] if f"{v['id']} " in f"{command} "), default=0
    )
    billions = re.fullmatch(r"([\d.]+)B", str(row.get("parameters")))
    if not least and billions and "FP8" in command:
        least = float(billions.group(1))  # a checkpoint in 8 bits that is not among its variants
    share = re.search(r"gpu[-_]memory[-_]utilization[ =](0?\.\d+)", command)
    return least <= gpu.vram_gb * gpus * (float(share.group(1)) if share else 1)


def cases(folder: Path) -> Iterator[Attempt]:
    """Job files of which expected.json says that they must be refused for their memory, or must not be."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.jsonc")):
        says = expected.get(path.name[:2], {})
        wanted, never = (OF_MEMORY.intersection(says.get(key, ())) for key in ("want", "never"))
        if wanted or never:
            yield Attempt(path.name, path.read_text(encoding="utf-8"), ran=bool(never))


def attempts(path: Path) -> Iterator[Attempt]:
    """The attempts of a file or folder, by what its rows hold."""
    if path.is_dir():
        yield from cases(path)
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            yield from commands(row) if "outcome" in row else recipes(row)


def verdict(attempt: Attempt) -> Verdict:
    """What lint says about the memory of an attempt."""
    worst: tuple[str | None, str] = (None, "")
    for located in lint_text(attempt.job):
        finding = located.finding
        if finding.code in NOT_STARTING and worst[0] != "error":
            worst = (finding.severity, finding.message)
    return Verdict(attempt, *worst)


def summary(verdicts: list[Verdict]) -> dict[str, int]:
    """How many ran out and were foretold, ran and were refused."""
    ran = [v for v in verdicts if v.attempt.ran]
    out = [v for v in verdicts if not v.attempt.ran]
    return {
        "ran_out": len(out),
        "foretold": sum(v.right for v in out),
        "ran": len(ran),
        "refused": sum(not v.right for v in ran),
    }


def main(arguments: list[str] | None = None) -> int:
    """Judge every attempt and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", nargs="+", default=ROWS, metavar="PATH")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = [verdict(attempt) for path in options.rows for attempt in attempts(Path(path))]
    counts = summary(found)
    if options.json:
        rows = [
            {"id": v.attempt.id, "ran": v.attempt.ran, "severity": v.severity, "right": v.right}
            for v in found
        ]
        print(json.dumps({"rows": rows, **counts}, indent=1))
    else:
        for v in found:
            if not v.right:
                what = "refused though it ran" if v.attempt.ran else "not foretold"
                print(f"{what}: {v.attempt.id}" + (f"\n    {v.message}" if v.message else ""))
        print(f"{counts['foretold']} of {counts['ran_out']} that ran out of memory foretold")
        print(f"{counts['refused']} of {counts['ran']} that ran refused")
    return 1 if counts["refused"] or counts["foretold"] < FORETOLD * counts["ran_out"] else 0


if __name__ == "__main__":
    sys.exit(main())
