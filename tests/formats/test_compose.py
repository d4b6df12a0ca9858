"""Docker compose files: which services are jobs, and what they say. Every text here is valid by the schema of the
Compose Specification that check-jsonschema brings."""

from __future__ import annotations

import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from gpuspec.commands.steps import read_steps
from gpuspec.formats import Document, Source, read, recognised
from gpuspec.formats.compose import FORMAT, recognise
from gpuspec.job import Job
from gpuspec.lint.runner import documents_in
from gpuspec.planning.case import Case
from gpuspec.text.yaml_tree import read_yaml_file


def valid(text: str) -> str:
    """The text, checked against the schema of compose."""
    jsonschema = pytest.importorskip("jsonschema")
    pytest.importorskip("check_jsonschema")
    folder = resources.files("check_jsonschema.builtin_schemas.vendor")
    schema = json.loads((folder / "compose-spec.json").read_text())
    jsonschema.validate(read_yaml_file(text).tree.value, schema)
    return text


def services(text: str, **more: Any) -> tuple[Document, ...]:
    return read("compose.yaml", text.encode(), guess=False, **more)


def job(text: str, *, check: bool = True) -> Job:
    (document,) = services(valid(text) if check else text)
    assert document.job is not None
    return document.job


def asking(what: str, *, check: bool = True) -> Document | None:
    """The job of a service that says `what`."""
    lines = "".join(f"    {line}\n" for line in what.splitlines())
    text = f"services:\n  x:\n    image: vllm/vllm-openai\n{lines}"
    found = services(valid(text) if check else text)
    return found[0] if found else None


DEVICE = "deploy:\n  resources:\n    reservations:\n      devices:\n        - "
ALL = "anywhere"


@pytest.mark.parametrize(
    ("what", "count"),
    [
        (DEVICE + "{driver: nvidia, count: 2, capabilities: [gpu]}", 2),
        (DEVICE + "{driver: nvidia, count: all, capabilities: [gpu]}", ALL),
        (DEVICE + "{capabilities: [gpu]}", ALL),
        (DEVICE + "{count: '3', capabilities: [compute, gpu, utility]}", 3),
        (DEVICE + "{count: '${N}', capabilities: [gpu]}", ALL),
        (DEVICE + "{count: '${N:-4}', capabilities: [gpu]}", 4),
        (DEVICE + "{count: '${N:-all}', capabilities: [gpu]}", ALL),
        (DEVICE + "{device_ids: ['0', '3'], capabilities: [gpu]}", 2),
        (DEVICE + "{device_ids: ['0,1,2'], capabilities: [gpu]}", 3),
        (DEVICE + "{device_ids: ['${IDS:?}'], capabilities: [gpu]}", ALL),
        (DEVICE + "{device_ids: ['${IDS:-0}'], capabilities: [gpu]}", 1),
        (DEVICE + "{driver: cdi, device_ids: ['nvidia.com/gpu=all'], capabilities: [gpu]}", ALL),
        (DEVICE + "{driver: cdi, device_ids: ['nvidia.com/gpu=0'], capabilities: [gpu]}", 1),
        (DEVICE + "{driver: amd, count: 1, capabilities: [compute]}", 1),
        (DEVICE + "{count: 1, capabilities: [gpu]}\n        - {count: 2, capabilities: [gpu]}", 3),
        (DEVICE + "{count: 1, capabilities: [tpu]}", None),
        (DEVICE + "{count: 0, capabilities: [gpu]}", None),
        ("gpus: all", ALL),
        ("gpus:\n  - count: 2", 2),
        ("gpus:\n  - {driver: nvidia, device_ids: ['0', '1']}", 2),
        ("runtime: nvidia", ALL),
        ("runtime: nvidia\nenvironment: [NVIDIA_VISIBLE_DEVICES=all]", ALL),
        ("runtime: nvidia\nenvironment: {NVIDIA_VISIBLE_DEVICES: '0,1'}", 2),
        ("runtime: nvidia\nenvironment: {NVIDIA_VISIBLE_DEVICES: none}", None),
        ("runtime: runc", None),
        ("devices: ['nvidia.com/gpu=all']", ALL),
        ("devices: ['nvidia.com/gpu=0', 'nvidia.com/gpu=1']", 2),
        ("devices: ['/dev/nvidia0:/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm']", 1),
        ("devices: [/dev/kfd, /dev/dri]", ALL),
        ("devices: [/dev/kfd, /dev/dri/renderD128, /dev/dri/renderD129]", 2),
        ("devices: ['/dev/kfd:/dev/kfd', '/dev/dri/:/dev/dri/']", ALL),
        ("devices: ['/dev/dri:/dev/dri']", None),  # it encodes video
        ("environment: {CUDA_VISIBLE_DEVICES: '0'}", None),  # it asks for nothing
        (
            "deploy:\n  resources:\n    reservations:\n      generic_resources:\n"
            "        - discrete_resource_spec: {kind: NVIDIA-GPU, value: 2}",
            2,
        ),
        ("deploy: {resources: {limits: {cpus: '2'}}}", None),
    ],
)
def test_every_way_to_ask_for_gpus(what: str, count: int | str | None) -> None:
    found = asking(what)
    if count is None:
        assert found is None
        return
    assert found is not None
    assert found.job is not None
    assert found.job.gpu_count == (None if count == ALL else count)
    assert found.job.gpu_types == ()


@pytest.mark.parametrize(
    ("what", "count"),
    [(DEVICE + "{count: 1, capabilities: [[gpu]]}", 1), ("gpus: 2", 2), ("gpus: device=0,2", 2)],
)
def test_what_the_schema_refuses_and_compose_once_took(what: str, count: int) -> None:
    found = asking(what, check=False)
    assert found is not None
    assert found.job is not None
    assert found.job.gpu_count == count


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  - type: web\n    image: {url: x}\n    runtime: nvidia\n",  # a blueprint of Render
        "services:\n  googleAnalytics: {ID: gpu}\n  instagram: {disableInlineCSS: true}\n",  # hugo.yaml
        "services: {}\n",
        "services:\n",
        "- services: {a: {image: nvidia}}\n",
        "x-services: {a: {image: nvidia}}\n",
        "services: nvidia\n",
    ],
)
def test_what_is_no_compose_file(text: str) -> None:
    assert not recognise(Source("docker-compose.yml", text.encode()))
    assert recognised(Source("docker-compose.yml", text.encode())) is not FORMAT


def test_a_file_without_gpus_holds_no_job() -> None:
    text = valid("services:\n  gpu-docs:\n    image: nginx\n    ports: ['80:80']\n")
    assert recognised(Source("docker-compose.yml", text.encode())) is FORMAT
    assert documents_in("docker-compose.yml", text.encode()) == ()


WHOLE = """\
x-gpu: &gpu
  deploy:
    resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}
services:
  redis:
    image: redis
  llm:
    <<: *gpu
    image: vllm/vllm-openai:${TAG:-v0.11.0}
    command: >
      --model ${MODEL:-Qwen/Qwen3-8B}
      --max-model-len ${LENGTH:-8192} ${MORE:-}
      --port 9000
    environment:
      - HF_TOKEN
      - API_KEY=${API_KEY}
      - VLLM_LOGGING_LEVEL=DEBUG
      - OTHER=${SOMETHING}
    ports: ["8080:9000", "127.0.0.1:8081:9001", "9100-9101:9100-9101/udp"]
    expose: ["9002"]
    shm_size: 16gb
    restart: on-failure:3
    volumes:
      - ~/.cache/huggingface:/root/.cache/huggingface
      - {type: tmpfs, target: /scratch}
      - ${FOLDER}:/models:ro
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:9000/health"]
      interval: 10s
      retries: 6
      start_period: 1m30s
    deploy:
      resources: {reservations: {devices: [{driver: nvidia, device_ids: ["1"], capabilities: [gpu]}]}}
      replicas: 2
"""


def test_what_a_service_says() -> None:
    (document,) = services(valid(WHOLE))
    assert (document.place, document.called, document.cannot_say) == ("/services/llm", "", frozenset())
    found = document.job
    assert found is not None
    assert (found.name, found.image, found.gpu_count) == ("llm", "vllm/vllm-openai:v0.11.0", 1)
    assert found.run == "vllm serve --model Qwen/Qwen3-8B --max-model-len 8192 --port 9000"
    assert dict(found.env) == {"VLLM_LOGGING_LEVEL": "DEBUG"}
    assert found.secrets == ("HF_TOKEN", "API_KEY")
    assert [(port.port, port.public) for port in found.ports] == [(9000, True), (9001, False), (9002, False)]
    assert found.scaling is not None
    assert found.scaling.replicas == (2, 2)
    assert found.readiness is not None
    assert found.readiness.command == ("curl", "-f", "http://localhost:9000/health")
    assert (found.readiness.timeout, found.readiness.interval) == (90 + 6 * 10, 10)
    deployed = found.deployment
    assert deployed is not None
    assert (deployed.shm_gb, deployed.restarts, deployed.retries) == (16, "on-failure", 3)
    assert deployed.gpu_devices == ("1",)
    assert [(mount.path, mount.lasts, mount.source) for mount in deployed.mounts] == [
        ("/root/.cache/huggingface", True, "~/.cache/huggingface"),
        ("/scratch", False, None),
        ("/models", True, None),
    ]


def test_every_value_stands_on_its_own_line() -> None:
    (document,) = services(WHOLE)
    found, tree = document.job, document.tree
    assert found is not None

    def line(pointer: str) -> int:
        return tree.position(tree.span(pointer).start)[0]

    (step,) = read_steps(found)
    words = ("--model Qwen/Qwen3-8B", "Qwen/Qwen3-8B", "--max-model-len 8192", "8192", "--port 9000")
    assert [line(step.pointer_of(word)) for word in words] == [11, 11, 12, 12, 13]
    assert tree.text[slice(*tree.span(step.pointer_of("8192")))] == "8192"
    fields = (
        "image",
        "gpu_count",
        "env.VLLM_LOGGING_LEVEL",
        "secrets",
        "ports",
        "readiness.interval",
        "scaling",
    )
    assert [line(found.pointer(field)) for field in fields] == [9, 33, 17, 15, 19, 29, 34]


def test_what_a_variable_says_stands_there() -> None:
    text = (
        "services:\n  x:\n    image: ghcr.io/huggingface/text-embeddings-inference:1.5\n    gpus: all\n"
        "    environment:\n      - PORT=80\n      - MODEL_ID=BAAI/bge-m3\n"
    )
    (document,) = services(valid(text))
    work = Case(document, on_disk=False).workload
    assert (work.model_name, work.origins["model_name"].pointer) == (
        "BAAI/bge-m3",
        "/services/x/environment/1",
    )


def test_an_override_says_only_a_part() -> None:
    device = "{driver: nvidia, count: 1, capabilities: [gpu]}"
    text = f"services:\n  x:\n    deploy: {{resources: {{reservations: {{devices: [{device}]}}}}}}\n"
    (document,) = services(valid(text))
    assert not document.can_say("readiness")
    built = services(valid(text + "    build: .\n"))[0]
    assert built.can_say("readiness")
    assert not built.can_say("gpu_types")
    assert built.job is not None
    assert built.job.run is None


def test_what_listens_is_a_server_and_what_waits_at_a_terminal_interactive() -> None:
    start = "services:\n  x:\n    build: .\n    gpus: all\n"
    assert job(start + "    ports: ['8000:8000']\n").usual_task == "serve"
    assert job(start + "    ports: ['8000:8000']\n    stdin_open: true\n").usual_task == "interactive"
    assert job(start + "    ports: ['8888:8888', '6006:6006']\n").usual_task is None  # notebooks, TensorBoard
    assert job(start).usual_task is None


def test_the_host_s_shared_memory_has_no_limit() -> None:
    found = job("services:\n  x:\n    image: x\n    gpus: all\n    ipc: host\n    scale: 0\n")
    assert found.deployment is not None
    assert found.deployment.shm_gb == math.inf
    assert found.deployment.suspended


BASE = """\
services:
  base:
    image: vllm/vllm-openai
    environment: {A: "1", B: "1"}
    ports: ["8000:8000"]
    command: --model Qwen/Qwen3-8B
"""
EXTENDS = """\
services:
  one:
    extends: {file: parts/base.yaml, service: base}
    environment: [B=2]
    ports: ["8001:8001"]
    gpus: all
  two:
    extends: one
    env_file: [settings.env]
    command: --model ${MODEL} --max-model-len ${LENGTH} --api-key ${API_KEY}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "base.yaml").write_text(valid(BASE))
    (tmp_path / "compose.yaml").write_text(valid(EXTENDS))
    (tmp_path / ".env").write_text("MODEL=Qwen/Qwen3-4B # the small one\nAPI_KEY=abc\n")
    (tmp_path / "settings.env").write_text("C='3'\nHF_TOKEN=secret\n")
    return tmp_path


def test_what_stands_beside_the_file_is_read(folder: Path) -> None:
    one, two = documents_in(str(folder / "compose.yaml"), EXTENDS.encode())
    assert one.job is not None
    assert two.job is not None
    assert one.job.run == "vllm serve --model Qwen/Qwen3-8B"
    assert dict(one.job.env) == {"A": "1", "B": "2"}
    assert [port.port for port in one.job.ports] == [8000, 8001]
    assert one.job.pointer("image") == "/services/one/extends"  # the other file is not this one
    assert two.job.run == ("vllm serve --model Qwen/Qwen3-4B --max-model-len ${LENGTH} --api-key ${API_KEY}")
    assert dict(two.job.env) == {"A": "1", "B": "2", "C": "3"}
    assert two.job.secrets == ("HF_TOKEN",)
    assert (two.job.gpu_count, two.can_say("readiness")) == (None, True)


def test_nothing_is_read_beside_text_that_lies_in_no_file(folder: Path) -> None:
    one, two = services(EXTENDS, on_disk=False)
    assert not one.can_say("readiness")
    assert two.job is not None
    assert two.job.run == "--model ${MODEL} --max-model-len ${LENGTH} --api-key ${API_KEY}"


def test_nothing_outside_the_folder_is_read(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "link.env").symlink_to(folder / "settings.env")
    text = "services:\n  x:\n    image: x\n    gpus: all\n    env_file: [../settings.env, link.env, /etc/hostname]\n"
    (document,) = documents_in(str(inner / "compose.yaml"), text.encode())
    assert document.job is not None
    assert (dict(document.job.env), document.job.secrets) == ({}, ())


def test_services_that_extend_each_other_end() -> None:
    text = "services:\n  a: {extends: b, image: x, gpus: all}\n  b: {extends: a, image: x, gpus: all}\n"
    assert len(services(text)) == 2


@pytest.mark.parametrize(
    "service",
    [
        "{gpus: [1, null, [x]], image: [x], command: {a: b}, entrypoint: 3, environment: 7, ports: {a: 1}}",
        "{gpus: all, image: 1.5, command: [[a, [b]], {c: d}, null, 8000, true], env_file: [{path: [x]}, 3]}",
        "{gpus: all, extends: [x], healthcheck: [x], volumes: [[a], {target: 3}, 7, ':'], deploy: [x]}",
        "{gpus: all, deploy: {replicas: 1e400, resources: 3}, shm_size: 9e9, restart: [x], scale: -1, tmpfs: {a: b}}",
        "{gpus: [{count: 99999999999999999999}], image: '${', command: '${A:-${B', extends: {service: [x]}}",
        "{deploy: {resources: {reservations: {devices: {a: b}, generic_resources: [3]}}}, image: x, devices: 3}",
        "{gpus: all, healthcheck: {test: {a: b}, interval: 3, retries: x, start_period: 1h1x}, expose: [[1]]}",
        "{runtime: nvidia, environment: [3, null, '=x', 'A B=c', [x]], ports: ['::', '${A}:${B}', 99999, {a: x}]}",
    ],
)
def test_wrong_types_break_nothing(service: str) -> None:
    for document in services(f"services:\n  x: {service}\n"):
        assert document.job is not None
        read_steps(document.job)
