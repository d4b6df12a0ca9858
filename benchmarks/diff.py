"""How long `gpuspec diff` takes for a repository of many jobs, of which a few changed: both sides are judged.

python benchmarks/diff.py [--jobs 1000]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GPUS = ("H100", "A100-80GB", "L4", "RTX 4090", "A10G", "L40S", "T4", "H200")
MODELS = ("Qwen/Qwen2.5-7B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen2.5-14B-Instruct")
SPEC = """{{
  "name": "job{number}",
  "task": "{task}",
  "model": {{ "id": "{model}", "dtype": "bf16", "context": 4096 }},
  "gpu_types": ["{gpu}"],
  "gpu_count": {gpus},
  "keep_alive_minutes": 3,
  "budget": {{ "max_hours": {hours} }},
  "run": "python train.py --n {number}"
}}
"""


def lay(folder: Path, jobs: int) -> None:
    """A repository of so many jobs with one commit, and twenty of the jobs changed since."""
    for number in range(jobs):
        path = folder / f"team{number % 20}" / f"job{number}.gpu.jsonc"
        path.parent.mkdir(exist_ok=True)
        text = SPEC.format(
            number=number,
            task=("batch", "serve")[number % 2],
            model=MODELS[number % len(MODELS)],
            gpu=GPUS[number % len(GPUS)],
            gpus=(1, 2, 4)[number % 3],
            hours=1 + number % 10,
        )
        path.write_text(text)
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), (*who, "commit", "-q", "-m", "all")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    for path in sorted(folder.rglob("*.jsonc"))[:20]:
        path.write_text(path.read_text().replace('"gpu_count": 1', '"gpu_count": 2'))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        lay(Path(folder), jobs)
        for words in (("lint", "."), ("diff", "main")):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "gpuspec", *words], cwd=folder, stdout=subprocess.DEVNULL, check=False
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            took = time.perf_counter() - start
            print(f"{' '.join(words):10} {jobs:,} jobs: {took:5.1f} s, {busy:.1f} s of the processor")


if __name__ == "__main__":
    main()
