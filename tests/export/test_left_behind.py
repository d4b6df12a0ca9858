"""What of other tools' files is not carried: said with its line, and why it is missed."""

from __future__ import annotations

import pytest

from gpuspec.export.model_command import model_is_told_elsewhere, with_model
from gpuspec.export.not_carried import left_behind
from gpuspec.export.write import lost
from gpuspec.formats import read
from gpuspec.planning.case import Case

COMPOSE = """\
services:
  llm:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen2.5-7B-Instruct
    gpus: all
    depends_on: [db]
    volumes:
    - ./models:/models
    - ~/.cache/huggingface:/root/.cache/huggingface
  db:
    image: postgres:17
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {a: b}}
spec:
  initContainers:
  - {name: i, image: alpine, command: [sh, -c, fetch]}
  volumes:
  - {name: shm, emptyDir: {medium: Memory}}
  containers:
  - name: c
    image: vllm/vllm-openai:v0.11.0
    args: [--model, Qwen/Qwen2.5-7B-Instruct]
    imagePullPolicy: Always
    env:
    - {name: A, value: b}
    - {name: T, valueFrom: {secretKeyRef: {name: s, key: t}}}
    - {name: F, valueFrom: {configMapKeyRef: {name: elsewhere, key: f}}}
    resources: {limits: {nvidia.com/gpu: 1}}
"""
SBATCH = """\
#!/bin/bash
#SBATCH --gres=gpu:a100:1
module load cuda/12.4
srun python train.py --nodes $SLURM_NNODES
"""
MODAL = """\
import modal
app = modal.App("x")
@app.function(gpu="L4")
def work():
    print("x")
"""
SKY = """\
resources: {accelerators: "L4:1"}
file_mounts: {/data: s3://bucket}
run: python train.py
"""
DSTACK = """\
type: task
files: [.]
commands: ["python train.py --gpus $DSTACK_GPUS_NUM"]
resources: {gpu: "L4:1"}
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "compose.yaml",
            COMPOSE,
            [
                "depends_on (compose.yaml:6): another service",
                "volumes (compose.yaml:7): a folder of this machine",
            ],
        ),
        (
            "pod.yaml",
            POD,
            ["what its init containers do", "(pod.yaml:17): a value of a ConfigMap"],
        ),
        (
            "job.sbatch",
            SBATCH,
            ["environment modules", "steps that Slurm", "variables that Slurm sets ($SLURM_NNODES)"],
        ),
        ("app.py", MODAL, ["Python functions, which Modal calls"]),
        ("task.yaml", SKY, ["file_mounts (task.yaml:2): files that"]),
        (
            "x.dstack.yml",
            DSTACK,
            ["files (x.dstack.yml:2): files", "variables that dstack sets ($DSTACK_GPUS_NUM)"],
        ),
    ],
)
def test_what_is_missed_is_said(name: str, text: str, said: list[str]) -> None:
    (document,) = read(name, text.encode(), guess=False)
    found = lost(document)
    assert [part for part in said if not any(part in line for line in found)] == []
    assert len(found) == len(said)


def test_a_whole_job_is_missed_nothing() -> None:
    text = "\n".join(
        line
        for line in POD.splitlines()
        if "initC" not in line and "name: i," not in line and "F," not in line
    )
    (document,) = read("pod.yaml", text.encode(), guess=False)
    assert lost(document) == []
    assert [one.what for one in left_behind(document)] == ["spec.volumes"]  # memory, which is no loss


KAITO = """\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: w}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: w}}}
inference: {preset: {name: phi-4}}
"""


def test_a_command_is_told_the_model_that_an_operator_knows() -> None:
    (document,) = read("kaito.yaml", KAITO.encode(), guess=False)
    case = Case(document, on_disk=False)
    assert model_is_told_elsewhere(case)
    assert with_model(case.job, case).run == "vllm serve microsoft/phi-4"
    assert "the image, which its operator chooses" in lost(document)
