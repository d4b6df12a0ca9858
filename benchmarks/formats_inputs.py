"""YAML files as repositories have them: manifests that ask for GPUs, and ten kinds of file that hold no job. Each is
made from its number alone, so that a run is the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MODELS = (
    "Qwen/Qwen2.5-7B-Instruct",
    "meta-llama/Llama-3.1-8B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.3",
)


def manifest(number: int) -> str:
    """A Deployment of vLLM with its Service, on GKE."""
    model = MODELS[number % len(MODELS)]
    return f"""\
# server {number}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: llm-{number}
  labels: {{app: llm-{number}}}
spec:
  replicas: {number % 3 + 1}
  selector:
    matchLabels: {{app: llm-{number}}}
  template:
    metadata:
      labels: {{app: llm-{number}}}
    spec:
      nodeSelector:
        cloud.google.com/gke-accelerator: nvidia-l4
      tolerations:
      - {{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}}
      containers:
      - name: vllm
        image: vllm/vllm-openai:v0.8.5
        args: ["--model", "{model}", "--max-model-len", "8192", "--port", "80{number % 90 + 10}"]
        ports:
        - containerPort: 80{number % 90 + 10}
        env:
        - name: HF_TOKEN
          valueFrom: {{secretKeyRef: {{name: hf, key: token}}}}
        resources:
          limits: {{nvidia.com/gpu: 1, memory: 24Gi}}
          requests: {{nvidia.com/gpu: 1, cpu: "4"}}
        readinessProbe:
          httpGet: {{path: /health, port: 80{number % 90 + 10}}}
          failureThreshold: 60
        volumeMounts:
        - {{name: shm, mountPath: /dev/shm}}
      volumes:
      - name: shm
        emptyDir: {{medium: Memory, sizeLimit: 8Gi}}
---
apiVersion: v1
kind: Service
metadata: {{name: llm-{number}}}
spec:
  selector: {{app: llm-{number}}}
  ports: [{{port: 80, targetPort: 80{number % 90 + 10}}}]
"""


def _ci(number: int) -> str:
    steps = "".join(
        f"      - name: step {n}\n        run: |\n          make test-{n}\n          echo done {number}\n"
        for n in range(12)
    )
    return (
        f"name: ci-{number}\non: [push, pull_request]\nenv:\n  GPU: none\njobs:\n  build:\n    runs-on: gpu-runner\n"
        f"    resources:\n      accelerators: none\n    steps:\n{steps}"
    )


def _ansible(number: int) -> str:
    tasks = "".join(
        f"    - name: install nvidia driver {n}\n      apt:\n        name: nvidia-driver-{n}\n"
        "        state: present\n"
        f"      when: gpus > {n}\n"
        for n in range(10)
    )
    return f"- hosts: gpu{number}\n  become: true\n  vars:\n    gpus: 4\n    resources: {{gpu: 1}}\n  tasks:\n{tasks}"


def _values(number: int) -> str:
    blocks = "".join(
        f"service{n}:\n  type: service\n  image: {{repository: x/y, tag: v{n}}}\n  resources:\n    limits:\n"
        f"      nvidia.com/gpu: {n}\n  nodeSelector: {{}}\n"
        for n in range(8)
    )
    return f"# values of chart {number}\nreplicaCount: 1\nname: chart-{number}\nresources: {{}}\n{blocks}"


def _openapi(number: int) -> str:
    paths = "".join(
        f"  /things/{n}:\n    get:\n      operationId: get{n}\n      responses:\n        '200':\n          content:\n"
        "            application/json:\n              schema:\n                type: object\n"
        "                properties:\n"
        "                  gpus: {type: integer}\n                  service: {type: string}\n"
        for n in range(40)
    )
    return f"openapi: 3.0.0\ninfo: {{title: api {number}, version: '1'}}\nservers: []\npaths:\n{paths}"


def _compose(number: int) -> str:
    services = "".join(
        f"  app{n}:\n    image: app:{n}\n    ports: ['{8000 + n}:80']\n    environment:\n"
        f"      GPU_MONITORING: 'off'\n"
        f"      MODEL: gpt-4o\n    volumes: [data:/data]\n    depends_on: [db]\n"
        for n in range(5)
    )
    return f"version: '3'\nname: stack{number}\nservices:\n{services}  db:\n    image: postgres\nvolumes:\n  data:\n"


def _kubernetes(number: int) -> str:
    documents = [
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{number}-{n}}}\nspec:\n  replicas: 2\n"
        "  template:\n    spec:\n      tolerations:\n      - {key: nvidia.com/gpu, operator: Exists}\n"
        "      containers:\n      - name: web\n"
        "        image: nginx\n        resources: {limits: {cpu: 1, memory: 1Gi}}\n"
        for n in range(3)
    ]
    pool = (
        "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: gpu}\nspec:\n  template:\n    spec:\n"
        "      taints: [{key: nvidia.com/gpu, effect: NoSchedule}]\n      requirements:\n"
        "      - {key: karpenter.k8s.aws/instance-gpu-name, operator: In, values: [l4]}\n"
    )
    return "---\n".join([*documents, pool])


def _mkdocs(number: int) -> str:
    pages = "".join(f"  - GPU {n}: gpus/{n}.md\n" for n in range(60))
    return f"site_name: docs {number}\ntheme: {{name: material}}\nplugins: [search]\nnav:\n{pages}"


def _task_like(number: int) -> str:
    """The words of SkyPilot and dstack as other tools use them (golangci, Serverless, Taskfile, Render)."""
    kinds = (
        f"run:\n  timeout: {number}m\n  tests: true\nlinters:\n  enable: [govet, errcheck]\n",
        f"service: api-{number}\nprovider: {{name: aws, runtime: python3.12}}\nresources:\n  Resources:\n"
        "    Bucket:\n      Type: AWS::S3::Bucket\nfunctions: {}\n",
        f"version: '3'\nvars: {{N: {number}}}\ntasks:\n  build:\n    cmds: [go build]\n  setup:\n    cmds: [make]\n",
        "services:\n- type: web\n  name: site\n  env: docker\n  plan: gpu\n- type: service\n  name: other\n",
        f"name: env-{number}\nchannels: [nvidia, conda-forge]\ndependencies:\n- cudatoolkit\n- pip:\n  - torch\n",
        f"type: service\nname: thing-{number}\nowner: team\ntags: [gpu]\n",
        f"name: x{number}\nresources:\n  cpu: 1\nsetup:\n  python: 3\nrun:\n- a\n- b\n",
        "model: meta-llama/Llama-3.1-8B\ntensor-parallel-size: 2\ngpu-memory-utilization: 0.9\n",
    )
    return kinds[number % len(kinds)]


def _template(number: int) -> str:
    return (
        f'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{{{ include "x.name" . }}}}-{number}\nspec:\n'
        "  {{- with .Values.resources }}\n  resources:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\n"
        "  containers:\n  - resources: {limits: {nvidia.com/gpu: {{ .Values.gpus }}}}\n"
    )


def _data(number: int) -> str:
    return "".join(
        f"- id: {number}-{n}\n  text: the run of gpu {n}\n  value: {n / 7:.4f}\n" for n in range(60)
    )


WITHOUT: tuple[Callable[[int], str], ...] = (
    _ci, _ansible, _values, _openapi, _compose, _kubernetes, _mkdocs, _task_like, _template, _data
)  # fmt: skip
"""Makers of files that hold no job."""


def write_without(folder: Path, count: int) -> None:
    """Files without a job, a hundred to a folder."""
    for number in range(count):
        inner = folder / f"d{number // 100:03}"
        inner.mkdir(parents=True, exist_ok=True)
        make = WITHOUT[number % len(WITHOUT)]
        (inner / f"{make.__name__.strip('_')}-{number}.yaml").write_text(make(number), encoding="utf-8")


def write_manifests(folder: Path, count: int) -> None:
    """Manifests that ask for GPUs."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"llm-{number:04}.yaml").write_text(manifest(number), encoding="utf-8")
