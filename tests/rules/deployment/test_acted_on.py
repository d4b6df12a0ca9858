"""What an expert acts on and what is noise, in whole files: which rules speak."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.cli.main import main

POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: chat}}
spec:
  {spec}
  selector: {{matchLabels: {{app: chat}}}}
  template:
    metadata: {{labels: {{app: chat}}}}
    spec:
      {pod}
      containers:
        - name: main
          image: {image}
          {container}
          ports: [{{containerPort: {port}}}]
          resources: {{limits: {{nvidia.com/gpu: {gpus}}}}}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {{name: chat, annotations: {{{annotations}}}}}
spec:
  type: {type}
  selector: {{app: chat}}
  ports: [{{port: 80, targetPort: {port}}}]
"""
COMPOSE = """\
services:
  chat:
    image: {image}
    {more}
    deploy: {{resources: {{reservations: {{devices: [{{capabilities: [gpu]}}]}}}}}}
"""
VLLM = "vllm/vllm-openai:v0.11.0"
QWEN = 'args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]'


def pod(
    *,
    image: str = VLLM,
    container: str = QWEN,
    port: int = 8000,
    gpus: int = 1,
    spec: str = "",
    node: str = "",
) -> str:
    return POD.format(
        image=image,
        container=container,
        port=port,
        gpus=gpus,
        spec=spec or "replicas: 1",
        pod=f"nodeSelector: {{node.kubernetes.io/instance-type: {node}}}"
        if node
        else "restartPolicy: Always",
    )


def service(kind: str, port: int, annotations: str = "") -> str:
    return SERVICE.format(type=kind, port=port, annotations=annotations)


class Linted:
    """Lints a text as a file of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def __call__(self, text: str, name: str = "job.yaml") -> tuple[int, str]:
        file = self.folder / name
        file.write_text(text)
        status = main(["lint", str(file)])
        return status, self.capsys.readouterr().out

    def says(self, code: str, text: str, name: str = "job.yaml") -> bool:
        status, output = self(text, name)
        assert status in (0, 1), output
        return f"[{code}]" in output


@pytest.fixture
def lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Linted:
    return Linted(tmp_path, capsys)


OLLAMA = "ollama/ollama:0.6.5"
HOST = "command: --model Qwen/Qwen2.5-7B-Instruct\n    network_mode: host"
CASES = [
    ("one small card, no price", pod(), "GS409", False),
    ("two cards, no price", pod(gpus=2), "GS409", False),
    ("four cards", pod(gpus=4), "GS409", True),
    ("four replicas", pod(spec="replicas: 4"), "GS409", True),
    ("$0.53 an hour", pod(node="g4dn.xlarge"), "GS409", False),
    ("$5 an hour", pod(node="g5.12xlarge", gpus=4), "GS409", True),
    ("a program nobody knows", pod(image="acme/api:1.2", container="tty: true", gpus=2), "GS409", False),
    ("a server that loads", pod(), "GS410", True),
    ("a server that loads later", pod(image=OLLAMA, container="tty: true", port=11434), "GS410", False),
    ("outside", pod(port=8000) + service("LoadBalancer", 8000), "GS704", True),
    ("inside", pod(port=8000) + service("ClusterIP", 8000), "GS704", False),
    ("an internal one", pod() + service("LoadBalancer", 8000, 'x/type: "Internal"'), "GS704", False),
    ("ollama", pod(image=OLLAMA, container="tty: true", port=11434) + service("LoadBalancer", 11434), "GS704", True),
    ("host network", COMPOSE.format(image=VLLM, more=HOST), "GS704", True),
    ("host network, arguments unknown", COMPOSE.format(image=VLLM, more="command: [$ARGS]\n    network_mode: host"),
     "GS704", False),
    ("waits", pod(container="command: [sleep, infinity]").replace("kind: Deployment", "kind: ReplicaSet"), "GS402",
     False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "expected"), [case[1:] for case in CASES], ids=[one[0] for one in CASES]
)
def test_said(lint: Linted, text: str, code: str, expected: bool) -> None:
    assert lint.says(code, text) is expected


def test_a_probe_in_the_words_of_the_file(lint: Linted) -> None:
    tgi = "ghcr.io/huggingface/text-generation-inference:3.0.0"
    _, output = lint(pod(image=tgi, container='args: ["--model-id", "Qwen/Qwen2.5-7B-Instruct"]', port=80))
    assert "readinessProbe: {httpGet: {path: /health, port: 80}}" in output


@pytest.mark.parametrize("text", [service("ClusterIP", 80), pod().replace("nvidia.com/gpu: 1", "cpu: 1"),
                                  "services: {web: {image: 'nginx:1.27'}}\n"])  # fmt: skip
def test_files_without_gpus_are_no_error(lint: Linted, text: str) -> None:
    status, output = lint(text)
    assert status == 0, output


NIM = """\
apiVersion: apps.nvidia.com/v1alpha1
kind: NIMService
metadata: {name: llama}
spec:
  image: {repository: nvcr.io/nim/meta/llama-3.1-8b-instruct, tag: "1.3.3"}
  storage: {nimCache: {name: llama}}
  replicas: 1
  resources: {limits: {nvidia.com/gpu: 1}}
"""


def test_an_operator_that_keeps_models(lint: Linted) -> None:
    assert not lint.says("GS808", NIM)
    assert lint.says("GS808", NIM.replace("  storage: {nimCache: {name: llama}}\n", ""))


RAY = """\
apiVersion: ray.io/v1
kind: RayService
metadata: {name: llm}
spec:
  serveConfigV2: |
    applications:
    - name: llms
      import_path: ray.serve.llm:build_openai_app
      args:
        llm_configs:
        - model_loading_config: {model_id: qwen, model_source: Qwen/Qwen2.5-7B-Instruct}
  rayClusterConfig:
    workerGroupSpecs:
      - replicas: 1
        groupName: gpu
        template:
          spec:
            containers:
              - name: ray-worker
                image: rayproject/ray-llm:2.46.0-py311-cu124
                resources: {limits: {nvidia.com/gpu: 4}}
"""


def test_replicas_that_share_a_container(lint: Linted) -> None:
    assert not lint.says("GS105", RAY)


SKY = """\
name: train
resources: {{accelerators: [A100:1, H100:1], use_spot: true}}
file_mounts:
  /ckpt: {{name: acme-ckpt, mode: {mode}}}
run: python -m axolotl.cli.train qlora.yaml --output_dir {path} --auto_resume_from_checkpoints
"""


def test_checkpoints_in_a_bucket_that_is_mounted(lint: Linted) -> None:
    assert not lint.says("GS502", SKY.format(mode="MOUNT", path="/ckpt/one"))
    assert lint.says("GS502", SKY.format(mode="MOUNT", path="out"))
    assert not lint.says("GS104", SKY.format(mode="MOUNT", path="/ckpt/one"))


MODAL = """\
import modal
app = modal.App("train")
image = modal.Image.from_registry("nvidia/cuda:12.4.0-devel-ubuntu22.04"){install}
@app.function(gpu="B200:8", image=image)
def train():
    import subprocess
    subprocess.run(["accelerate", "launch", "train.py"])
"""


def test_wheels_bring_their_own_cuda(lint: Linted) -> None:
    assert not lint.says("GS107", MODAL.format(install='.pip_install("torch")'), "app.py")
    assert lint.says("GS107", MODAL.format(install='.pip_install("torch==2.5.1")'), "app.py")
    assert lint.says("GS107", MODAL.format(install=""), "app.py")


LWS = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: big}
spec:
  leaderWorkerTemplate:
    size: 2
    workerTemplate:
      spec:
        nodeSelector: {cloud.google.com/gke-accelerator: nvidia-h100-80gb}
        containers:
          - name: vllm
            image: vllm/vllm-openai:v0.11.0
            args: [--model, meta-llama/Llama-3.1-405B-Instruct, --tensor-parallel-size, "8",
                   --pipeline-parallel-size, "2", --max-model-len, "8192"]
            resources: {limits: {nvidia.com/gpu: 8}}
"""


def test_machines_and_weights_are_counted_once(lint: Linted) -> None:
    """Its 405.9 billion parameters take 756 GiB in 16 bit; GS201, which prices one machine, leaves it to GS813."""
    _, output = lint(LWS)
    assert "[GS201]" not in output
    assert "is 756 GiB of weights on 16 GPUs of 2 machines" in output


JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {{name: train}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: train
          image: acme/train:1
          command: [torchrun, train.py, --output_dir, {path}]
          resources: {{limits: {{nvidia.com/gpu: 1}}}}
          volumeMounts: [{{name: out, mountPath: /out}}]
      volumes: [{{name: out, {volume}}}]
"""


@pytest.mark.parametrize(
    ("path", "volume", "lost"),
    [
        ("/out/a", "emptyDir: {}", True),
        ("/out", "persistentVolumeClaim: {claimName: out}", False),
        ("/elsewhere", "persistentVolumeClaim: {claimName: out}", True),
        ("relative", "emptyDir: {}", False),
        ("s3://bucket/out", "emptyDir: {}", False),
    ],
)
def test_results_that_go_with_the_container(lint: Linted, path: str, volume: str, lost: bool) -> None:
    assert lint.says("GS408", JOB.format(path=path, volume=volume)) is lost


TWO = """\
services:
  chat:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen2.5-7B-Instruct {share}
    deploy: &gpu {{resources: {{reservations: {{devices: [{{device_ids: ["0"], capabilities: [gpu]}}]}}}}}}
  embed:
    image: {image}
    command: --model{end} {model}
    deploy: *gpu
"""
TEI = "ghcr.io/huggingface/text-embeddings-inference:1.8"


@pytest.mark.parametrize(
    ("share", "image", "model", "word"),
    [
        ("", VLLM, "BAAI/bge-m3", "take 1.8"),  # 0.9 each, which is vLLM's default
        ("", TEI, "Qwen/Qwen3-Embedding-4B", "finds no room"),  # 7.5 GiB of weights are a tenth of 75
        ("", TEI, "BAAI/bge-m3", ""),  # 1.1 GiB of weights: a tenth of a card of 24 GB
        ("--gpu-memory-utilization 0.6", TEI, "BAAI/bge-m3", ""),
    ],
)
def test_two_servers_on_one_gpu(lint: Linted, share: str, image: str, model: str, word: str) -> None:
    end = "" if image == VLLM else "-id"
    _, output = lint(TWO.format(share=share, image=image, end=end, model=model))
    assert word in output
    assert ("[GS807]" in output) is bool(word)
