"""How long `gpuspec bill` takes for a repository of jobs that differ, on one core.

    python benchmarks/bill.py [--jobs N] [--most SECONDS]

Jobs of four tasks, five GPUs, four models and seven contexts in twenty folders, some of each as Kubernetes manifests.
Exits with 1 where it takes more than `--most` seconds of the processor (default: 3 for 1,000 jobs).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

GPUS = ("RTX 4090", "H100", "A100 80GB", "L4", "L40S")
MODELS = (
    "meta-llama/Llama-3.1-8B-Instruct",
    "Qwen/Qwen2.5-7B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.3",
    "Qwen/Qwen2.5-14B-Instruct-AWQ",
)
RUNS = {
    "serve": "vllm serve {model} --max-model-len {context}",
    "batch": "python batch.py --model {model}",
    "train": "accelerate launch train.py --model_name_or_path {model} --num_train_epochs 3",
    "interactive": "jupyter lab",
}
POD = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: j{number}, labels: {{team: t{team}}}}}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: c
          image: vllm/vllm-openai:v0.8.0
          args: ["--model", "{model}", "--max-model-len", "{context}"]
          resources: {{limits: {{nvidia.com/gpu: 1}}}}
"""


def write(folder: Path, number: int) -> None:
    """One job of many."""
    task = tuple(RUNS)[number % 4]
    model, gpu, context = MODELS[number // 4 % 4], GPUS[number % 5], 4096 + 256 * (number % 7)
    inside = folder / f"team-{number % 20}"
    inside.mkdir(exist_ok=True)
    if number % 10 == 9:
        text = POD.format(number=number, team=number % 7, model=model, context=context)
        (inside / f"j{number}.yaml").write_text(text)
        return
    limit = "" if task == "serve" else '"budget": { "max_hours": 4 }, '
    run = RUNS[task].format(model=model, context=context)
    (inside / f"j{number}.gpu.jsonc").write_text(
        f'{{ "name": "j{number}", "task": "{task}", "gpu_types": ["{gpu}"], {limit}"keep_alive_minutes": 3,\n'
        f'  "run": "{run}", "labels": {{ "team": "t{number % 7}" }} }}\n'
    )


def main() -> int:
    """Make the repository, bill it, say how long that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--most", type=float, default=3.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "gpuspec.toml").write_text('assume-gpu = "L4"\n')
        for number in range(options.jobs):
            write(folder, number)
        command = [str(Path(sys.executable).parent / "gpuspec"), "bill"]
        done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime
    print(done.stdout.splitlines()[0] if done.stdout else done.stderr)
    print(f"{options.jobs:,} jobs: {seconds:.2f} s of the processor, {used.ru_maxrss / 1024:.0f} MiB")
    return int(done.returncode != 0 or seconds > options.most)


if __name__ == "__main__":
    sys.exit(main())
