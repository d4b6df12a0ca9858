"""What is said of files of other formats: in the words of their format, at the line that is meant."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from gpuspec.cli.main import main

draw = random.Random(3)
KEY = "hf_" + "".join(draw.choice(string.ascii_letters + string.digits) for _ in range(31)) + "7q2"
POD = """apiVersion: v1
kind: Pod
metadata: {{name: a}}
spec:
  containers:
    - name: s
      image: {image}
      args: ["--model-id", "Qwen/Qwen2.5-7B-Instruct"]
      env: [{{name: HF_TOKEN, value: {key}}}]
      ports: [{{containerPort: 80}}]
      resources: {{limits: {{nvidia.com/gpu: 8}}}}
"""
TGI = "ghcr.io/huggingface/text-generation-inference:3.0.0"
COMPOSE = f"""services:
  a:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B
    healthcheck: {{test: [CMD, "true"]}}
    depends_on: [b]
    environment: [HF_TOKEN={KEY}]
    gpus: all
  b:
    image: {TGI}
    command: --model-id Qwen/Qwen3-8B
    ports: ["8080:80"]
    gpus: all
"""
SBATCH = f"""#!/bin/bash
#SBATCH --gres=gpu:a100:1
#SBATCH --time=1:00:00
export HF_TOKEN={KEY}
python train.py
"""
MODAL = f"""import modal
app = modal.App("a")
@app.function(gpu="L4", timeout=60, env={{"HF_TOKEN": "{KEY}"}})
def f():
    pass
"""
SKY = "resources: {accelerators: 'L4:1'}\nrun: vllm serve Qwen/Qwen3-8B --max-model-len 4096\n"
DSTACK = """type: service
name: a
port: 8000
commands: [vllm serve Qwen/Qwen3-8B --max-model-len 4096]
resources: {gpu: 80GB}
"""


@pytest.mark.parametrize(
    ("name", "text", "options", "said"),
    [
        ("a.yaml", POD.format(image=TGI, key=KEY), ["--select", "GS701"], [
            "--> a.yaml:9:37\n", "`HF_TOKEN` holds a Hugging Face token",
            "{name: HF_TOKEN, valueFrom: {secretKeyRef:",
        ]),
        ("c.yaml", COMPOSE, ["--select", "GS701"], [
            "--> c.yaml:7:19\n", "`HF_TOKEN` holds a Hugging Face token", "environment: [HF_TOKEN], and",
        ]),
        ("a.sbatch", SBATCH, ["--select", "GS701"], ["--> a.sbatch:4:8\n", "a command holds"]),
        ("m.py", MODAL, ["--select", "GS701"], ["--> m.py:3:", "modal.Secret.from_name"]),
        ("a.yaml", POD.format(image=TGI, key="x"), ["--select", "GS410"], [
            "readinessProbe: {httpGet: {path: /health, port: 80}}",
        ]),
        ("c.yaml", COMPOSE, ["--select", "GS410"], ["'http://localhost:80/health'"]),
        ("a.yaml", POD.format(image=TGI, key="x"), ["--select", "GS103,GS101", "--assume-gpu", "H100"], [
            "--> a.yaml:11:44\n",
        ]),
        ("s.yaml", SKY, ["--select", "GS401"], ["set resources.autostop to 30", "until somebody takes it down"]),
        ("d.dstack.yml", DSTACK, ["--select", "GS104"], ["resources.gpu asks for 80 GB"]),
    ],
)  # fmt: skip
def test_a_finding_speaks_of_its_file(
    name: str,
    text: str,
    options: list[str],
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    main(["lint", *options, "--isolated", name])
    out = capsys.readouterr().out
    assert [words for words in said if words not in out] == []
    assert out.count("-->") == 1  # each once, though a file holds several jobs
    assert KEY not in out


def test_a_plan_names_no_field_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.yaml").write_text("services:\n  a:\n    image: ollama/ollama:0.6\n    gpus: all\n")
    monkeypatch.chdir(tmp_path)
    main(["plan", "c.yaml"])
    main(["plan", "--assume-gpu", "L4", "c.yaml"])
    main(["show", "c.yaml"])
    out = capsys.readouterr().out
    fields = ("gpu_types", "gpu_count", "budget.max", "model.id", "min_vram", "max_price")
    assert [field for field in fields if field in out] == []
    assert "of other GPUs than the job's" in out
    assert "nothing in the file ends it" in out
    assert "no model is named in the file" in out
